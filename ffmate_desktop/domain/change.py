"""News from the cluster: which rows to read again. Rows are the truth, a notification is a hint.

Every role that may connect to the database can send notifications. So a change names rows and never says what is in
them: no status, no order, no version. The one exception is live progress, which stands in no row while it is new;
a view forgets it after some seconds.
"""

import json
from dataclasses import dataclass
from uuid import UUID

from ffmate_desktop.domain.status import LiveProgress

_LARGEST = 2**63 - 1
"""The largest id that a row can have."""

_LONGEST, _FASTEST = 1e9, 1e7
"""Seconds that may remain of an encode, and frames a second: more is shown as this."""


@dataclass(frozen=True, slots=True)
class TasksChanged:
    """Tasks were inserted, updated or deleted: read them again. `ids` is None when there were too many to name."""

    ids: tuple[int, ...] | None
    queued: bool
    """Some of them may be waiting for a node."""
    deleted: bool


@dataclass(frozen=True, slots=True)
class NodeChanged:
    """A node joined, left or was forgotten, or its state, slots, labels or pause changed."""

    id: int


@dataclass(frozen=True, slots=True)
class PresetsChanged:
    """Some preset was written or deleted."""


@dataclass(frozen=True, slots=True)
class WatchfolderChanged:
    """A watchfolder was made, edited or deleted, or a scan of it wrote something."""

    uuid: UUID


@dataclass(frozen=True, slots=True)
class ProgressReported:
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
    """The connection was away, or a notification could not be read: read whatever is shown again."""


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
    """The payload of a notification is not what this program sends."""


def progress_payload(node_id: int, tasks: list[LiveProgress]) -> str:
    """The notification that carries `ProgressReported`."""
    body = {"kind": "progress", "node": node_id, "tasks": [task.to_row() for task in tasks]}
    return json.dumps(body, separators=(",", ":"))


def parse_notification(payload: str) -> Change | None:
    """Parse a notification's payload; None for a kind that only a newer release knows.

    Raises UnreadableNotificationError for any other payload. Extra keys, and extra values at the end of a row, come
    from a newer release and are ignored.
    """
    try:
        news = json.loads(payload, parse_constant=_refuse)
        if type(news) is not dict:
            raise ValueError("not an object")
        return _change(news)
    except (ValueError, RecursionError) as error:
        raise UnreadableNotificationError(str(error)) from None


def _change(news: dict[str, object]) -> Change | None:  # noqa: PLR0911 - one a kind
    match _text(news.get("kind")):
        case "task":
            return _tasks(news)
        case "node":
            return NodeChanged(_id(_values(_values(news.get("rows"), 1)[0], 1)[0]))
        case "batch":
            return BatchFinished(UUID(_text(news.get("uuid"))))
        case "preset":
            return PresetsChanged()
        case "watchfolder":
            return WatchfolderChanged(UUID(_text(news.get("uuid"))))
        case "log":
            return LogsChanged(_id(news.get("first")), _id(news.get("last")))
        case "progress":
            rows = _values(news.get("tasks"))
            return ProgressReported(_id(news.get("node")), tuple(_progress(row) for row in rows))
        case _:
            return None


def _tasks(news: dict[str, object]) -> TasksChanged:
    deleted = _text(news.get("op")) == "delete"
    if news.get("bulk") is True:
        return TasksChanged(None, queued=news.get("queued") is not False, deleted=deleted)
    rows = [_values(row, 3) for row in _values(news.get("rows"))]
    queued = any(row[2] == "QUEUED" for row in rows)
    return TasksChanged(tuple(_id(row[0]) for row in rows), queued=queued, deleted=deleted)


def _progress(row: object) -> LiveProgress:
    task, epoch, percent, remaining, fps, speed, size, frame, *_newer = _values(row, 8)
    return LiveProgress(
        _id(task),
        _id(epoch),
        percent=_number(percent, 100.0),
        remaining=None if remaining is None else _number(remaining, _LONGEST),
        fps=None if fps is None else _number(fps, _FASTEST),
        speed=None if speed is None else _number(speed, _FASTEST),
        size=None if size is None else _count(size),
        frame=None if frame is None else _count(frame),
    )


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _text(value: object) -> str:
    if type(value) is not str:
        raise ValueError("not a text")
    return value


def _values(value: object, least: int = 0) -> list[object]:
    if type(value) is not list or len(value) < least:
        raise ValueError("not a list of values")
    return value


def _id(value: object) -> int:
    if type(value) is not int or not 0 <= value <= _LARGEST:
        raise ValueError("not an id")
    return value


def _count(value: object) -> int:
    if type(value) is not int:
        raise ValueError("not a count")
    return min(max(value, 0), _LARGEST)


def _number(value: object, most: float) -> float:
    """Between 0 and `most`: an encode may report anything, and an odd figure is no reason to lose the rest."""
    if not isinstance(value, int | float) or type(value) is bool:
        raise ValueError("not a number")
    return float(min(max(value, 0.0), most))
