"""Webhooks are kept, and nothing sends them: a command that takes some says so."""

from collections.abc import Iterable, Sequence

from ffmate_desktop.cli.terminal import say
from ffmate_desktop.domain.processing import DirectWebhook


def warn_of_webhooks(taken: Iterable[Sequence[DirectWebhook] | None]) -> None:
    """One line on stderr if there are any."""
    if any(taken):
        say("Nothing sends webhooks yet: they are kept, but no request is made.", err=True)
