"""`tasks edit`: changes priority, labels, preset or name of waiting tasks."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Annotated
from uuid import UUID

import typer

from ffmate_desktop.bootstrap.cluster import open_cluster
from ffmate_desktop.cli.context import Context, context_of
from ffmate_desktop.cli.counter import Counter
from ffmate_desktop.cli.numbers import number_option
from ffmate_desktop.cli.selectors import (
    Conditions,
    DryRunOption,
    OfBatch,
    OlderThan,
    in_words,
    tasks_in_words,
)
from ffmate_desktop.cli.task_actions import SomeUuids
from ffmate_desktop.cli.tasks import AsJson, app, resolve
from ffmate_desktop.cli.text import printable
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.labels import LabelChange, check_labels
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.services.bulk_edits import MAX_EXAMPLES, BulkEdit, BulkEditResult
from ffmate_desktop.services.cluster_services import ClusterServices

__all__ = ["app"]


@app.command("edit")
def edit(
    typer_context: typer.Context,
    uuids: SomeUuids = None,
    priority: Annotated[int | None, number_option("--priority", "N", "Higher numbers run first.")] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(
            "--label", metavar="NAME", help="Replace the labels; an empty NAME removes all. Repeatable."
        ),
    ] = None,
    add_label: Annotated[
        list[str] | None, typer.Option("--add-label", metavar="NAME", help="Add a label. Repeatable.")
    ] = None,
    remove_label: Annotated[
        list[str] | None, typer.Option("--remove-label", metavar="NAME", help="Remove a label. Repeatable.")
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            "--preset", metavar="NAME", help="New preset, with its command, output, labels and scripts."
        ),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="New name.")] = None,
    batch: OfBatch = None,
    older_than: OlderThan = None,
    from_preset: Annotated[
        list[str] | None,
        typer.Option("--from-preset", metavar="NAME", help="Tasks created from this preset. Repeatable."),
    ] = None,
    dry_run: DryRunOption = False,
    as_json: AsJson = False,
) -> None:
    """Change waiting tasks, by UUID or by conditions."""
    where = Conditions(batch=batch, older_than=older_than, preset=from_preset, preset_option="--from-preset")
    if bool(uuids) == bool(where):
        raise UsageError(
            "Name tasks, or use conditions such as --batch.",
            "`ffmate-desktop tasks edit --help` shows them.",
        )
    if uuids and dry_run:
        raise UsageError("--dry-run needs conditions.", "The tasks are named, so there is nothing to count.")
    if name is not None and not name.strip():
        raise UsageError("A task needs a name.")
    if preset is not None and remove_label:
        raise UsageError("A new preset brings its own labels.", "Leave out --remove-label, or --preset.")
    labels = LabelChange(
        None if label is None else _words(label), add=_words(add_label), remove=_words(remove_label)
    )
    change = BulkEdit(priority, labels, name=name)
    if not change and preset is None:
        raise UsageError("What should be changed?", "`ffmate-desktop tasks edit --help` shows the options.")
    context = context_of(typer_context)
    if uuids:
        context.run(_edit_each(context, uuids, change, preset, as_json))
    else:
        context.run(_edit_all(context, where, change, preset, dry_run, as_json))


def _words(labels: Sequence[str] | None) -> tuple[str, ...]:
    return check_labels(word for text in labels or () for word in text.replace(",", " ").split())


async def _with_preset(cluster: ClusterServices, change: BulkEdit, preset: str | None) -> BulkEdit:
    found = None if preset is None else (await cluster.presets.find(preset)).uuid
    return BulkEdit(change.priority, change.labels, found, change.name)


async def _edit_each(
    context: Context, beginnings: Sequence[str], change: BulkEdit, preset: str | None, as_json: bool
) -> None:
    async with open_cluster(context.settings) as cluster:
        uuids = await resolve(cluster.tasks, beginnings)
        edited = await cluster.bulk_edits.edit(uuids, await _with_preset(cluster, change, preset))
        tasks = await cluster.tasks.get(uuids) if as_json else []
    if as_json:
        context.print_json([task.to_json() for task in tasks])
    for uuid in () if as_json else uuids:
        if uuid in edited.changed:
            context.console.print(f"{uuid} changed")
    _complain(edited.refused, len(edited.refused))


async def _edit_all(
    context: Context,
    where: Conditions,
    change: BulkEdit,
    preset: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    async with open_cluster(context.settings) as cluster:
        full_change = await _with_preset(cluster, change, preset)
        selected = await cluster.bulk.select(await where.selection(cluster, (TaskStatus.QUEUED,)))
        await where.check_presets(cluster, selected)
        edited = BulkEditResult()
        if not dry_run:
            with Counter(selected.total) as counter:
                edited = await cluster.bulk_edits.edit_all(selected, full_change, on_progress=counter)
    if as_json:
        context.print_json({"matched": selected.total, "changed": edited.changed})
    elif dry_run:
        context.console.print(f"{in_words(selected)} would be changed. Nothing was changed.")
    elif selected.total:
        context.console.print(f"{edited.changed} of {tasks_in_words(selected.total)} changed")
    else:
        context.console.print("No waiting task meets these conditions.")
    _complain(edited.examples, edited.refused)


def _complain(examples: Mapping[UUID, str], refused: int) -> None:
    """Raises UserError for tasks that weren't changed: the first ones with the reason."""
    reasons = [f"{str(uuid)[:8]}: {why}" for uuid, why in islice(examples.items(), MAX_EXAMPLES)]
    if refused > len(reasons):
        reasons.append(f"{tasks_in_words(refused - len(reasons))} more couldn't be changed.")
    if reasons:
        raise UserError(printable(" ".join(reasons)))
