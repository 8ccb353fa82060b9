"""Commands for whole batches."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from ffmate_desktop.bootstrap.cluster import open_cluster
from ffmate_desktop.cli.context import Context, context_of
from ffmate_desktop.cli.counter import Counter
from ffmate_desktop.cli.numbers import number_option
from ffmate_desktop.cli.selectors import in_use, tasks_in_words
from ffmate_desktop.cli.table import Cell, Fit, TableColumn
from ffmate_desktop.cli.text import format_duration, moment
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.queue import BatchGroup
from ffmate_desktop.domain.selection import TaskSelection
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.services.bulk import TaskAction

app = typer.Typer(help="Groups of tasks that were submitted together.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
OneUuid = Annotated[str, typer.Argument(metavar="UUID", help="The first characters are enough.")]


@app.command("list")
def list_batches(
    typer_context: typer.Context,
    limit: Annotated[int, number_option("--limit", "N", "How many to show at most; 0 shows all.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List batches, newest first."""
    context = context_of(typer_context)
    context.run(_list(context, limit or None, as_json))


async def _list(context: Context, limit: int | None, as_json: bool) -> None:
    async with open_cluster(context.settings) as cluster:
        pages = cluster.batches.pages(limit)
        if as_json:
            await context.print_json_array(
                [batch.to_json() for batch in await cluster.batches.details(page)] async for page in pages
            )
            return
        table = context.table(*_COLUMNS)
        found = False
        async for page in pages:
            found = True
            table.write(_row(group) for group in page)
    if not found:
        context.console.print("No batches. Files that you submit together become one.")


_COLUMNS = (
    TableColumn("UUID"),
    TableColumn("FIRST TASK", Fit.FOLD),
    TableColumn("TASKS", right=True),
    TableColumn("DONE", right=True),
    TableColumn("FAILED", right=True),
    TableColumn("%", right=True),
)


def _row(group: BatchGroup) -> Sequence[Cell]:
    by_status = group.state.by_status
    return (
        str(group.state.uuid)[:8],
        group.name,
        str(group.state.total),
        str(sum(count for status, count in by_status.items() if status.is_done)),
        str(by_status.get(TaskStatus.DONE_ERROR, 0)),
        f"{group.state.progress:.0f}",
    )


@app.command("show")
def show(typer_context: typer.Context, uuid: OneUuid, as_json: AsJson = False) -> None:
    """Show the progress of a batch."""
    context = context_of(typer_context)
    context.run(_show(context, uuid, as_json))


async def _show(context: Context, beginning: str, as_json: bool) -> None:
    async with open_cluster(context.settings) as cluster:
        batch = await cluster.batches.get(await cluster.batches.resolve(beginning))
    if as_json:
        context.print_json(batch.to_json())
        return
    left = "unknown" if batch.remaining is None else format_duration(batch.remaining)
    counts = ", ".join(f"{count} {status.value}" for status, count in batch.state.by_status.items())
    grid = Table.grid(padding=(0, 2))
    for label, value in (
        ("UUID", str(batch.uuid)),
        ("Tasks", f"{batch.state.total}: {counts}"),
        ("Progress", f"{batch.state.progress:.1f} %"),
        ("Remaining", "" if batch.finished else left),
        ("Queued at", moment(batch.created)),
        ("Finished at", moment(batch.finished) if batch.finished else ""),
    ):
        if value:
            grid.add_row(Text(label, "bold"), Text(value))
    context.print_table(grid)


@app.command("cancel")
def cancel(typer_context: typer.Context, uuid: OneUuid, as_json: AsJson = False) -> None:
    """Cancel all unfinished tasks of a batch."""
    _command(context_of(typer_context), uuid, TaskAction.CANCEL, as_json)


@app.command("restart")
def restart(
    typer_context: typer.Context,
    uuid: OneUuid,
    failed: Annotated[bool, typer.Option("--failed", help="Only failed tasks.")] = False,
    as_json: AsJson = False,
) -> None:
    """Queue all finished tasks of a batch again."""
    _command(context_of(typer_context), uuid, TaskAction.RESTART, as_json, failed=failed)


def _command(
    context: Context, beginning: str, action: TaskAction, as_json: bool, *, failed: bool = False
) -> None:
    context.run(_perform(context, beginning, action, as_json, failed))


async def _perform(context: Context, beginning: str, action: TaskAction, as_json: bool, failed: bool) -> None:
    async with open_cluster(context.settings) as cluster:
        uuid = await cluster.batches.resolve(beginning)
        only = (TaskStatus.DONE_ERROR,) if failed else ()
        selected = await cluster.bulk.select(TaskSelection(batch=uuid, statuses=only))
        with Counter(selected.total) as counter:
            result = await cluster.bulk.perform(selected, action, on_progress=counter)
        batch = await cluster.batches.get(uuid)
    if as_json:
        context.print_json(batch.to_json())
    elif result.changed:
        done_words = "cancelled" if action is TaskAction.CANCEL else "queued again"
        context.console.print(f"{result.changed} of {tasks_in_words(batch.state.total)} {done_words}")
    if result.in_use:
        raise UserError(in_use(result.in_use))
    if not result.changed:
        which = "is unfinished" if action is TaskAction.CANCEL else "has failed" if failed else "is done yet"
        raise UserError(f"No task of batch {str(uuid)[:8]} {which}.")
