"""The details of one task: progress, facts, speed, command, log, files, and why it failed."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ffmate_desktop.domain.queue import QueueRow
from ffmate_desktop.domain.status import LiveProgress, LogChunk, TaskStatus
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.base.progress_tracker import ProgressTracker
from ffmate_desktop.gui.queue.columns import (
    QueueColumn,
    cell_text,
    percent_of,
    row_status_style,
    row_status_text,
)
from ffmate_desktop.gui.queue.detail_cards import CommandBox, ErrorCard, FilesBox
from ffmate_desktop.gui.rows.pixmap_cache import PixmapCache
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets import formatting
from ffmate_desktop.gui.widgets.facts_grid import FactsGrid
from ffmate_desktop.gui.widgets.labels import ElidedLabel, label
from ffmate_desktop.gui.widgets.log_view import LogView
from ffmate_desktop.gui.widgets.meter import Meter
from ffmate_desktop.gui.widgets.plain_text import plain
from ffmate_desktop.gui.widgets.speed_graph import SpeedGraph
from ffmate_desktop.gui.widgets.timeline import Timeline
from ffmate_desktop.services.cluster_services import WindowServices

if TYPE_CHECKING:  # the window is painted before these are loaded
    from ffmate_desktop.domain.task import Task

TICK_INTERVAL = 1500
"""Milliseconds between two reads of the log of a running task."""

_EDGE = 18
"""Padding in pixels."""


class DetailPane(QFrame):
    """Shows a row of the table; the whole task and its log are read on demand.

    Emits `resubmit_requested` with the input of a failed task.
    """

    closed = Signal()
    resubmit_requested = Signal(str)

    def __init__(self, theme: Theme, bridge: Bridge, tracker: ProgressTracker) -> None:
        super().__init__()
        self._theme, self._bridge, self._tracker = theme, bridge, tracker
        self._services: WindowServices | None = None
        self._row: QueueRow | None = None
        self._task: Task | None = None
        self._reading: asyncio.Task[None] | None = None
        self._pixmaps = PixmapCache(theme)
        self.setProperty("class", "card")
        self.setMinimumWidth(330)
        self.setAccessibleName(self.tr("Task details"))
        self._build()
        self._timer = QTimer(self, interval=TICK_INTERVAL)
        self._timer.timeout.connect(self._tick)
        bridge.progress.connect(self._on_progress)
        theme.changed.connect(self._show)

    def _build(self) -> None:
        self.buttons = QHBoxLayout()
        self.buttons.setContentsMargins(18, 0, 18, 16)
        self.buttons.setSpacing(8)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(self._build_top())
        column.addWidget(self._build_parts(), 1)
        column.addLayout(self.buttons)

    def _build_top(self) -> QVBoxLayout:
        self.name = ElidedLabel("heading", Qt.TextElideMode.ElideMiddle)
        self.path = ElidedLabel("third", Qt.TextElideMode.ElideMiddle)
        close = QToolButton()
        close.setAccessibleName(self.tr("Close details"))
        close.setToolTip(self.tr("Close details"))
        close.clicked.connect(self.closed)
        self._theme.set_icon(close, "x", "text_2")
        titles = QVBoxLayout()
        titles.setSpacing(1)
        titles.addWidget(self.name)
        titles.addWidget(self.path)
        head = QHBoxLayout()
        head.addLayout(titles, 1)
        head.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.percent = label(look="percent")
        self.remaining_label = label(look="second")
        self.chip = QLabel()
        numbers_row = QHBoxLayout()
        numbers_row.setSpacing(12)
        numbers_row.addWidget(self.percent)
        numbers_row.addWidget(self.remaining_label, 1, Qt.AlignmentFlag.AlignBottom)
        numbers_row.addWidget(self.chip)
        self.meter = Meter(self._theme, thickness=8)
        inner = QVBoxLayout()
        inner.setContentsMargins(0, 0, 6, 0)
        inner.setSpacing(8)
        inner.addLayout(numbers_row)
        inner.addWidget(self.meter)
        top = QVBoxLayout()
        top.setContentsMargins(18, 16, 12, 0)
        top.setSpacing(8)
        top.addLayout(head)
        top.addLayout(inner)
        return top

    def _build_parts(self) -> QScrollArea:
        names = [self.tr("Preset"), self.tr("Node"), self.tr("Elapsed")]
        self.facts = FactsGrid([*names, self.tr("Size"), self.tr("Priority"), self.tr("Attempt")])
        self.error = ErrorCard(self._theme)
        self.error.resubmit_button.clicked.connect(self._resubmit)
        self.graph = SpeedGraph(self._theme)
        self.command = CommandBox(self._theme)
        self.log = LogView(self._theme, self._log_name)
        self.log.save_requested.connect(self._save_log)
        self.files = FilesBox()
        self.timeline = Timeline(self._theme)
        self.timeline.hide()
        inside = QWidget()
        inside.setProperty("class", "plain")
        parts = QVBoxLayout(inside)
        parts.setContentsMargins(_EDGE, 0, _EDGE, 14)
        parts.setSpacing(12)
        for part in (self.error, self.facts, self.graph, self.command, self.log, self.files, self.timeline):
            parts.addWidget(part)
        parts.setStretchFactor(self.log, 1)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scroll_bar = bar = scroll.verticalScrollBar()

        def keep_edge(_minimum: int, maximum: int) -> None:
            """Put the scroll bar into the padding, so that the content keeps its right edge."""
            parts.setContentsMargins(_EDGE, 0, _EDGE - (bar.sizeHint().width() if maximum else 0), 14)

        bar.rangeChanged.connect(keep_edge)
        return scroll

    def add_button(self, button: QPushButton) -> None:
        """Add a command at the bottom. The page owns the commands."""
        self.buttons.addWidget(button, 1)

    # -- What is shown -------------------------------------------------------------------------------------------

    def attach(self, services: WindowServices) -> None:
        self._services = services

    def detach(self) -> None:
        self._services = None
        self._timer.stop()

    @property
    def task_id(self) -> int | None:
        return self._row.id if self._row else None

    def show_row(self, row: QueueRow | None) -> None:
        before, self._row = self._row, row
        if row is None:
            self._timer.stop()
            return
        if before is None or before.id != row.id:
            self._task = None
            self.scroll_bar.setValue(0)
            self.log.clear_log()
            self.timeline.show_attempts([])
            self._read()
        elif before.version != row.version or before.epoch != row.epoch:
            self._read()
        if row.status.is_active:
            self._timer.start()
        elif self._timer.isActive():
            self._timer.stop()
        self._show()

    def _on_progress(self, progress: dict[int, LiveProgress]) -> None:
        if self._row is not None and self._row.id in progress and self.isVisible():
            self._show()

    def _show(self) -> None:
        row = self._row
        if row is None:
            return
        live = self._tracker.newest(row.id, row.epoch) if row.status.is_active else None
        icon, color = row_status_style(row)
        percent = percent_of(row, live)
        self.name.setText(row.name)
        self.path.setText(row.input)
        self.percent.setText(formatting.percent(percent))
        remaining = cell_text(row, live, QueueColumn.REMAINING)
        self.remaining_label.setText(
            self.tr("{0} left").format(remaining) if remaining != formatting.NOTHING else ""
        )
        self.chip.setPixmap(self._pixmaps.chip(icon, row_status_text(row), color, self.devicePixelRatioF()))
        self.chip.setAccessibleName(plain(row_status_text(row)))
        self.meter.set_value(percent / 100, color)
        self.facts.show_values(
            [
                row.preset or formatting.NOTHING,
                row.node or formatting.NOTHING,
                formatting.duration(_elapsed(row)),
                cell_text(row, live, QueueColumn.SIZE),
                formatting.number(row.priority),
                str(row.attempts) if row.attempts else formatting.NOTHING,
            ]
        )
        samples = self._tracker.samples(row.id, row.epoch)
        self.graph.setVisible(row.status.is_active or bool(samples))
        self.graph.show_samples(samples)
        self._show_task()

    def _show_task(self) -> None:
        task, row = self._task, self._row
        failed = row is not None and row.status is TaskStatus.DONE_ERROR
        unreadable = task.unreadable if task else None
        self.error.setVisible(failed or unreadable is not None)
        self.error.show_buttons(failed)
        if failed and row is not None:
            self.error.show_error((task.error if task else None) or row.error or "")
        elif unreadable is not None:
            self.error.show_error(unreadable)
        if task is not None:
            self.command.show_command(task.command.resolved or task.command.raw)
            self.files.show_task(task)
        self.command.setVisible(task is not None)
        self.files.setVisible(task is not None)

    # -- Reading -------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        if self.isVisible():
            self._read()
            self._show()

    def _read(self) -> None:
        services, row = self._services, self._row
        if services is None or row is None or (self._reading is not None and not self._reading.done()):
            return

        async def read() -> None:
            tasks = await services.tasks.get([row.uuid])
            chunks = await services.tasks.log(row.uuid)
            attempts = await services.tasks.attempts(row.uuid)
            if tasks and self._row is not None and self._row.id == row.id:
                self._task = tasks[0]
                self.timeline.show_attempts(attempts)
                self.log.show_text(_text(chunks), follows=self._row.status.is_active)
                self._show()
            elif self._row is not None and self._row.id != row.id:  # the selection changed in the meantime
                asyncio.get_running_loop().call_soon(self._read)

        self._reading = self._bridge.run_quietly(read(), "reading a task")

    def _resubmit(self) -> None:
        if self._row is not None:
            self.resubmit_requested.emit(self._row.input)

    def _log_name(self) -> str:
        return f"{Path(self._row.name).stem}.log" if self._row else "task.log"

    def _save_log(self, path: str) -> None:
        text = self.log.text
        work = asyncio.to_thread(lambda: Path(path).write_text(text, encoding="utf-8", errors="replace"))
        self._bridge.run(work, "saving a log")


def _text(chunks: list[LogChunk]) -> str:
    """The lines of all attempts, separated by blank lines."""
    parts: list[str] = []
    epoch: int | None = None
    for chunk in chunks:
        if epoch is not None and chunk.epoch != epoch:
            parts.append("\n")
        epoch = chunk.epoch
        parts.append(chunk.lines if chunk.lines.endswith("\n") else f"{chunk.lines}\n")
    return "".join(parts)


def _elapsed(row: QueueRow) -> float | None:
    if row.started is None:
        return None
    end = row.finished if row.finished is not None else time.time() * 1000
    return max(0.0, (end - row.started) / 1000)
