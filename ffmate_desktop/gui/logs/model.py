"""The log of the cluster as a window: the newest lines, older ones as they are scrolled to, new ones as they come."""

import re
from bisect import bisect_left
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, assert_never

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from ffmate_desktop.domain.node_log import LogFilter, LogLevel, LogLine
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.widgets.plain_text import plain
from ffmate_desktop.services.node_logs import NodeLogService

PAGE = 200
MOST = 20_000
"""Lines in memory while the newest are followed."""

AT_ONCE = 2_000
"""More new lines than this are not read one by one: the newest page replaces what is shown."""

Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()
_Job = Callable[[NodeLogService], Awaitable[None]]


class LogsModel(QAbstractListModel):
    """Oldest line first. `active` while somebody looks; `paused` holds new lines out; `trims` lets old ones go.

    One reading at a time: what is wanted meanwhile waits, and what was read for another filter is dropped.
    """

    about_to_prepend = Signal()
    prepended = Signal(int)
    """So many older lines came in above."""
    replaced = Signal()
    """Other lines are shown than before."""
    read_once = Signal()

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
        self._is_active = self._is_paused = self._is_working = False
        self._wants_reload = self._wants_older = self._wants_newest = False
        self._ranges: list[tuple[int, int]] = []
        bridge.logs_changed.connect(self._on_news)
        bridge.anything_changed.connect(self.catch_up)

    def attach(self, logs: NodeLogService) -> None:
        """The cluster is open."""
        self._logs = logs
        self._is_working = False  # what was cancelled before its first step ended without a word
        self.show_filter(self.where)

    def detach(self) -> None:
        """Read nothing any more."""
        self._logs = None

    # -- What Qt asks --------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        """How many lines have been read."""
        return 0 if parent.isValid() else len(self._lines)

    def line_at(self, row: int) -> LogLine | None:
        """The line in that row."""
        return self._lines[row] if 0 <= row < len(self._lines) else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The whole line as text; painting is the delegate's work."""
        line = self.line_at(index.row())
        if line is not None and role in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            return plain(as_text(line))
        return None

    # -- What the page asks --------------------------------------------------------------------------------------

    def show_filter(self, where: LogFilter) -> None:
        """Show the lines that fit from now on."""
        self.where = where
        self._wants_reload = True
        self._work()

    def read_older(self) -> None:
        """Read the page in front of the first line, if there is one."""
        if self.has_older and not self._wants_older:
            self._wants_older = True
            self._work()

    def set_active(self, active: bool) -> None:
        """Somebody looks, or nobody."""
        self._is_active = active
        if active:
            self.catch_up()

    def set_paused(self, paused: bool) -> None:
        """Hold new lines out, or let them in, also those that came in between."""
        self._is_paused = paused
        if not paused:
            self.catch_up()

    def catch_up(self) -> None:
        """Read what came while nobody listened."""
        self._wants_newest = True
        self._ranges.clear()
        self._work()

    # -- Reading -------------------------------------------------------------------------------------------------

    def _on_news(self, first: int, last: int) -> None:
        if not self._is_active or self._is_paused:
            return
        if last - first >= AT_ONCE:
            self._wants_newest = True
        else:
            self._ranges.append((first, last))
        self._work()

    def _work(self) -> None:
        if self._logs is not None and self._is_active and not self._is_working:
            self._is_working = True
            self._bridge.run_quietly(self._read_all(), "reading the log of the cluster")

    async def _read_all(self) -> None:
        try:
            while self._logs is not None and (job := self._next()) is not None:
                await job(self._logs)
        finally:
            self._is_working = False
            self._wants_older = False

    def _next(self) -> _Job | None:
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
        """Where the newest page touches what is shown it is added, else it replaces it."""
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
        """None when another filter is wanted by now."""
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
        """Nearly always at the end; what another node sent a moment later may have happened before."""
        oldest = min(self._ids, default=0) if self.has_older else 0
        fresh = [line for line in lines if line.id > oldest and line.id not in self._ids]
        self._ids.update(line.id for line in fresh)
        last = _when(self._lines[-1]) if self._lines else (0, 0)
        late = [line for line in fresh if _when(line) < last]
        for line in late:
            row = bisect_left(self._lines, _when(line), key=_when)
            self.beginInsertRows(_NO_INDEX, row, row)
            self._lines.insert(row, line)
            self.endInsertRows()
        newest = sorted((line for line in fresh if _when(line) >= last), key=_when)
        if newest:
            rows = len(self._lines)
            self.beginInsertRows(_NO_INDEX, rows, rows + len(newest) - 1)
            self._lines += newest
            self.endInsertRows()
        self._trim()

    def _trim(self) -> None:
        surplus = len(self._lines) - MOST
        if self.trims and surplus > 0:
            self.beginRemoveRows(_NO_INDEX, 0, surplus - 1)
            self._ids.difference_update(line.id for line in self._lines[:surplus])
            del self._lines[:surplus]
            self.has_older = True
            self.endRemoveRows()


def _when(line: LogLine) -> tuple[int, int]:
    """Lines stand in the order in which things happened; nodes send theirs about once a second."""
    return line.at, line.id


_UUID = re.compile(r"\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")


def shorten_uuids(message: str) -> str:
    """As it is shown: the beginning of a uuid, which the command line takes for the whole, is enough."""
    return _UUID.sub(r"\1", message)


def level_name(level: LogLevel) -> str:
    """As logs are used to write it: five letters at most, never translated."""
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


def as_text(line: LogLine) -> str:
    """A line as it is copied and saved."""
    when = datetime.fromtimestamp(line.at / 1000)
    stamp = f"{when:%Y-%m-%d %H:%M:%S}.{line.at % 1000:03}"
    topic = f"{line.namespace}: " if line.namespace else ""
    return f"{stamp}  {level_name(line.level):5}  {line.node}  {topic}{line.message}"
