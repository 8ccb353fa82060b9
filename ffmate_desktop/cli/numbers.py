"""Options that are numbers: what is none, or out of range, gets a sentence of ours, whatever typer's release says."""

import math
from typing import Any

import typer

from ffmate_desktop.domain.errors import UsageError

LARGEST = 2**31 - 1
"""What a column for whole numbers can hold."""


def number_option(
    name: str,
    metavar: str,
    help_text: str,
    *,
    least: float = 0,
    most: float | None = None,
    whole: bool = True,
    environment: str | None = None,
) -> Any:
    """The option `name`, whose value lies from `least` to `most`, or to what the database can hold."""
    kind = "a whole number" if whole else "a number"
    limits = f", {least:g} or more" if most is None else f" from {least:.10g} to {most:.10g}"
    limit = LARGEST if most is None else most
    who = name if environment is None else f"{name} (or {environment})"

    def read(text: str) -> float:
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            value = math.nan
        if most is None and value > LARGEST:
            raise UsageError(f"{who} takes {LARGEST} at most, not “{text}”.")
        if not least <= value <= limit:
            raise UsageError(f"{who} takes {kind}{limits}, not “{text}”.")
        return value

    return typer.Option(name, metavar=metavar, help=help_text, parser=read, envvar=environment)
