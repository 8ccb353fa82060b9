"""The four statistics above the queue, and the summary in the page header."""

from collections import deque
from datetime import datetime
from time import monotonic

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ffmate_desktop.domain.queue import QueueStats
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.base.progress_tracker import ProgressTracker
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets import formatting
from ffmate_desktop.gui.widgets.stat_card import StatCard
from ffmate_desktop.services.cluster_services import WindowServices

TICK_INTERVAL = 1000
"""Milliseconds between two samples of the graphs."""

BUSY_INTERVAL, IDLE_INTERVAL = 2.0, 15.0
"""Seconds between two reads while tasks change, and while nothing changes."""

_RECENT = 10


class StatsRow(QWidget):
    """Emits `summary_changed` with the sentence for the page header."""

    summary_changed = Signal(str)

    def __init__(self, theme: Theme, bridge: Bridge, tracker: ProgressTracker) -> None:
        super().__init__()
        self._bridge, self._tracker = bridge, tracker
        self._services: WindowServices | None = None
        self._stats: QueueStats | None = None
        self._is_reading = False
        self._is_dirty = True
        self._read_at = 0.0
        self._done: deque[int] = deque(maxlen=_RECENT)
        self._failed: deque[int] = deque(maxlen=_RECENT)
        self.running = StatCard(theme, "circle-play", "running", self.tr("Running"))
        self.speed = StatCard(theme, "gauge", "spark", self.tr("Throughput"))
        self.finished = StatCard(theme, "circle-check", "done", self.tr("Finished today"))
        self.failed = StatCard(theme, "triangle-alert", "failed", self.tr("Failed"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        for card in (self.running, self.speed, self.finished, self.failed):
            row.addWidget(card, 1)
        self._timer = QTimer(self, interval=TICK_INTERVAL)
        self._timer.timeout.connect(self._tick)
        bridge.tasks_changed.connect(lambda _ids: self._mark_stale())
        bridge.nodes_changed.connect(self._mark_stale)
        bridge.anything_changed.connect(self._on_anything)

    def attach(self, services: WindowServices) -> None:
        """Forget the statistics of another cluster."""
        self._services, self._stats = services, None
        self._is_reading = False  # a coroutine cancelled before its first step never runs its `finally`
        self._done.clear()
        self._failed.clear()

    def detach(self) -> None:
        self._services = None

    def set_active(self, active: bool) -> None:
        if active:
            self._timer.start()
            self._read()
        else:
            self._timer.stop()

    def _mark_stale(self) -> None:
        self._is_dirty = True

    def _on_anything(self) -> None:
        self._is_dirty, self._read_at = True, 0.0
        if self._timer.isActive():
            self._read()

    def _tick(self) -> None:
        if monotonic() - self._read_at > (BUSY_INTERVAL if self._is_dirty else IDLE_INTERVAL):
            self._read()
        stats = self._stats
        if stats is None:
            return
        fps = self._tracker.frames_per_second()
        self._show_speed(fps)
        self.running.sample(stats.running)
        self.speed.sample(fps)
        self.finished.sample(_increase(self._done, stats.finished_today))
        self.failed.sample(_increase(self._failed, stats.failed_24h))

    def _read(self) -> None:
        services = self._services
        if services is None or self._is_reading:
            return
        self._is_reading, self._is_dirty, self._read_at = True, False, monotonic()

        async def read() -> None:
            try:
                midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
                self._show_stats(await services.queue.stats(midnight))
            finally:
                self._is_reading = False

        self._bridge.run_quietly(read(), "reading the statistics of the queue")

    def _show_stats(self, stats: QueueStats) -> None:
        self._stats = stats
        self.running.show_value(
            formatting.number(stats.running),
            self.tr("of {0} slots").format(formatting.number(stats.slots)),
        )
        self._show_speed(self._tracker.frames_per_second() or stats.fps)
        hours = stats.video_seconds_today / 3600
        self.finished.show_value(
            formatting.number(stats.finished_today),
            self.tr("{0} h of video").format(formatting.decimal(f"{hours:.1f}"))
            if hours >= 1
            else self.tr("{0} min of video").format(f"{60 * hours:.0f}"),
        )
        self.failed.show_value(formatting.number(stats.failed_24h), self.tr("in 24 hours"))
        self.summary_changed.emit(self._summary(stats))

    def _show_speed(self, fps: float) -> None:
        self.speed.show_value(formatting.number(round(fps)), self.tr("frames per second"))

    def _summary(self, stats: QueueStats) -> str:
        parts = []
        if stats.nodes_working == 1:
            parts.append(self.tr("1 node working"))
        elif stats.nodes_working:
            parts.append(self.tr("{0} nodes working").format(stats.nodes_working))
        elif stats.slots == 0:
            parts.append(self.tr("No node is taking tasks"))
        else:
            parts.append(self.tr("Nothing is running"))
            free = formatting.number(stats.slots)
            parts.append(
                self.tr("1 slot is free") if stats.slots == 1 else self.tr("{0} slots are free").format(free)
            )
        if stats.remaining:
            parts.append(self.tr("about {0} to go").format(formatting.estimate(stats.remaining)))
        return "  ·  ".join(parts)


def _increase(samples: deque[int], now: int) -> float:
    """How much a number rose over the last samples."""
    samples.append(now)
    return max(0, now - samples[0])
