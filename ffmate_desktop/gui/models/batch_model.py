"""The newest batches with how far each of them is, read again while somebody looks and tasks change."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, QTimer

from ffmate_desktop.domain.queue import BatchGroup
from ffmate_desktop.domain.status import ACTIVE, TaskStatus
from ffmate_desktop.gui.bridge import Bridge
from ffmate_desktop.gui.widgets import numbers

if TYPE_CHECKING:  # the window is painted before these are loaded
    from ffmate_desktop.services.queue import QueueService

SHORTEST_PAUSE = 1.0
"""Seconds between two readings; longer when one takes long."""

Index = QModelIndex | QPersistentModelIndex


class BatchModel(QAbstractListModel):
    """Reads only while `set_active(True)`."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self._bridge = bridge
        self._queue: QueueService | None = None
        self._groups: list[BatchGroup] = []
        self._active = self._reading = self._dirty = False
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._read)
        self._pause = SHORTEST_PAUSE
        bridge.anything_changed.connect(self._mark)
        bridge.tasks_changed.connect(lambda _ids: self._mark())
        bridge.progress.connect(lambda _news: self._mark())

    def attach(self, queue: QueueService) -> None:
        """The cluster is open; batches of another one are forgotten."""
        self._queue = queue
        self._reading = False  # what was cancelled before its first step ended without a word
        self.beginResetModel()
        self._groups = []
        self.endResetModel()

    def detach(self) -> None:
        """Read nothing any more."""
        self._queue = None

    def set_active(self, active: bool) -> None:
        """Whether somebody looks."""
        self._active = active
        if active:
            self._read()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """All batches that were read."""
        return 0 if parent.isValid() else len(self._groups)

    def group_at(self, number: int) -> BatchGroup | None:
        """The batch in this row."""
        return self._groups[number] if 0 <= number < len(self._groups) else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """One line for screen readers."""
        group = self.group_at(index.row())
        if group is None or role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        return f"{self.title_of(group)}: {numbers.percent(group.state.progress)}, {self.words_of(group)}"

    def title_of(self, group: BatchGroup) -> str:
        """`clip.mov and 11 more`."""
        more = group.state.total - 1
        return self.tr("{0} and {1} more").format(group.name, numbers.grouped(more)) if more else group.name

    def words_of(self, group: BatchGroup) -> str:
        """`12 of 40 done · 2 failed · 3 running`."""
        counts = group.state.by_status
        done = counts.get(TaskStatus.DONE_SUCCESSFUL, 0)
        parts = [self.tr("{0} of {1} done").format(numbers.grouped(done), numbers.grouped(group.state.total))]
        for text, number in (
            (self.tr("{0} failed"), counts.get(TaskStatus.DONE_ERROR, 0)),
            (self.tr("{0} canceled"), counts.get(TaskStatus.DONE_CANCELED, 0)),
            (self.tr("{0} running"), sum(counts.get(status, 0) for status in ACTIVE)),
        ):
            if number:
                parts.append(text.format(numbers.grouped(number)))
        return "  ·  ".join(parts)

    def _mark(self) -> None:
        self._dirty = True
        if self._active and not self._reading and not self._timer.isActive():
            self._timer.start(round(1000 * self._pause))

    def _read(self) -> None:
        queue = self._queue
        if queue is None or self._reading or not self._active:
            return
        self._reading, self._dirty = True, False

        async def read() -> None:
            began = monotonic()
            try:
                self._take(await queue.newest_batches())
            finally:
                self._reading = False
                self._pause = max(SHORTEST_PAUSE, 10 * (monotonic() - began))
                if self._dirty:
                    self._mark()

        self._bridge.run_quietly(read(), "reading the batches")

    def _take(self, groups: list[BatchGroup]) -> None:
        same = [one.state.uuid for one in groups] == [one.state.uuid for one in self._groups]
        if same:
            self._groups = groups
            self.dataChanged.emit(self.index(0), self.index(len(groups) - 1))
        else:
            self.beginResetModel()
            self._groups = groups
            self.endResetModel()
