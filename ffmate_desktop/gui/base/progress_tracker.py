"""Live progress of all running tasks in the cluster, with recent samples."""

from collections import deque
from dataclasses import dataclass, field
from time import monotonic

from PySide6.QtCore import QObject

from ffmate_desktop.domain.status import LiveProgress
from ffmate_desktop.gui.base.bridge import Bridge

STALE_AFTER = 8.0
"""Seconds without progress after which a task no longer counts as running."""

MAX_SAMPLES = 600

SAMPLE_INTERVAL = 0.2
"""Minimum seconds between two samples."""

MAX_TASKS = 2_000
"""Tasks to track at most: anyone who can connect to the database can report progress for any number of them."""


@dataclass(slots=True)
class Track:
    """One attempt: its newest progress, and samples of (monotonic seconds, frames/s)."""

    newest: LiveProgress
    updated: float
    samples: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=MAX_SAMPLES))


class ProgressTracker(QObject):
    """Follows `bridge.progress`. Slots connected to that signal later find the newest progress here."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self._tracks: dict[int, Track] = {}
        bridge.progress.connect(self._on_progress)
        bridge.anything_changed.connect(self._tracks.clear)

    def newest(self, task_id: int, epoch: int) -> LiveProgress | None:
        """The newest progress of this attempt, or None if it is stale or missing."""
        track = self._tracks.get(task_id)
        if track is None or track.newest.epoch != epoch or monotonic() - track.updated > STALE_AFTER:
            return None
        return track.newest

    def samples(self, task_id: int, epoch: int) -> list[tuple[float, float]]:
        """(time, frames/s) pairs of this attempt, oldest first."""
        track = self._tracks.get(task_id)
        return list(track.samples) if track is not None and track.newest.epoch == epoch else []

    def percents(self) -> list[float]:
        """Percent done of each running task."""
        self._drop_stale()
        return [track.newest.percent for track in self._tracks.values()]

    def _drop_stale(self) -> None:
        now = monotonic()
        for task_id in [key for key, track in self._tracks.items() if now - track.updated > STALE_AFTER]:
            del self._tracks[task_id]

    def frames_per_second(self) -> float:
        """Total of all nodes."""
        self._drop_stale()
        return sum(track.newest.fps or 0.0 for track in self._tracks.values())

    def _on_progress(self, progress: dict[int, LiveProgress]) -> None:
        now = monotonic()
        self._drop_stale()
        for task_id, live in progress.items():
            track = self._tracks.get(task_id)
            if track is None and len(self._tracks) >= MAX_TASKS:
                continue
            if track is None or track.newest.epoch != live.epoch:
                track = self._tracks[task_id] = Track(live, now)
            track.newest, track.updated = live, now
            if live.fps is not None and (not track.samples or now - track.samples[-1][0] >= SAMPLE_INTERVAL):
                track.samples.append((now, live.fps))
