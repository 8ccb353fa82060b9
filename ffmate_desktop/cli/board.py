"""Live progress of tasks: bars on a terminal, plain lines elsewhere."""

from collections.abc import AsyncIterator, Sequence
from typing import assert_never

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ffmate_desktop.cli.text import colored_status, format_duration, format_size, printable
from ffmate_desktop.domain.paths import pure_path
from ffmate_desktop.domain.task import Task, TaskStatus

BAR_WIDTH = 24


async def show_until_done(
    console: Console, states: AsyncIterator[list[Task]], *, quiet: bool = False
) -> list[Task]:
    """Show each state as it arrives; returns the last one."""
    if quiet:
        return await _last(states)
    return await (_show_bars(console, states) if console.is_terminal else _show_lines(console, states))


async def _last(states: AsyncIterator[list[Task]]) -> list[Task]:
    tasks: list[Task] = []
    async for tasks in states:  # noqa: B007 - only the last one counts
        pass
    return tasks


async def _show_lines(console: Console, states: AsyncIterator[list[Task]]) -> list[Task]:
    tasks: list[Task] = []
    printed: dict[int, str] = {}
    async for tasks in states:
        for task in tasks:
            if printed.get(task.id) != (words := line(task)):
                printed[task.id] = words
                console.print(words, markup=False, soft_wrap=True)
    return tasks


def line(task: Task) -> str:
    """One line about the current state of a task. Its scripts count as running."""
    name, node = printable(task.name), task.client.identifier if task.client else "?"
    match task.status:
        case TaskStatus.QUEUED:
            return f"queued    {name}"
        case TaskStatus.PRE_PROCESSING | TaskStatus.RUNNING | TaskStatus.POST_PROCESSING:
            return f"running   {name} on {node}"
        case TaskStatus.DONE_SUCCESSFUL:
            output = printable(task.output_file.resolved or "")
            facts = f" ({format_size(task.size)}, {_took(task)})" if task.size is not None else ""
            return f"done      {name} on {node}" + (f" → {output}{facts}" if output else "")
        case TaskStatus.DONE_ERROR:
            return f"failed    {name} on {node}: {_first_line(task.error)}"
        case TaskStatus.DONE_CANCELED:
            return f"skipped   {name}: {printable(task.error or '')}" if task.skipped else f"cancelled {name}"
        case TaskStatus.UNKNOWN:
            return f"{printable(task.status_word.lower()):<9} {name}"
        case _:
            assert_never(task.status)


def _first_line(error: str | None) -> str:
    return printable((error or "").partition("\n")[0])


def _took(task: Task) -> str:
    if task.started_at is None or task.finished_at is None:
        return ""
    return format_duration((task.finished_at - task.started_at) / 1000)


async def _show_bars(console: Console, states: AsyncIterator[list[Task]]) -> list[Task]:
    tasks: list[Task] = []
    try:
        with Live(console=console, auto_refresh=False, transient=True) as live:
            async for tasks in states:
                live.update(board(tasks, console.height - 3), refresh=True)
    finally:  # after Ctrl+C too: the last state stays on the screen
        if tasks:
            console.print(board(tasks, None))
    return tasks


def board(tasks: Sequence[Task], rows: int | None) -> RenderableType:
    """One row per task, at most `rows` (running ones first), and a line with totals."""
    shown = list(tasks)
    if rows is not None and len(shown) > rows:
        rank = {True: 0, False: 1}
        shown = sorted(shown, key=lambda task: (rank[task.status.is_active], task.status.is_done, task.id))[
            :rows
        ]
        shown.sort(key=lambda task: task.id)
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=36)
    table.add_column()  # on a narrow terminal the bar shrinks first, since a row must fit one line
    for _ in range(4):
        table.add_column(no_wrap=True, overflow="ellipsis")
    for task in shown:
        table.add_row(
            Text(printable(task.name)),
            ProgressBar(total=100, completed=task.progress, width=BAR_WIDTH),
            f"{task.progress:3.0f} %",
            colored_status(task),
            Text(task.client.identifier if task.client else "", "magenta"),
            Text(_figures(task), "dim"),
        )
    return Group(table, Text.from_markup(_summary(tasks)))


def _figures(task: Task) -> str:
    if task.status is TaskStatus.DONE_SUCCESSFUL:
        return f"{format_size(task.size)} in {_took(task)}" if task.size is not None else _took(task)
    if task.status is TaskStatus.DONE_ERROR:
        return _first_line(task.error)
    if not task.status.is_active:
        return ""
    parts = [f"{task.fps:.0f} fps" if task.fps else "", f"{task.speed:.1f}x" if task.speed else ""]
    parts.append(f"{format_duration(task.remaining)} left" if task.remaining >= 0 else "")
    return "  ".join(part for part in parts if part)


def _summary(tasks: Sequence[Task]) -> str:
    done = sum(task.status is TaskStatus.DONE_SUCCESSFUL for task in tasks)
    failed = sum(task.status is TaskStatus.DONE_ERROR for task in tasks)
    cancelled = sum(task.status is TaskStatus.DONE_CANCELED for task in tasks)
    running = sum(task.status.is_active for task in tasks)
    words = [f"[green]{done} done[/]"]
    words += [f"[cyan]{running} running[/]"] if running else []
    words += [f"[red]{failed} failed[/]"] if failed else []
    words += [f"[yellow]{cancelled} cancelled[/]"] if cancelled else []
    where = _output_folder(tasks) if not running and done else ""
    total = "1 task" if len(tasks) == 1 else f"{len(tasks)} tasks"
    return f"[bold]{total}[/]: " + ", ".join(words) + (f"  → {escape(where)}" if where else "")


def _output_folder(tasks: Sequence[Task]) -> str:
    """The folder of the outputs, if they share one."""
    paths = [task.output_file.resolved for task in tasks if task.status is TaskStatus.DONE_SUCCESSFUL]
    folders = {str(pure_path(path).parent) for path in paths if path}
    return printable(folders.pop()) if len(folders) == 1 else ""
