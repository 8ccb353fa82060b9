"""Live progress of everything that runs in the cluster, as the nodes tell it, and what was heard before."""

from collections import deque
from dataclasses import dataclass, field
from time import monotonic

from PySide6.QtCore import QObject

from ffmate_desktop.domain.status import LiveProgress
from ffmate_desktop.gui.base.bridge import Bridge

SILENT = 8.0
"""Seconds after which a task that nobody speaks of no longer counts as running."""

SAMPLES = 600

APART = 0.2
"""Seconds between two samples at least."""

MOST = 2_000
"""Tasks that are remembered. Anybody who may connect to the database can speak of any number of them."""


@dataclass(slots=True)
class Track:
    """One attempt of a task: its newest progress, and samples of (loop time in seconds, frames/s)."""

    newest: LiveProgress
    heard: float
    samples: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=SAMPLES))


class ProgressTracker(QObject):
    """Hears `bridge.progress`. Connect to that signal after this object to find the newest here."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self._tracks: dict[int, Track] = {}
        bridge.progress.connect(self._take)
        bridge.anything_changed.connect(self._tracks.clear)

    def newest(self, task_id: int, epoch: int) -> LiveProgress | None:
        """The newest of this attempt, if any was heard lately."""
        track = self._tracks.get(task_id)
        if track is None or track.newest.epoch != epoch or monotonic() - track.heard > SILENT:
            return None
        return track.newest

    def samples(self, task_id: int, epoch: int) -> list[tuple[float, float]]:
        """Moments and frames/s of this attempt, oldest first."""
        track = self._tracks.get(task_id)
        return list(track.samples) if track is not None and track.newest.epoch == epoch else []

    def percents(self) -> list[float]:
        """How far each task is that was heard of lately."""
        self._forget()
        return [track.newest.percent for track in self._tracks.values()]

    def _forget(self) -> None:
        now = monotonic()
        for task_id in [key for key, track in self._tracks.items() if now - track.heard > SILENT]:
            del self._tracks[task_id]

    def frames_per_second(self) -> float:
        """Of all nodes together; forgets the tasks that ended."""
        self._forget()
        return sum(track.newest.fps or 0.0 for track in self._tracks.values())

    def _take(self, news: dict[int, LiveProgress]) -> None:
        now = monotonic()
        self._forget()
        for task_id, live in news.items():
            track = self._tracks.get(task_id)
            if track is None and len(self._tracks) >= MOST:
                continue
            if track is None or track.newest.epoch != live.epoch:
                track = self._tracks[task_id] = Track(live, now)
            track.newest, track.heard = live, now
            if live.fps is not None and (not track.samples or now - track.samples[-1][0] >= APART):
                track.samples.append((now, live.fps))
