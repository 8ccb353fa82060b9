"""The columns of the queue: titles, widths, and the text and style of their cells."""

from dataclasses import dataclass
from enum import IntEnum
from typing import assert_never

from PySide6.QtCore import QCoreApplication

from ffmate_desktop.domain.queue import QueueRow, SortColumn
from ffmate_desktop.domain.status import LiveProgress, TaskStatus
from ffmate_desktop.gui.widgets import formatting


class QueueColumn(IntEnum):
    """Values are the order in the table."""

    TASK = 0
    STATUS = 1
    PROGRESS = 2
    SPEED = 3
    FPS = 4
    REMAINING = 5
    SIZE = 6
    NODE = 7
    PRESET = 8
    PRIORITY = 9
    ATTEMPTS = 10
    CREATED = 11
    FINISHED = 12


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """`width` in pixels. In a narrow window, columns of low `importance` are hidden first."""

    width: int
    importance: int
    shown: bool = False
    sort: SortColumn | None = None


COLUMN_SPECS: dict[QueueColumn, ColumnSpec] = {
    QueueColumn.TASK: ColumnSpec(300, 100, True, SortColumn.NAME),
    QueueColumn.STATUS: ColumnSpec(116, 90, True),
    QueueColumn.PROGRESS: ColumnSpec(158, 80, True),
    QueueColumn.SPEED: ColumnSpec(84, 50, True),
    QueueColumn.FPS: ColumnSpec(72, 20),
    QueueColumn.REMAINING: ColumnSpec(98, 60, True),
    QueueColumn.SIZE: ColumnSpec(92, 30),
    QueueColumn.NODE: ColumnSpec(124, 40, True),
    QueueColumn.PRESET: ColumnSpec(150, 25),
    QueueColumn.PRIORITY: ColumnSpec(78, 35, sort=SortColumn.PRIORITY),
    QueueColumn.ATTEMPTS: ColumnSpec(84, 10),
    QueueColumn.CREATED: ColumnSpec(122, 22, sort=SortColumn.CREATED),
    QueueColumn.FINISHED: ColumnSpec(122, 21, sort=SortColumn.FINISHED),
}


def title(column: QueueColumn) -> str:  # noqa: PLR0911, PLR0912, C901 - one case per column
    """The translated column title."""
    translate = QCoreApplication.translate
    match column:
        case QueueColumn.TASK:
            return translate("columns", "Task")
        case QueueColumn.STATUS:
            return translate("columns", "Status")
        case QueueColumn.PROGRESS:
            return translate("columns", "Progress")
        case QueueColumn.SPEED:
            return translate("columns", "Speed")
        case QueueColumn.FPS:
            return translate("columns", "fps")
        case QueueColumn.REMAINING:
            return translate("columns", "Remaining")
        case QueueColumn.SIZE:
            return translate("columns", "Size")
        case QueueColumn.NODE:
            return translate("columns", "Node")
        case QueueColumn.PRESET:
            return translate("columns", "Preset")
        case QueueColumn.PRIORITY:
            return translate("columns", "Priority")
        case QueueColumn.ATTEMPTS:
            return translate("columns", "Attempts")
        case QueueColumn.CREATED:
            return translate("columns", "Created")
        case QueueColumn.FINISHED:
            return translate("columns", "Finished")
        case _:
            assert_never(column)


def status_text(status: TaskStatus) -> str:  # noqa: PLR0911 - one case per status
    """A status in one word."""
    translate = QCoreApplication.translate
    match status:
        case TaskStatus.DONE_SUCCESSFUL:
            return translate("status", "Done")
        case TaskStatus.DONE_ERROR:
            return translate("status", "Failed")
        case TaskStatus.DONE_CANCELED:
            return translate("status", "Cancelled")
        case TaskStatus.QUEUED:
            return translate("status", "Queued")
        case TaskStatus.PRE_PROCESSING:
            return translate("status", "Preparing")
        case TaskStatus.POST_PROCESSING:
            return translate("status", "Finishing")
        case TaskStatus.RUNNING:
            return translate("status", "Running")
        case TaskStatus.UNKNOWN:
            return translate("status", "Other")
        case _:
            assert_never(status)


def row_status_text(row: QueueRow) -> str:
    """The status of a task in one word. A status from a newer release is shown as stored."""
    translate = QCoreApplication.translate
    if row.status is TaskStatus.UNKNOWN:
        return row.stored_status
    if not row.status.is_done:
        if row.desired == "pause":
            return translate("status", "Paused")
        if row.desired in ("cancel", "delete"):
            return translate("status", "Stopping")
        if row.status is TaskStatus.RUNNING and row.phase == "publish":
            return translate("status", "Publishing")
    return status_text(row.status)


def row_status_style(row: QueueRow) -> tuple[str, str]:
    """Names of the icon and the color."""
    if not row.status.is_done and row.desired == "pause":
        return "circle-pause", "paused"
    return status_style(row.status)


def status_style(status: TaskStatus) -> tuple[str, str]:
    """Names of the icon and the color."""
    return _STATUS_STYLES[status]


_STATUS_STYLES: dict[TaskStatus, tuple[str, str]] = {
    TaskStatus.QUEUED: ("clock", "queued"),
    TaskStatus.PRE_PROCESSING: ("circle-play", "running"),
    TaskStatus.RUNNING: ("circle-play", "running"),
    TaskStatus.POST_PROCESSING: ("circle-play", "running"),
    TaskStatus.DONE_SUCCESSFUL: ("circle-check", "done"),
    TaskStatus.DONE_ERROR: ("triangle-alert", "failed"),
    TaskStatus.DONE_CANCELED: ("ban", "canceled"),
    TaskStatus.UNKNOWN: ("clock", "canceled"),
}


def percent_of(row: QueueRow, live: LiveProgress | None) -> float:
    """Progress from 0 to 100."""
    if row.status is TaskStatus.DONE_SUCCESSFUL:
        return 100.0
    return live.percent if live is not None else row.progress


def subtitle_parts(row: QueueRow) -> tuple[str, str]:
    """The line below the name: why the task failed or waits, else preset and folder. The second part is a path."""
    if row.error and row.status in (TaskStatus.DONE_ERROR, TaskStatus.QUEUED):
        return row.error, ""
    folder = row.input[: max(row.input.rfind("/"), row.input.rfind("\\"), 0)] or "/"
    return f"{row.preset}  ·  " if row.preset else "", folder


def cell_text(row: QueueRow, live: LiveProgress | None, column: QueueColumn) -> str:  # noqa: PLR0911, PLR0912, C901 - one case per column
    """The text of a cell, for painting, copying and screen readers."""
    source: QueueRow | LiveProgress = row if live is None else live
    match column:
        case QueueColumn.TASK:
            return row.name
        case QueueColumn.STATUS:
            return row_status_text(row)
        case QueueColumn.PROGRESS:
            return formatting.percent(percent_of(row, live))
        case QueueColumn.SPEED:
            speed = source.speed if row.status.is_active else None
            return formatting.NOTHING if speed is None else formatting.decimal(f"{speed:.2f}×")
        case QueueColumn.FPS:
            fps = source.fps if row.status.is_active else None
            return formatting.NOTHING if fps is None else f"{fps:.0f}"
        case QueueColumn.REMAINING:
            return formatting.clock(source.remaining if row.status.is_active else None)
        case QueueColumn.SIZE:
            return formatting.size(source.size)
        case QueueColumn.NODE:
            return row.node or formatting.NOTHING
        case QueueColumn.PRESET:
            return row.preset or formatting.NOTHING
        case QueueColumn.PRIORITY:
            return formatting.number(row.priority)
        case QueueColumn.ATTEMPTS:
            return str(row.attempts)
        case QueueColumn.CREATED:
            return formatting.timestamp(row.created)
        case QueueColumn.FINISHED:
            return formatting.timestamp(row.finished)
        case _:
            assert_never(column)
