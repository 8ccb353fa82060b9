"""Notifications: which rows have changed. Rows are the truth, a notification is only a hint to read them again.

Every role that can connect to the database can send notifications. So a change names rows but never carries their
contents: no status, no order, no version. The one exception is live progress, which is in no row while it is new;
views discard it after a few seconds.
"""

import json
from dataclasses import dataclass
from uuid import UUID

from ffmate_desktop.domain.status import LiveProgress

_MAX_ID = 2**63 - 1
"""The largest id a row can have."""

_MAX_SECONDS, _MAX_FPS = 1e9, 1e7
"""The largest seconds remaining and frames per second that are shown."""


@dataclass(frozen=True, slots=True)
class TasksChanged:
    """Tasks were inserted, updated or deleted. `ids` is None if there were too many to list."""

    ids: tuple[int, ...] | None
    queued: bool
    """Some of them may be waiting for a node."""
    deleted: bool


@dataclass(frozen=True, slots=True)
class NodeChanged:
    """A node joined, left or was removed, or its state, slots, labels or pause changed."""

    id: int


@dataclass(frozen=True, slots=True)
class PresetsChanged:
    """A preset was written or deleted."""


@dataclass(frozen=True, slots=True)
class WatchfolderChanged:
    """A watchfolder was created, edited or deleted, or a scan wrote to it."""

    uuid: UUID


@dataclass(frozen=True, slots=True)
class ProgressReported:
    """Live progress of all tasks on one node; no row was written for it."""

    node_id: int
    tasks: tuple[LiveProgress, ...]


@dataclass(frozen=True, slots=True)
class LogsChanged:
    """Nodes wrote log lines with ids in this range; not every id in it needs to exist."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class BatchFinished:
    """The last task of a batch has ended. Sent once each time the batch is completed."""

    uuid: UUID


@dataclass(frozen=True, slots=True)
class AnythingChanged:
    """The connection was lost, or a notification couldn't be read: read everything that is shown again."""


Change = (
    TasksChanged
    | NodeChanged
    | PresetsChanged
    | WatchfolderChanged
    | ProgressReported
    | LogsChanged
    | BatchFinished
    | AnythingChanged
)


class UnreadableNotificationError(Exception):
    """The payload isn't one that this program sends."""


def progress_payload(node_id: int, tasks: list[LiveProgress]) -> str:
    """The payload of a `ProgressReported` notification."""
    body = {"kind": "progress", "node": node_id, "tasks": [task.to_row() for task in tasks]}
    return json.dumps(body, separators=(",", ":"))


def parse_notification(payload: str) -> Change | None:
    """Parse a notification's payload; None for a kind that only a newer release knows.

    Raises UnreadableNotificationError for any other payload. Extra keys, and extra values at the end of a row, come
    from a newer release and are ignored.
    """
    try:
        body = json.loads(payload, parse_constant=_refuse)
        if type(body) is not dict:
            raise ValueError("not an object")
        return _change(body)
    except (ValueError, RecursionError) as error:
        raise UnreadableNotificationError(str(error)) from None


def _change(body: dict[str, object]) -> Change | None:  # noqa: PLR0911 - one per kind
    match _text(body.get("kind")):
        case "task":
            return _tasks(body)
        case "node":
            return NodeChanged(_id(_values(_values(body.get("rows"), 1)[0], 1)[0]))
        case "batch":
            return BatchFinished(UUID(_text(body.get("uuid"))))
        case "preset":
            return PresetsChanged()
        case "watchfolder":
            return WatchfolderChanged(UUID(_text(body.get("uuid"))))
        case "log":
            return LogsChanged(_id(body.get("first")), _id(body.get("last")))
        case "progress":
            rows = _values(body.get("tasks"))
            return ProgressReported(_id(body.get("node")), tuple(_progress(row) for row in rows))
        case _:
            return None


def _tasks(body: dict[str, object]) -> TasksChanged:
    deleted = _text(body.get("op")) == "delete"
    if body.get("bulk") is True:
        return TasksChanged(None, queued=body.get("queued") is not False, deleted=deleted)
    rows = [_values(row, 3) for row in _values(body.get("rows"))]
    queued = any(row[2] == "QUEUED" for row in rows)
    return TasksChanged(tuple(_id(row[0]) for row in rows), queued=queued, deleted=deleted)


def _progress(row: object) -> LiveProgress:
    task, epoch, percent, remaining, fps, speed, size, frame, *_newer = _values(row, 8)
    return LiveProgress(
        _id(task),
        _id(epoch),
        percent=_number(percent, 100.0),
        remaining=None if remaining is None else _number(remaining, _MAX_SECONDS),
        fps=None if fps is None else _number(fps, _MAX_FPS),
        speed=None if speed is None else _number(speed, _MAX_FPS),
        size=None if size is None else _count(size),
        frame=None if frame is None else _count(frame),
    )


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} isn't valid JSON")


def _text(value: object) -> str:
    if type(value) is not str:
        raise ValueError("not a text")
    return value


def _values(value: object, min_length: int = 0) -> list[object]:
    if type(value) is not list or len(value) < min_length:
        raise ValueError("not a list of values")
    return value


def _id(value: object) -> int:
    if type(value) is not int or not 0 <= value <= _MAX_ID:
        raise ValueError("not an id")
    return value


def _count(value: object) -> int:
    if type(value) is not int:
        raise ValueError("not a count")
    return min(max(value, 0), _MAX_ID)


def _number(value: object, highest: float) -> float:
    """Clamped to 0 ... `highest`: encodes may report anything, and one odd value shouldn't discard the rest."""
    if not isinstance(value, int | float) or type(value) is bool:
        raise ValueError("not a number")
    return float(min(max(value, 0.0), highest))
