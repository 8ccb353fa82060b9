"""What this program is."""

import typer

from ffmate_desktop import __version__


def version() -> None:
    """The version of this program."""
    typer.echo(f"ffmate-desktop {__version__}")
