"""Warns that webhooks are stored but not sent yet."""

from collections.abc import Iterable, Sequence

from ffmate_desktop.cli.terminal import say
from ffmate_desktop.domain.processing import DirectWebhook


def warn_of_webhooks(taken: Iterable[Sequence[DirectWebhook] | None]) -> None:
    """Warn on stderr if there are webhooks."""
    if any(taken):
        say("Webhooks are stored, but this version doesn't send them yet.", err=True)
