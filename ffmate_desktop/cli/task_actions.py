"""The commands that act on tasks and say what became of each: cancel, pause, resume, restart, delete."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import typer

from ffmate_desktop import bootstrap
from ffmate_desktop.cli.context import Context, context_of
from ffmate_desktop.cli.tasks import AsJson, app, resolve
from ffmate_desktop.cli.text import printable
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.task import Task
from ffmate_desktop.services.tasks import TaskService

SomeUuids = Annotated[
    list[str] | None, typer.Argument(metavar="UUID", help="A unique beginning is enough.", show_default=False)
]
OfBatch = Annotated[
    str | None,
    typer.Option(
        "--batch",
        metavar="UUID",
        help="All tasks of this batch.",
        show_default=False,
    ),
]


@dataclass(frozen=True, slots=True)
class _Action:
    """What a command does to tasks, and its words for those it changed and for those it could not change."""

    do: Callable[[TaskService], Callable[[Sequence[UUID]], Awaitable[set[UUID]]]]
    done: str
    refused: str
    may: Callable[[Sequence[Task]], bool] = lambda _tasks: True
    """Asked before anything is changed."""


def _command(name: str, action: _Action, help_text: str) -> None:
    """One of the commands that take uuids and say what became of each."""

    def run(
        typer_context: typer.Context,
        uuids: SomeUuids = None,
        batch: OfBatch = None,
        as_json: AsJson = False,
    ) -> None:
        _perform(context_of(typer_context), uuids, batch, action, as_json)

    run.__doc__ = help_text
    app.command(name)(run)


def _perform(
    context: Context, uuids: list[str] | None, batch: str | None, action: _Action, as_json: bool
) -> None:
    if bool(uuids) == (batch is not None):
        raise UsageError("Name either tasks or a --batch.", "`ffmate-desktop tasks list` shows them.")
    context.run(_act(context, uuids or [], batch, action, as_json))


async def _act(
    context: Context, beginnings: list[str], batch: str | None, action: _Action, as_json: bool
) -> None:
    async with bootstrap.open_cluster(context.settings) as cluster:
        if batch is None:
            uuids = await resolve(cluster.tasks, beginnings)
        else:
            uuids = await cluster.batches.tasks(await cluster.batches.resolve(batch))
        before = await cluster.tasks.get(uuids)
        if not action.may(before):
            raise typer.Abort
        affected = await action.do(cluster.tasks)(uuids)
        after = await cluster.tasks.get(uuids) if as_json else []
    if as_json:
        fresh = {task.uuid: task for task in after}  # what was deleted is shown as it was
        context.print_json([fresh.get(task.uuid, task).to_json() for task in before])
    else:
        for uuid in uuids:
            if uuid in affected:
                context.console.print(f"{uuid} {action.done}")
    left = [str(uuid)[:8] for uuid in uuids if uuid not in affected]
    if left and (batch is None or not affected):  # of a batch, those that need it are meant
        raise UserError(f"{', '.join(left)}: {action.refused}")


_NOT_DONE = "already done, nothing to do."
_command(
    "cancel",
    _Action(lambda tasks: tasks.cancel, "cancelled", _NOT_DONE),
    "Cancel: kill ffmpeg, remove what it wrote.",
)
_command(
    "pause",
    _Action(lambda tasks: tasks.pause, "paused", _NOT_DONE),
    "Suspend a running task, hold a queued one.",
)
_command("resume", _Action(lambda tasks: tasks.resume, "goes on", _NOT_DONE), "Let a paused task go on.")
_command(
    "restart",
    _Action(lambda tasks: tasks.restart, "queued again", "not done yet, so it cannot be restarted."),
    "Queue a done task again, from a clean start.",
)


@app.command("delete")
def delete(
    typer_context: typer.Context,
    uuids: SomeUuids = None,
    batch: OfBatch = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask before running ones are ended.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Remove tasks and their logs; running ones are ended."""
    asks = not yes and sys.stdin.isatty() and sys.stderr.isatty()
    action = _Action(
        lambda tasks: tasks.delete,
        "deleted",
        "could not be deleted.",
        may=_may_delete if asks else lambda _tasks: True,
    )
    _perform(context_of(typer_context), uuids, batch, action, as_json)


def _may_delete(tasks: Sequence[Task]) -> bool:
    running = [task for task in tasks if task.status.is_active]
    if not running:
        return True
    what = f"“{printable(running[0].name)}” is" if len(running) == 1 else f"{len(running)} of these tasks are"
    return typer.confirm(f"{what} running: stop and delete?", err=True)
