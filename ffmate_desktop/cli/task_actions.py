"""Commands that act on tasks, by uuid or by conditions: cancel, pause, resume, restart, delete."""

import inspect
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from ffmate_desktop.bootstrap.cluster import open_cluster
from ffmate_desktop.cli.context import Context, context_of
from ffmate_desktop.cli.counter import Counter
from ffmate_desktop.cli.selectors import (
    Conditions,
    DryRunOption,
    Yes,
    in_use,
    in_words,
    tasks_in_words,
    with_conditions,
)
from ffmate_desktop.cli.signatures import set_parameters
from ffmate_desktop.cli.tasks import AsJson, app, resolve
from ffmate_desktop.cli.terminal import ask
from ffmate_desktop.cli.text import printable
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.selection import SelectedTasks
from ffmate_desktop.domain.task import Task
from ffmate_desktop.services.bulk import BulkResult, TaskAction
from ffmate_desktop.services.cluster_services import ClusterServices

SomeUuids = Annotated[
    list[str] | None,
    typer.Argument(metavar="UUID", help="The first characters are enough.", show_default=False),
]


@dataclass(frozen=True, slots=True)
class _Words:
    """Words for a task that was changed, and for one that couldn't be."""

    done: str
    refused: str


_NOT_DONE = "already done; nothing changed."
_WORDS = {
    TaskAction.CANCEL: _Words("cancelled", _NOT_DONE),
    TaskAction.PAUSE: _Words("paused", _NOT_DONE),
    TaskAction.RESUME: _Words("resumed", _NOT_DONE),
    TaskAction.RESTART: _Words("queued again", "isn't finished, so it can't be restarted."),
    TaskAction.DELETE: _Words("deleted", "couldn't be deleted."),
}


def _add(action: TaskAction, help_text: str, *, asks: bool = False) -> None:
    """Make a command that takes uuids or conditions. With `asks`, it asks on a terminal, unless --yes is used."""

    @with_conditions
    def run(
        typer_context: typer.Context,
        where: Conditions,
        uuids: SomeUuids = None,
        yes: Yes = False,
        dry_run: DryRunOption = False,
        as_json: AsJson = False,
    ) -> None:
        may_ask = asks and not yes and sys.stdin.isatty() and sys.stderr.isatty()
        context = context_of(typer_context)
        _perform(context, action, uuids, where, asks=may_ask, dry_run=dry_run, as_json=as_json)

    run.__doc__ = help_text
    if not asks:
        options = inspect.signature(run).parameters.values()
        set_parameters(run, [option for option in options if option.name != "yes"])
    app.command(action.value)(run)


def _perform(
    context: Context,
    action: TaskAction,
    uuids: list[str] | None,
    where: Conditions,
    *,
    asks: bool = False,
    dry_run: bool = False,
    as_json: bool = False,
) -> None:
    if bool(uuids) == bool(where):
        raise UsageError(
            "Name tasks, or use conditions such as --batch or --status.",
            f"`ffmate-desktop tasks {action} --help` shows them.",
        )
    if not uuids:
        context.run(_perform_on_all(context, action, where, asks=asks, dry_run=dry_run, as_json=as_json))
    elif dry_run:
        raise UsageError("--dry-run needs conditions.", "The tasks are named, so there is nothing to count.")
    else:
        context.run(_perform_on_each(context, action, uuids, asks=asks, as_json=as_json))


async def _perform_on_each(
    context: Context, action: TaskAction, beginnings: Sequence[str], *, asks: bool, as_json: bool
) -> None:
    async with open_cluster(context.settings) as cluster:
        uuids = await resolve(cluster.tasks, beginnings)
        before = await cluster.tasks.get(uuids)
        if asks and action is TaskAction.DELETE and not _may_delete(before):
            raise typer.Abort
        affected = await cluster.bulk.act(action)(uuids, None)
        after = await cluster.tasks.get(uuids) if as_json else []
    if as_json:
        current = {task.uuid: task for task in after}  # deleted tasks are shown as they were
        context.print_json([current.get(task.uuid, task).to_json() for task in before])
    else:
        for uuid in uuids:
            if uuid in affected:
                context.console.print(f"{uuid} {_WORDS[action].done}")
    left = [str(uuid)[:8] for uuid in uuids if uuid not in affected]
    if left:
        raise UserError(f"{', '.join(left)}: {_WORDS[action].refused}")


def _may_delete(tasks: Sequence[Task]) -> bool:
    running = [task for task in tasks if task.status.is_active]
    if not running:
        return True
    subject = (
        f"“{printable(running[0].name)}” is" if len(running) == 1 else f"{len(running)} of these tasks are"
    )
    return ask(f"{subject} running. Stop and delete?")


async def _perform_on_all(
    context: Context, action: TaskAction, where: Conditions, *, asks: bool, dry_run: bool, as_json: bool
) -> None:
    """Act on all tasks that meet the conditions; print how many in one line."""
    async with open_cluster(context.settings) as cluster:
        selected = await cluster.bulk.select(await where.selection(cluster))
        await where.check_presets(cluster, selected)
        applicable = _applicable(selected, action)
        if dry_run:
            _report_dry_run(context, applicable, action, as_json)
            return
        if asks and applicable.total and not ask(_question(applicable, action)):
            raise typer.Abort
        result = await _act(cluster, selected, action)
    if as_json:
        context.print_json({"matched": result.matched, "changed": result.changed})
    elif result.matched:
        context.console.print(f"{result.changed} of {tasks_in_words(result.matched)} {_WORDS[action].done}")
    else:
        context.console.print("No task meets these conditions.")
    if result.in_use:
        raise UserError(in_use(result.in_use))


async def _act(cluster: ClusterServices, selected: SelectedTasks, action: TaskAction) -> BulkResult:
    with Counter(selected.total) as counter:
        return await cluster.bulk.perform(selected, action, on_progress=counter)


def _applicable(selected: SelectedTasks, action: TaskAction) -> SelectedTasks:
    """Those that the action would change."""
    counts = {status: count for status, count in selected.by_status.items() if status in action.applies_to}
    return SelectedTasks(selected.selection, selected.before, selected.newest, counts)


def _report_dry_run(context: Context, applicable: SelectedTasks, action: TaskAction, as_json: bool) -> None:
    if as_json:
        context.print_json({"matched": applicable.total, "changed": 0})
    else:
        context.console.print(f"{in_words(applicable)} would be {_WORDS[action].done}. Nothing was changed.")


def _question(applicable: SelectedTasks, action: TaskAction) -> str:
    return f"{'Delete' if action is TaskAction.DELETE else 'Cancel'} {in_words(applicable)}?"


_add(TaskAction.CANCEL, "Cancel tasks: stops ffmpeg and removes its unfinished output.", asks=True)
_add(TaskAction.PAUSE, "Pause tasks: suspends running ones, holds queued ones.")
_add(TaskAction.RESUME, "Resume paused tasks.")
_add(TaskAction.RESTART, "Queue finished tasks again. They start from the beginning.")
_add(TaskAction.DELETE, "Delete tasks and their logs. Running ones are stopped first.", asks=True)
