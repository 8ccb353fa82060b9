"""Commands that show tasks: list, show, log."""

import json
import sys
import time
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table
from rich.text import Text

from ffmate_desktop.bootstrap.cluster import open_cluster
from ffmate_desktop.cli.context import Context, context_of
from ffmate_desktop.cli.numbers import number_option
from ffmate_desktop.cli.selectors import Conditions, with_conditions
from ffmate_desktop.cli.table import Cell, Fit, TableColumn
from ffmate_desktop.cli.text import ago, colored_status, format_duration, format_size, moment, printable
from ffmate_desktop.db.connection.codecs import milliseconds
from ffmate_desktop.domain.task import Task
from ffmate_desktop.services.tasks import TaskService

app = typer.Typer(help="Tasks in the queue: waiting, running and done.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Uuids = Annotated[list[str], typer.Argument(metavar="UUID", help="The first characters are enough.")]


@app.command("list")
@with_conditions
def list_tasks(
    typer_context: typer.Context,
    where: Conditions,
    limit: Annotated[int, number_option("--limit", "N", "How many to show at most; 0 shows all.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List tasks, newest first."""
    context = context_of(typer_context)
    context.run(_list(context, where, limit or None, as_json))


async def _list(context: Context, where: Conditions, limit: int | None, as_json: bool) -> None:
    async with open_cluster(context.settings) as cluster:
        pages = cluster.tasks.pages(await where.selection(cluster), limit=limit)
        if as_json:
            await context.print_json_array([task.to_json() for task in page] async for page in pages)
            return
        table = context.table(*_COLUMNS)
        found = False
        async for page in pages:
            found = True
            now = time.time()
            table.write(_row(task, now) for task in page)
    if not found and where:
        context.console.print("No task meets these conditions.")
    elif not found:
        context.console.print("No tasks. To queue some: ffmate-desktop submit --preset NAME FILES")


_COLUMNS = (
    TableColumn("UUID"),
    TableColumn("NAME", Fit.CUT),
    TableColumn("STATUS"),
    TableColumn("%", right=True),
    TableColumn("LEFT", right=True),
    TableColumn("NODE"),
    TableColumn("PRESET", Fit.CUT),
    TableColumn("AGE", right=True),
)


def _row(task: Task, now: float) -> Sequence[Cell]:
    return (
        str(task.uuid)[:8],
        task.name,
        colored_status(task),
        f"{task.progress:.0f}",
        format_duration(task.remaining) if task.remaining >= 0 and task.status.is_active else "",
        task.client.identifier if task.client else "",
        task.preset.name if task.preset else "",
        ago(now - task.created_at / 1000).removesuffix(" ago"),
    )


@app.command("show")
def show(typer_context: typer.Context, uuids: Uuids, as_json: AsJson = False) -> None:
    """Show everything about a task."""
    context = context_of(typer_context)
    context.run(_show(context, uuids, as_json))


async def _show(context: Context, beginnings: list[str], as_json: bool) -> None:
    async with open_cluster(context.settings) as cluster:
        tasks = await cluster.tasks.get(await resolve(cluster.tasks, beginnings))
    if as_json:
        data = [task.to_json() for task in tasks]
        context.print_json(data[0] if len(beginnings) == 1 else data)
        return
    for task in tasks:
        context.print_table(_sheet(task))


def _sheet(task: Task) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(overflow="fold")
    took = (task.finished_at or int(time.time() * 1000)) - (task.started_at or 0)
    rows: list[tuple[str, str | Text | None]] = [
        ("UUID", str(task.uuid)),
        ("Name", printable(task.name)),
        ("Status", colored_status(task)),
        ("Progress", f"{task.progress:.1f} %" + (f", {task.phase}" if task.phase else "")),
        ("Speed", f"{task.speed:.2f}x, {task.fps or 0:.1f} frames per second" if task.speed else None),
        ("Remaining", format_duration(task.remaining) if task.remaining > 0 else None),
        (
            "Took" if task.status.is_done else "So far",
            format_duration(took / 1000) if task.started_at else None,
        ),
        ("Node", task.client.identifier if task.client else None),
        ("Input", printable(task.input_file.resolved or task.input_file.raw)),
        ("Output", printable(task.output_file.resolved or task.output_file.raw)),
        ("Size", format_size(task.size) if task.size is not None else None),
        ("Preset", task.preset.name if task.preset else None),
        ("Command", printable(task.command.resolved or task.command.raw)),
        *_scripts(task),
        ("Priority", str(task.priority)),
        ("Labels", " ".join(task.labels) or None),
        ("Batch", str(task.batch) if task.batch else None),
        ("Attempts", str(task.attempts)),
        ("Metadata", printable(json.dumps(task.metadata, ensure_ascii=False)) if task.metadata else None),
        ("Queued at", moment(task.created_at)),
        ("Started at", moment(task.started_at) if task.started_at else None),
        ("Finished at", moment(task.finished_at) if task.finished_at else None),
        ("Error", Text(task.error, "red") if task.error else None),
        ("Unreadable", Text(printable(task.unreadable), "yellow") if task.unreadable else None),
    ]
    for label, value in rows:
        if value is not None:
            grid.add_row(Text(label, "bold"), value if isinstance(value, Text) else Text(value))
    return grid


def _scripts(task: Task) -> list[tuple[str, str | None]]:
    rows: list[tuple[str, str | None]] = []
    for word, script in (("Before", task.pre_processing), ("After", task.post_processing)):
        for name, value in (
            ("script", script and script.script_path),
            ("sidecar", script and script.sidecar_path),
        ):
            rows.append((f"{word}: {name}", printable(value.resolved or value.raw) if value else None))
    return rows


async def resolve(tasks: TaskService, beginnings: Sequence[str]) -> list[UUID]:
    """The tasks whose uuids begin with these characters."""
    return [await tasks.resolve(text) for text in beginnings]


@app.command("log")
def log(typer_context: typer.Context, uuids: Uuids, as_json: AsJson = False) -> None:
    """Show the log of a task: all attempts, ffmpeg and node."""
    context = context_of(typer_context)
    context.run(_log(context, uuids, as_json))


async def _log(context: Context, beginnings: list[str], as_json: bool) -> None:
    data = []
    async with open_cluster(context.settings) as cluster:
        for uuid in await resolve(cluster.tasks, beginnings):
            data.append((uuid, await cluster.tasks.log(uuid)))
    if as_json:
        context.print_json(
            [
                {
                    "uuid": str(uuid),
                    "epoch": chunk.epoch,
                    "at": milliseconds(chunk.at),
                    "line": line,
                }
                for uuid, chunks in data
                for chunk in chunks
                for line in chunk.lines.splitlines()
            ]
        )
        return
    for _uuid_of, chunks in data:
        several = len({chunk.epoch for chunk in chunks}) > 1
        for chunk in chunks:
            before = f"[{chunk.epoch}] " if several else ""
            sys.stdout.write("".join(f"{before}{printable(line)}\n" for line in chunk.lines.splitlines()))
