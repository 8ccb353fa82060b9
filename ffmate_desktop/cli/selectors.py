"""Options that select tasks by conditions, shared by all commands for tasks."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Annotated
from uuid import UUID

import typer

from ffmate_desktop.cli.signatures import expand_parameter
from ffmate_desktop.domain.counts import counted
from ffmate_desktop.domain.durations import parse_duration
from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.selection import SelectedTasks, TaskSelection
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.services.cluster_services import ClusterServices
from ffmate_desktop.services.presets import PresetNotFoundError

STATUSES = tuple(status for status in TaskStatus if status is not TaskStatus.UNKNOWN)
"""The statuses that people can select."""

OfBatch = Annotated[
    str | None, typer.Option("--batch", metavar="UUID", help="Tasks of this batch.", show_default=False)
]
OfStatus = Annotated[
    list[str] | None,
    typer.Option(
        "--status",
        metavar="STATUS",
        help=f"Tasks in this status: {', '.join(STATUSES)}. Repeatable.",
        show_default=False,
    ),
]
OlderThan = Annotated[
    str | None,
    typer.Option(
        "--older-than",
        metavar="TIME",
        help="Tasks that ended, or unfinished ones that were queued, longer ago: 30d, 12h, 90m.",
        show_default=False,
    ),
]
OfPreset = Annotated[
    list[str] | None,
    typer.Option(
        "--preset",
        metavar="NAME",
        help="Tasks created from this preset (name or UUID). Repeatable.",
        show_default=False,
    ),
]
OfNode = Annotated[
    list[str] | None,
    typer.Option(
        "--node",
        metavar="NAME",
        help="Tasks that this node runs, or was the last to run. Repeatable.",
        show_default=False,
    ),
]
WithLabel = Annotated[
    list[str] | None,
    typer.Option(
        "--label", metavar="NAME", help="Tasks that require this label. Repeatable.", show_default=False
    ),
]
Named = Annotated[
    list[str] | None,
    typer.Option(
        "--name",
        metavar="PATTERN",
        help="Tasks with this name, such as '*.mov'. Repeatable.",
        show_default=False,
    ),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only count the tasks. Nothing is changed.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask for confirmation.")]


class Conditions:
    """The values of these options, as typed. `selection` resolves them."""

    def __init__(
        self,
        *,
        batch: str | None = None,
        status: Sequence[str] | None = None,
        older_than: str | None = None,
        preset: Sequence[str] | None = None,
        node: Sequence[str] | None = None,
        label: Sequence[str] | None = None,
        name: Sequence[str] | None = None,
        preset_option: str = "--preset",
    ) -> None:
        words_of: dict[str, Sequence[str] | None] = {
            "--batch": None if batch is None else [batch],
            preset_option: preset,
            "--node": node,
            "--label": label,
            "--name": name,
        }
        # An empty value may come from an unset variable of a script, so it must not mean "any".
        for option, words in words_of.items():
            if any(not word.strip(" ,") for word in words or ()):
                raise UsageError(f"{option} needs a value.", "Leave it out to select all.")
        self._batch = batch
        self._presets = list(preset or ())
        self._selection = TaskSelection(
            statuses=tuple(_status(word) for word in status or ()),
            older_than=None if older_than is None else parse_duration(older_than),
            nodes=tuple(node or ()),
            labels=tuple(word for text in label or () for word in text.replace(",", " ").split()),
            names=tuple(name or ()),
        )

    def __bool__(self) -> bool:
        return bool(self._batch is not None or self._presets or self._selection)

    async def selection(self, cluster: ClusterServices, only: tuple[TaskStatus, ...] = ()) -> TaskSelection:
        """The selection, with the uuids of batch and presets. Raises UserError if the batch doesn't exist.

        `only` are the statuses that the command applies to; an option overrides them.
        """
        batch = None if self._batch is None else await cluster.batches.resolve(self._batch)
        words = list(self._presets)
        for word in self._presets:
            with contextlib.suppress(PresetNotFoundError):  # deleted; its tasks still have the name
                words.append(str((await cluster.presets.find(word)).uuid))
        chosen = self._selection
        return TaskSelection(
            batch,
            chosen.statuses or only,
            chosen.older_than,
            tuple(words),
            chosen.nodes,
            chosen.labels,
            chosen.names,
        )

    async def check_presets(self, cluster: ClusterServices, selected: SelectedTasks) -> None:
        """Call it when nothing was found: raises UserError if a preset doesn't exist."""
        if not selected.total:
            for word in self._presets:
                await cluster.presets.find(word)


_OPTIONS = {
    "batch": OfBatch,
    "status": OfStatus,
    "older_than": OlderThan,
    "preset": OfPreset,
    "node": OfNode,
    "label": WithLabel,
    "name": Named,
}


def with_conditions(command: Callable[..., None]) -> Callable[..., None]:
    """Replace the parameter `where` of a command, its Conditions, with the options above."""
    return expand_parameter(command, "where", _OPTIONS, Conditions)


def _status(word: str) -> TaskStatus:
    for status in STATUSES:
        if status == word.upper():
            return status
    raise UsageError(f"“{word}” isn't a status.", f"Statuses: {', '.join(STATUSES)}.")


def in_words(selected: SelectedTasks) -> str:
    """`3 tasks (2 DONE_ERROR, 1 QUEUED)`."""
    total = tasks_in_words(selected.total)
    order = list(TaskStatus)
    counts = sorted(selected.by_status.items(), key=lambda item: order.index(item[0]))
    return f"{total} ({', '.join(f'{count} {status}' for status, count in counts)})" if counts else total


def tasks_in_words(count: int) -> str:
    """`1 task`, `2 tasks`."""
    return counted(count, "task")


def in_use(uuids: Sequence[UUID]) -> str:
    """Why these tasks were not restarted."""
    examples = ", ".join(str(uuid)[:8] for uuid in uuids[:5]) + (", …" if len(uuids) > 5 else "")
    verb = "writes" if len(uuids) == 1 else "write"
    return (
        f"{tasks_in_words(len(uuids))} ({examples}) {verb} to the same output as another unfinished task."
        " Wait for that task, then restart."
    )
