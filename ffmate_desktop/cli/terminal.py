"""Printing to the terminal without control characters.

Names come from a database that others write to. Commands print through this module, `console.py`, `table.py` or
`errors.py`, except for JSON, which is exact and has its own escapes. `tests/cli/test_terminal.py` looks for other
prints and tries hostile names with every command.
"""

import typer

from ffmate_desktop.domain.plain_text import multi_line, one_line


def say(text: str, *, err: bool = False) -> None:
    """Print one or more lines without a console."""
    typer.echo(multi_line(text, "?"), err=err)


def ask(question: str) -> bool:
    """Ask on stderr; returns whether the user says yes."""
    return typer.confirm(one_line(question, "?"), err=True)
