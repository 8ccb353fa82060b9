"""The current state of all nodes: the last read, plus live progress and elapsed time since."""

from collections import deque
from collections.abc import Sequence
from time import monotonic

from PySide6.QtCore import QObject, QTimer, Signal

from ffmate_desktop.domain.node import Node, NodeTask
from ffmate_desktop.domain.status import LiveProgress
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.nodes.display import NodeDisplay, NodeHealth, health_of
from ffmate_desktop.gui.widgets.sparkline import MAX_SAMPLES
from ffmate_desktop.services.cluster_services import WindowServices

TICK_INTERVAL = 1000
"""Milliseconds between two updates of elapsed times and two samples of the speeds."""

REREAD_INTERVAL = 2.0
"""Seconds between two reads while the page is visible: heartbeats send no notification."""

PROGRESS_TIMEOUT = 5.0
"""Seconds after which live progress is outdated."""

MAX_TASKS = 2_000
"""Tasks whose live progress is kept."""


class NodeReader(QObject):
    """Reads the nodes when they change, and every two seconds while active.

    Emits `changed` after each read, and `ticked` every second to update elapsed times. While the database can't be
    reached, time stands still: a missing heartbeat means nothing then.
    """

    changed = Signal()
    ticked = Signal()

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self._bridge = bridge
        self._services: WindowServices | None = None
        self._nodes: Sequence[Node] = ()
        self._read_at = 0.0
        self._is_reading = self._is_dirty = self._is_active = False
        self._outage_at: float | None = None
        self._progress: dict[int, tuple[LiveProgress, float]] = {}
        self._node_of_task: dict[int, int] = {}
        self._samples: dict[int, deque[float]] = {}
        self._last_running: dict[int, int] = {}
        self._timer = QTimer(self, interval=TICK_INTERVAL)
        self._timer.timeout.connect(self._tick)
        bridge.anything_changed.connect(self._on_change)
        bridge.nodes_changed.connect(self._on_change)
        bridge.tasks_changed.connect(lambda _ids: self._on_tasks_changed())
        bridge.progress_sources.connect(self._on_progress_sources)
        bridge.progress.connect(self._on_progress)
        bridge.outage_changed.connect(self._on_outage)

    def attach(self, services: WindowServices) -> None:
        """Forget the nodes of another cluster."""
        self._services = services
        self._is_reading = False  # a coroutine cancelled before its first step never runs its `finally`
        self._nodes, self._read_at, self._outage_at = (), 0.0, None
        for values in (self._progress, self._node_of_task, self._samples, self._last_running):
            values.clear()
        self._timer.start()

    def detach(self) -> None:
        self._services = None
        self._timer.stop()

    def set_active(self, active: bool) -> None:
        self._is_active = active
        if active:
            self.read()

    @property
    def is_known(self) -> bool:
        return self._read_at > 0

    @property
    def displays(self) -> list[NodeDisplay]:
        """Every node as it is now: this computer, then live nodes, then the others."""
        return sorted((self._display(node) for node in self._nodes), key=lambda display: not display.is_here)

    def read(self) -> None:
        """Read the nodes now. If a read is under way, read again after it."""
        services = self._services
        if services is None:
            return
        if self._is_reading:
            self._is_dirty = True
            return
        self._is_reading, self._is_dirty = True, False

        async def read() -> None:
            try:
                self._apply(await services.nodes.all())
            finally:
                self._is_reading = False
            if self._is_dirty:
                self.read()

        self._bridge.run_quietly(read(), "reading the nodes")

    def _on_change(self) -> None:
        """While the page is hidden, only the count in the sidebar needs it: leave the read to the next tick."""
        if self._is_active:
            self.read()
        else:
            self._is_dirty = True

    def _on_tasks_changed(self) -> None:
        if self._is_active and self._is_stale(REREAD_INTERVAL / 2):
            self.read()

    def _is_stale(self, seconds: float) -> bool:
        return monotonic() - self._read_at > seconds

    def _apply(self, nodes: Sequence[Node]) -> None:
        self._nodes, self._read_at = nodes, monotonic()
        for node in nodes:
            if health_of(node).is_alive:
                self._last_running[node.id] = len(node.tasks)
        ids = {node.id for node in nodes}
        for values in (self._samples, self._last_running):
            for removed in set(values) - ids:
                del values[removed]
        self.changed.emit()

    def _on_progress_sources(self, node_of_task: dict[int, int]) -> None:
        for task_id, node_id in node_of_task.items():
            if task_id in self._node_of_task or len(self._node_of_task) < MAX_TASKS:
                self._node_of_task[task_id] = node_id

    def _on_progress(self, progress: dict[int, LiveProgress]) -> None:
        now = monotonic()
        for task_id, live in progress.items():
            if task_id in self._progress or len(self._progress) < MAX_TASKS:
                self._progress[task_id] = (live, now)

    def _on_outage(self, since: float | None) -> None:
        self._outage_at = None if since is None else self._outage_at or monotonic()

    def _tick(self) -> None:
        if self._outage_at is not None:
            return
        now = monotonic()
        for task_id in [key for key, (_, at) in self._progress.items() if now - at > PROGRESS_TIMEOUT]:
            del self._progress[task_id]
            self._node_of_task.pop(task_id, None)
        for node in self._nodes:
            samples = self._samples.setdefault(node.id, deque(maxlen=MAX_SAMPLES))
            samples.append(self._fps(node) or 0.0)
        if self._is_dirty or (self._is_active and self._is_stale(REREAD_INTERVAL)):
            self.read()
        self.ticked.emit()

    # -- One node ------------------------------------------------------------------------------------------------

    def _display(self, node: Node) -> NodeDisplay:
        elapsed = (self._outage_at or monotonic()) - self._read_at
        services = self._services
        return NodeDisplay(
            node=node,
            health=health_of(node),
            is_here=services is not None and services.node.identifier == node.identifier,
            age=node.heartbeat_age + elapsed,
            lease_left=max(0.0, node.lease_left - elapsed),
            fps=self._fps(node),
            samples=tuple(self._samples.get(node.id, ())),
            tasks=tuple(self._with_live_progress(task) for task in node.tasks),
            last_running=self._last_running.get(node.id),
        )

    def _fps(self, node: Node) -> float | None:
        if health_of(node) in (NodeHealth.LATE, NodeHealth.LOST, NodeHealth.LEFT):
            return None
        speeds = [
            live.fps or 0.0
            for key, (live, _) in self._progress.items()
            if self._node_of_task.get(key) == node.id
        ]
        if speeds:
            return sum(speeds)
        return node.fps if node.tasks else 0.0

    def _with_live_progress(self, task: NodeTask) -> NodeTask:
        live = self._progress.get(task.id)
        if live is None:
            return task
        return task.model_copy(update={"progress": live[0].percent, "fps": live[0].fps})
