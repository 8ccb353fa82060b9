"""Printing to the terminal without control characters.

Names come from a database that others write to. Everything that commands print goes through here, through
`console.py`, `table.py` or `complaint.py`, but for JSON, which is exact and has escapes of its own.
`tests/cli/test_terminal.py` looks for prints that do not, and gives hostile names to every command.
"""

import typer

from ffmate_desktop.domain.plain_text import multi_line, one_line


def say(text: str, *, err: bool = False) -> None:
    """Print a line or more without a console."""
    typer.echo(multi_line(text, "?"), err=err)


def ask(question: str) -> bool:
    """Whether the user says yes; the question stands on stderr."""
    return typer.confirm(one_line(question, "?"), err=True)
