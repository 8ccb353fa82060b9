"""News from the cluster: what changed, as far as a notification can tell. Rows are the truth, this is a hint."""

import json
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from ffmate_desktop.domain.status import Desired, LiveProgress

Kind = Literal["batch", "task", "node", "preset", "log", "watchfolder"]


@dataclass(frozen=True, slots=True)
class TaskChange:
    """One changed task, enough for a node to know whether it is concerned."""

    id: int
    version: int
    status: str
    phase: str
    desired: Desired
    node_id: int | None
    epoch: int
    priority: int


@dataclass(frozen=True, slots=True)
class TasksChanged:
    """Tasks were inserted, updated or deleted. `rows` is None when there were too many to name: ask again."""

    op: str
    rows: tuple[TaskChange, ...] | None
    queued: bool
    """Some of them are waiting for a node."""


@dataclass(frozen=True, slots=True)
class NodeChanged:
    """A node joined, was forgotten (state "gone"), or its state, slots, labels or pause changed."""

    id: int
    version: int
    state: str
    identifier: str
    slots: int | None = None
    paused: bool = False


@dataclass(frozen=True, slots=True)
class PresetsChanged:
    """Some preset was written or deleted."""


@dataclass(frozen=True, slots=True)
class WatchfolderChanged:
    """A watchfolder was made, edited or deleted, or a scan of it wrote something."""

    uuid: UUID


@dataclass(frozen=True, slots=True)
class ProgressNews:
    """Live progress of everything that one node runs; no row was written for it."""

    node_id: int
    tasks: tuple[LiveProgress, ...]


@dataclass(frozen=True, slots=True)
class LogsChanged:
    """Nodes logged the lines with these ids; ids of other nodes may lie between them."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class BatchFinished:
    """The last task of a batch has ended; told once for each time that the batch is worked through."""

    uuid: UUID


@dataclass(frozen=True, slots=True)
class AnythingChanged:
    """The connection was away: whatever is shown must be read again."""


Change = (
    TasksChanged
    | NodeChanged
    | PresetsChanged
    | WatchfolderChanged
    | ProgressNews
    | LogsChanged
    | BatchFinished
    | AnythingChanged
)


def progress_payload(node_id: int, tasks: list[LiveProgress]) -> str:
    """The notification that carries `ProgressNews`."""
    body = {"kind": "progress", "node": node_id, "tasks": [task.to_row() for task in tasks]}
    return json.dumps(body, separators=(",", ":"))


def parse(payload: str) -> Change | None:  # noqa: PLR0911 - one a kind
    """The change that a payload tells of, or None for a kind that a newer program sends."""
    news = json.loads(payload)
    match news["kind"]:
        case "task" if news.get("bulk"):
            return TasksChanged(news["op"], None, bool(news["queued"]))
        case "task":
            rows = tuple(TaskChange(*row) for row in news["rows"])
            return TasksChanged(news["op"], rows, any(row.status == "QUEUED" for row in rows))
        case "node":
            return NodeChanged(*news["rows"][0])
        case "batch":
            return BatchFinished(UUID(news["uuid"]))
        case "preset":
            return PresetsChanged()
        case "watchfolder":
            return WatchfolderChanged(UUID(news["uuid"]))
        case "log":
            return LogsChanged(news["first"], news["last"])
        case "progress":
            return ProgressNews(news["node"], tuple(LiveProgress.from_row(row) for row in news["tasks"]))
        case _:
            return None
