"""The output of the demo: a line per step, live progress, and an SVG of all of it."""

import io
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, RenderableType
from rich.text import Text

from ffmate_desktop.cli.board import board, show_until_done
from ffmate_desktop.cli.console import PlainConsole
from ffmate_desktop.cli.text import format_duration
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.task import Task

TITLE_WIDTH = 52
PICTURE_WIDTH = 112


@dataclass(slots=True)
class Step:
    """One step of the demo; `seconds` is set at its end."""

    seconds: float = 0.0


class Stage:
    """Prints to a console, and remembers the lines that stay."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: list[RenderableType] = []

    def show(self, *things: RenderableType) -> None:
        """Print each thing on a line of its own."""
        for thing in things:
            # in a file or a pipe, a sentence stays on one line
            self._console.print(thing, soft_wrap=isinstance(thing, Text) and not self._console.is_terminal)
            self._shown.append(thing)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Show a step that takes a while: animated on a terminal, with its duration at the end."""
        step, begin = Step(), time.monotonic()
        with self._console.status(f"{title} ..."):
            yield step
        step.seconds = time.monotonic() - begin
        mark = "ok" if self._console.options.ascii_only else "✓"
        self.show(
            Text.assemble(
                (f"{mark} ", "green"),
                f"{title:<{TITLE_WIDTH}}",
                (f"{format_duration(step.seconds):>7}", "dim"),
            )
        )

    async def follow(self, states: AsyncIterator[list[Task]]) -> list[Task]:
        """Show tasks until they are done; returns them."""
        tasks = await show_until_done(self._console, states)
        self._shown.append(board(tasks, None))
        return tasks

    def save_picture(self, path: Path) -> None:
        """Save the output as an SVG; raises UserError if the file can't be written."""
        recorder = PlainConsole(
            record=True,
            width=PICTURE_WIDTH,
            file=io.StringIO(),
            force_terminal=True,
            color_system="truecolor",
        )
        for thing in self._shown:
            recorder.print(thing)
        try:
            path.write_text(recorder.export_svg(title="ffmate-desktop demo"), encoding="utf-8")
        except OSError as error:
            raise UserError(f"Can't write the picture {path}: {error.strerror}.") from error
