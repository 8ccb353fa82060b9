"""`version`."""

from ffmate_desktop import __version__
from ffmate_desktop.cli.terminal import say


def version() -> None:
    """Show the version of this program."""
    say(f"ffmate-desktop {__version__}")
