"""The cluster's log as a model: the newest lines, older ones on scrolling up, and new ones as they arrive."""

import re
from bisect import bisect_left
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, assert_never

from PySide6.QtCore import QAbstractListModel, QModelIndex, Qt, Signal

from ffmate_desktop.domain.node_log import LogFilter, LogLevel, LogLine
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.base.model_index import Index
from ffmate_desktop.gui.widgets.plain_text import plain
from ffmate_desktop.services.node_logs import NodeLogService

PAGE = 200
MAX_LINES = 20_000
"""Lines in memory while following the end."""

MAX_NEW_LINES = 2_000
"""With more new lines than this at once, the newest page replaces the lines shown."""

_NO_INDEX = QModelIndex()
_Read = Callable[[NodeLogService], Awaitable[None]]


class LogsModel(QAbstractListModel):
    """Log lines, oldest first. Reads only while active; pausing keeps new lines out; `trims` drops the oldest lines.

    Only one read runs at a time. Later requests wait, and results for an outdated filter are discarded.
    """

    about_to_prepend = Signal()
    prepended = Signal(int)
    """Number of older lines inserted at the top."""
    replaced = Signal()
    """All lines were replaced."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self._bridge = bridge
        self._logs: NodeLogService | None = None
        self._lines: list[LogLine] = []
        self._ids: set[int] = set()
        self.where = LogFilter()
        self.has_older = False
        self.is_known = False
        self.trims = True
        self._is_active = self._is_paused = self._is_reading = False
        self._wants_reload = self._wants_older = self._wants_newest = False
        self._ranges: list[tuple[int, int]] = []
        bridge.logs_changed.connect(self._on_logs_changed)
        bridge.anything_changed.connect(self.catch_up)

    def attach(self, logs: NodeLogService) -> None:
        self._logs = logs
        self._is_reading = False  # a read cancelled before its first step didn't reset it
        self.show_filter(self.where)

    def detach(self) -> None:
        self._logs = None

    # -- Rows for Qt ---------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._lines)

    def line_at(self, row: int) -> LogLine | None:
        return self._lines[row] if 0 <= row < len(self._lines) else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The whole line as text, for accessibility; the delegate paints."""
        line = self.line_at(index.row())
        if line is not None and role in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            return plain(line_as_text(line))
        return None

    # -- Requests from the page ----------------------------------------------------------------------------------

    def show_filter(self, where: LogFilter) -> None:
        """Show the lines that match this filter."""
        self.where = where
        self._wants_reload = True
        self._start_reading()

    def read_older(self) -> None:
        """Read the page before the first line, if there is one."""
        if self.has_older and not self._wants_older:
            self._wants_older = True
            self._start_reading()

    def set_active(self, active: bool) -> None:
        """Read only while the page is visible."""
        self._is_active = active
        if active:
            self.catch_up()

    def set_paused(self, paused: bool) -> None:
        """Keep new lines out, or read those that arrived meanwhile."""
        self._is_paused = paused
        if not paused:
            self.catch_up()

    def catch_up(self) -> None:
        """Read what arrived while not listening."""
        self._wants_newest = True
        self._ranges.clear()
        self._start_reading()

    # -- Reading -------------------------------------------------------------------------------------------------

    def _on_logs_changed(self, first: int, last: int) -> None:
        if not self._is_active or self._is_paused:
            return
        if last - first >= MAX_NEW_LINES:
            self._wants_newest = True
        else:
            self._ranges.append((first, last))
        self._start_reading()

    def _start_reading(self) -> None:
        if self._logs is not None and self._is_active and not self._is_reading:
            self._is_reading = True
            self._bridge.run_quietly(self._read_all(), "reading the cluster log")

    async def _read_all(self) -> None:
        try:
            while self._logs is not None and (read := self._next_read()) is not None:
                await read(self._logs)
        finally:
            self._is_reading = False
            self._wants_older = False

    def _next_read(self) -> _Read | None:
        if self._wants_reload or (self._wants_newest and not self.is_known):
            return self._reload
        if self._is_paused:
            return self._read_older if self._wants_older else None
        if self._wants_newest:
            return self._read_newest
        if self._ranges:
            return self._read_range
        return self._read_older if self._wants_older else None

    async def _reload(self, logs: NodeLogService) -> None:
        self._wants_reload = self._wants_newest = self._wants_older = False
        self._ranges.clear()
        lines = await self._page(logs)
        if lines is not None:
            self._replace(lines)

    async def _read_newest(self, logs: NodeLogService) -> None:
        """Append the newest page if it overlaps the lines shown, otherwise replace them."""
        self._wants_newest = False
        lines = await self._page(logs)
        if lines is None:
            return
        if self._lines and (len(lines) < PAGE or lines[0].id <= max(self._ids)):
            self._add(lines)
        else:
            self._replace(lines)

    async def _read_range(self, logs: NodeLogService) -> None:
        first, last = self._ranges.pop(0)
        where = self.where
        lines = await logs.between(where, first, last)
        if where == self.where:
            self._add(lines)

    async def _read_older(self, logs: NodeLogService) -> None:
        self._wants_older = False
        if not self._lines:
            return
        lines = await self._page(logs, before=min(self._ids))
        if lines is None:
            return
        self.has_older = len(lines) == PAGE
        if lines:
            self.about_to_prepend.emit()
            self.beginInsertRows(_NO_INDEX, 0, len(lines) - 1)
            self._ids.update(line.id for line in lines)
            self._lines[:0] = sorted(lines, key=_when)
            self.endInsertRows()
            self.prepended.emit(len(lines))

    async def _page(self, logs: NodeLogService, before: int | None = None) -> list[LogLine] | None:
        """None if the filter changed meanwhile."""
        where = self.where
        lines = await logs.page(where, before=before, limit=PAGE)
        return lines if where == self.where else None

    # -- Lines ---------------------------------------------------------------------------------------------------

    def _replace(self, lines: list[LogLine]) -> None:
        self.beginResetModel()
        self._lines = sorted(lines, key=_when)
        self._ids = {line.id for line in lines}
        self.has_older = len(lines) == PAGE
        self.is_known = True
        self.endResetModel()
        self.replaced.emit()

    def _add(self, lines: list[LogLine]) -> None:
        """Usually appends; lines from another node may arrive later than newer ones, and are inserted."""
        oldest = min(self._ids, default=0) if self.has_older else 0
        new = [line for line in lines if line.id > oldest and line.id not in self._ids]
        self._ids.update(line.id for line in new)
        last = _when(self._lines[-1]) if self._lines else (0, 0)
        late = [line for line in new if _when(line) < last]
        for line in late:
            row = bisect_left(self._lines, _when(line), key=_when)
            self.beginInsertRows(_NO_INDEX, row, row)
            self._lines.insert(row, line)
            self.endInsertRows()
        newest = sorted((line for line in new if _when(line) >= last), key=_when)
        if newest:
            rows = len(self._lines)
            self.beginInsertRows(_NO_INDEX, rows, rows + len(newest) - 1)
            self._lines += newest
            self.endInsertRows()
        self._trim()

    def _trim(self) -> None:
        surplus = len(self._lines) - MAX_LINES
        if self.trims and surplus > 0:
            self.beginRemoveRows(_NO_INDEX, 0, surplus - 1)
            self._ids.difference_update(line.id for line in self._lines[:surplus])
            del self._lines[:surplus]
            self.has_older = True
            self.endRemoveRows()


def _when(line: LogLine) -> tuple[int, int]:
    """Sort key: order of events. Nodes send their lines about once a second."""
    return line.at, line.id


_UUID = re.compile(r"\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")


def shorten_uuids(message: str) -> str:
    """Shorten each UUID to its first 8 characters, which the command line accepts too."""
    return _UUID.sub(r"\1", message)


def level_name(level: LogLevel) -> str:
    """The usual name in logs, at most five letters; never translated."""
    match level:
        case LogLevel.DEBUG:
            return "DEBUG"
        case LogLevel.INFO:
            return "INFO"
        case LogLevel.WARN:
            return "WARN"
        case LogLevel.ERROR:
            return "ERROR"
        case _:
            assert_never(level)


def line_as_text(line: LogLine) -> str:
    """A line as text, to copy and save."""
    when = datetime.fromtimestamp(line.at / 1000)
    stamp = f"{when:%Y-%m-%d %H:%M:%S}.{line.at % 1000:03}"
    topic = f"{line.namespace}: " if line.namespace else ""
    return f"{stamp}  {level_name(line.level):5}  {line.node}  {topic}{line.message}"
