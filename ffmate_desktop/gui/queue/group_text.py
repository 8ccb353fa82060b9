"""The texts of a batch."""

from PySide6.QtCore import QCoreApplication

from ffmate_desktop.domain.queue import NO_BATCH, BatchGroup
from ffmate_desktop.domain.status import ACTIVE, TaskStatus
from ffmate_desktop.gui.queue.columns import QueueColumn
from ffmate_desktop.gui.widgets import formatting


def group_title(group: BatchGroup) -> str:
    """`clip.mov and 11 more`."""
    translate = QCoreApplication.translate
    if group.state.uuid == NO_BATCH:
        return translate("Groups", "Single tasks")
    more = group.state.total - 1
    if not more:
        return group.name
    return translate("Groups", "{0} and {1} more").format(group.name, formatting.number(more))


def group_summary(group: BatchGroup) -> str:
    """`12 of 40 done · 2 failed · 3 running`."""
    translate = QCoreApplication.translate
    counts = group.state.by_status
    done = formatting.number(counts.get(TaskStatus.DONE_SUCCESSFUL, 0))
    parts = [translate("Groups", "{0} of {1} done").format(done, formatting.number(group.state.total))]
    for text, number in (
        (translate("Groups", "{0} failed"), counts.get(TaskStatus.DONE_ERROR, 0)),
        (translate("Groups", "{0} cancelled"), counts.get(TaskStatus.DONE_CANCELED, 0)),
        (translate("Groups", "{0} running"), sum(counts.get(status, 0) for status in ACTIVE)),
    ):
        if number:
            parts.append(text.format(formatting.number(number)))
    return "  ·  ".join(parts)


def group_status(group: BatchGroup) -> TaskStatus:
    """The status that describes a batch best: running, then queued, then failed, then done."""
    counts = group.state.by_status
    if any(counts.get(status) for status in ACTIVE):
        return TaskStatus.RUNNING
    for status in (TaskStatus.QUEUED, TaskStatus.UNKNOWN, TaskStatus.DONE_ERROR, TaskStatus.DONE_SUCCESSFUL):
        if counts.get(status):
            return status
    return TaskStatus.DONE_CANCELED


def group_text(group: BatchGroup, column: QueueColumn) -> str:
    """The text of a cell, for screen readers and for columns that show only text."""
    match column:
        case QueueColumn.TASK:
            return f"{group_title(group)}, {group_summary(group)}"
        case QueueColumn.PROGRESS:
            return formatting.percent(group.state.progress)
        case QueueColumn.REMAINING:
            return formatting.clock(group.state.remaining)
        case QueueColumn.CREATED if group.created is not None:
            return formatting.timestamp(int(group.created.timestamp() * 1000))
        case _:
            return ""
