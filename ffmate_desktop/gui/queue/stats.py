"""The four figures above the queue, and the sentence about the rest of the work."""

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

TICK = 1000
"""Milliseconds between two samples of the lines."""

BUSY, IDLE = 2.0, 15.0
"""Seconds between two readings while tasks change, and while nothing is heard."""

_RECENT = 10


class StatsRow(QWidget):
    """`told` carries the sentence for the header of the page."""

    told = Signal(str)

    def __init__(self, theme: Theme, bridge: Bridge, tracker: ProgressTracker) -> None:
        super().__init__()
        self._bridge, self._tracker = bridge, tracker
        self._services: WindowServices | None = None
        self._figures: QueueStats | None = None
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
        self._timer = QTimer(self, interval=TICK)
        self._timer.timeout.connect(self._tick)
        bridge.tasks_changed.connect(lambda _ids: self._mark())
        bridge.nodes_changed.connect(self._mark)
        bridge.anything_changed.connect(self._on_anything)

    def attach(self, services: WindowServices) -> None:
        """The cluster is open; the figures of another one are forgotten."""
        self._services, self._figures = services, None
        self._is_reading = False  # what was cancelled before its first step ended without a word
        self._done.clear()
        self._failed.clear()

    def detach(self) -> None:
        """Read nothing any more."""
        self._services = None

    def set_active(self, active: bool) -> None:
        """Read and sample only while somebody looks."""
        if active:
            self._timer.start()
            self._read()
        else:
            self._timer.stop()

    def _mark(self) -> None:
        self._is_dirty = True

    def _on_anything(self) -> None:
        self._is_dirty, self._read_at = True, 0.0
        if self._timer.isActive():
            self._read()

    def _tick(self) -> None:
        if monotonic() - self._read_at > (BUSY if self._is_dirty else IDLE):
            self._read()
        figures = self._figures
        if figures is None:
            return
        fps = self._tracker.frames_per_second()
        self._show_speed(fps)
        self.running.sample(figures.running)
        self.speed.sample(fps)
        self.finished.sample(_risen(self._done, figures.finished_today))
        self.failed.sample(_risen(self._failed, figures.failed_24h))

    def _read(self) -> None:
        services = self._services
        if services is None or self._is_reading:
            return
        self._is_reading, self._is_dirty, self._read_at = True, False, monotonic()

        async def read() -> None:
            try:
                midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
                self._take(await services.queue.stats(midnight))
            finally:
                self._is_reading = False

        self._bridge.run_quietly(read(), "reading the figures of the queue")

    def _take(self, figures: QueueStats) -> None:
        self._figures = figures
        self.running.show_value(
            formatting.number(figures.running),
            self.tr("of {0} slots").format(formatting.number(figures.slots)),
        )
        self._show_speed(self._tracker.frames_per_second() or figures.fps)
        hours = figures.video_seconds_today / 3600
        self.finished.show_value(
            formatting.number(figures.finished_today),
            self.tr("{0} h of video").format(f"{hours:.1f}")
            if hours >= 1
            else self.tr("{0} min of video").format(f"{60 * hours:.0f}"),
        )
        self.failed.show_value(formatting.number(figures.failed_24h), self.tr("in 24 hours"))
        self.told.emit(self._sentence(figures))

    def _show_speed(self, fps: float) -> None:
        self.speed.show_value(formatting.number(round(fps)), self.tr("frames per second"))

    def _sentence(self, figures: QueueStats) -> str:
        parts = []
        if figures.nodes_working == 1:
            parts.append(self.tr("1 node working"))
        elif figures.nodes_working:
            parts.append(self.tr("{0} nodes working").format(figures.nodes_working))
        elif figures.slots == 0:
            parts.append(self.tr("No node takes tasks now"))
        else:
            parts.append(self.tr("Nothing is running"))
            free = formatting.number(figures.slots)
            parts.append(
                self.tr("1 slot is free")
                if figures.slots == 1
                else self.tr("{0} slots are free").format(free)
            )
        if figures.remaining:
            parts.append(self.tr("about {0} to go").format(formatting.estimate(figures.remaining)))
        return "  ·  ".join(parts)


def _risen(seen: deque[int], now: int) -> float:
    """How much a number rose in the last moments."""
    seen.append(now)
    return max(0, now - seen[0])
