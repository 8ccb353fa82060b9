"""What every command needs: settings, a console, and one way to run and to report errors."""

import asyncio
import io
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from ffmate_desktop.db.connection.outages import CONNECTION_LOST, NoAnswerError, to_user_error
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.plain_text import escaped_json
from ffmate_desktop.settings.table import Settings

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from ffmate_desktop.cli.table import TableColumn, TableWriter

T = TypeVar("T")

_LOST: tuple[type[BaseException], ...] = (
    NoAnswerError,
    *(kind for kind in CONNECTION_LOST if kind is not TimeoutError),
)
"""During a command. Any other timeout would be a defect: a failed connection attempt has its own error."""


def _make_console() -> "Console":
    from ffmate_desktop.cli.console import PlainConsole  # noqa: PLC0415 - a node prints no tables

    return PlainConsole()


@dataclass(frozen=True)
class Context:
    """Passed from the root command to all others."""

    settings: Settings
    make_console: "Callable[[], Console]" = _make_console

    @cached_property
    def console(self) -> "Console":
        """Where to print."""
        return self.make_console()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a command's coroutine. Raises UserError when the connection to the database breaks."""
        _watch_children_without_threads()
        try:
            return asyncio.run(work)
        except UserError:  # it has its own sentence, though a node counts it as an outage
            raise
        except _LOST as error:
            raise to_user_error(error) from error

    def print_table(self, table: "Table") -> None:
        """As wide as the terminal. For other programs as wide as needed, so that no value is split."""
        if self.console.is_terminal:
            self.console.print(table)
            return
        from ffmate_desktop.cli.console import PlainConsole  # noqa: PLC0415 - as above

        wide = PlainConsole(file=io.StringIO(), width=_WIDE, color_system=None)
        with wide.capture() as captured:
            wide.print(table)
        lines = (line.rstrip() + "\n" for line in captured.get().splitlines())
        self.console.file.write("".join(lines))

    def table(self, *columns: "TableColumn") -> "TableWriter":
        """A table that prints its rows as they arrive."""
        from ffmate_desktop.cli.table import TableWriter  # noqa: PLC0415 - as above

        return TableWriter(self.console, *columns)

    async def print_json_array(self, pages: AsyncIterator[Iterable[object]]) -> None:
        """The same output as `print_json` of a list, with one page in memory."""
        between = "[\n  "
        async for page in pages:
            for item in page:
                sys.stdout.write(between + _json(item).replace("\n", "\n  "))
                between = ",\n  "
        sys.stdout.write("[]\n" if between.startswith("[") else "\n]\n")

    def print_json(self, data: object) -> None:
        """Print one JSON value, and nothing else, on stdout."""
        sys.stdout.write(_json(data) + "\n")


def _json(data: object) -> str:
    """JSON with escapes for characters that the stream can't encode, and for those that control a terminal."""
    is_utf8 = (sys.stdout.encoding or "utf-8").lower().replace("-", "") == "utf8"
    return escaped_json(json.dumps(data, indent=2, ensure_ascii=not is_utf8))


def _watch_children_without_threads() -> None:
    """Python 3.11 starts a thread for each process that it waits for. Newer versions ask the kernel, as here."""
    if sys.version_info < (3, 12) and sys.platform == "linux":
        try:
            os.close(os.pidfd_open(os.getpid()))
        except OSError:  # an old kernel, or a container that forbids this
            return
        asyncio.set_child_watcher(asyncio.PidfdChildWatcher())


_WIDE = 100_000


def context_of(typer_context: typer.Context) -> Context:
    """The Context that the root command made."""
    found = typer_context.find_object(Context)
    assert found is not None  # noqa: S101 - the root command always runs first
    return found
