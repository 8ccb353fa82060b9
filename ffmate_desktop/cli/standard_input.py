"""Data from standard input, where `-` stands for a file."""

import sys

from ffmate_desktop.cli.terminal import say
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.wrong_data import READ_ERRORS, read_error_text

NAME = "Standard input"


def read_standard_input() -> str:
    """All of it as text; a person at a terminal gets a hint. Raises UserError."""
    if sys.stdin is None:  # a program that Windows starts without a console
        raise UserError("There is no standard input.", "Name a file instead of -.")
    if sys.stdin.isatty():
        end = "Ctrl+Z, then Enter," if sys.platform == "win32" else "Ctrl+D"
        say(f"Reading JSON from this terminal; {end} ends it.", err=True)
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except READ_ERRORS as error:
        raise UserError(f"{NAME} cannot be read: {read_error_text(error)}.") from error
