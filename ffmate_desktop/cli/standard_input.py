"""Reads standard input where a command got `-` as a file."""

import sys

from ffmate_desktop.cli.terminal import say
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.wrong_data import READ_ERRORS, read_error_text

NAME = "Standard input"


def read_standard_input() -> str:
    """All of its text; at a terminal, shows a hint first. Raises UserError."""
    if sys.stdin is None:  # a program that Windows starts without a console
        raise UserError("This program has no standard input.", "Name a file instead of -.")
    if sys.stdin.isatty():
        end = "Ctrl+Z, then Enter," if sys.platform == "win32" else "Ctrl+D"
        say(f"Type or paste JSON; {end} ends the input.", err=True)
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except READ_ERRORS as error:
        raise UserError(f"{NAME} can't be read: {read_error_text(error)}.") from error
