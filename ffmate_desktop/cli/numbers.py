"""Options that are numbers. The errors are our own sentences, the same for every version of typer."""

from typing import Any

import typer

from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.settings.kinds import LARGEST, Number


def number_option(
    name: str,
    metavar: str,
    help_text: str,
    *,
    least: float = 0,
    most: float = LARGEST,
    whole: bool = True,
) -> Any:
    """The option `name`, a number from `least` to `most`."""
    number = Number(least, most, is_whole=whole)

    def read(text: str) -> float:
        try:
            return number.read([text])
        except ValueError as error:
            raise UsageError(f"{name} {error}.") from error

    return typer.Option(name, metavar=metavar, help=help_text, parser=read)
