"""What is known of the nodes at this moment: what was last read, what was heard since, and the time that went by."""

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

TICK = 1000
"""Milliseconds between two looks at the clock, and two samples of the speeds."""

REREAD_INTERVAL = 2.0
"""Seconds between two readings while somebody looks: a heartbeat alone is no news."""

PROGRESS_TIMEOUT = 5.0
"""Seconds after which a speed or a progress that was heard no longer counts."""

MAX_TASKS = 2_000
"""Tasks whose progress is remembered."""


class NodeReader(QObject):
    """Reads the nodes when news comes, and while it is `active` also every two seconds.

    `changed` comes after each reading, `ticked` each second for what moved since. While the database is away nothing
    moves: silence of a node means nothing then.
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
        self._away_at: float | None = None
        self._progress: dict[int, tuple[LiveProgress, float]] = {}
        self._node_of_task: dict[int, int] = {}
        self._samples: dict[int, deque[float]] = {}
        self._last_running: dict[int, int] = {}
        self._timer = QTimer(self, interval=TICK)
        self._timer.timeout.connect(self._tick)
        bridge.anything_changed.connect(self._on_change)
        bridge.nodes_changed.connect(self._on_change)
        bridge.tasks_changed.connect(lambda _ids: self._on_tasks_changed())
        bridge.progress_sources.connect(self._on_heard_from)
        bridge.progress.connect(self._on_progress)
        bridge.outage_changed.connect(self._on_away)

    def attach(self, services: WindowServices) -> None:
        """The cluster is open; nodes of another one are forgotten."""
        self._services = services
        self._is_reading = False  # what was cancelled before its first step ended without a word
        self._nodes, self._read_at, self._away_at = (), 0.0, None
        for values in (self._progress, self._node_of_task, self._samples, self._last_running):
            values.clear()
        self._timer.start()

    def detach(self) -> None:
        """Read nothing any more."""
        self._services = None
        self._timer.stop()

    def set_active(self, active: bool) -> None:
        """Somebody looks, or nobody."""
        self._is_active = active
        if active:
            self.read()

    @property
    def is_known(self) -> bool:
        """The nodes have been read."""
        return self._read_at > 0

    @property
    def displays(self) -> list[NodeDisplay]:
        """Every node as it is now: this computer, then live ones, then those that are gone."""
        return sorted((self._display(node) for node in self._nodes), key=lambda display: not display.is_here)

    def read(self) -> None:
        """Read the nodes now, once more if they are just being read."""
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
        """Nobody looks: only the number in the sidebar waits for it, and the database has others to serve first."""
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
        known = {node.id for node in nodes}
        for values in (self._samples, self._last_running):
            for gone in set(values) - known:
                del values[gone]
        self.changed.emit()

    def _on_heard_from(self, tellers: dict[int, int]) -> None:
        for task_id, node_id in tellers.items():
            if task_id in self._node_of_task or len(self._node_of_task) < MAX_TASKS:
                self._node_of_task[task_id] = node_id

    def _on_progress(self, news: dict[int, LiveProgress]) -> None:
        now = monotonic()
        for task_id, live in news.items():
            if task_id in self._progress or len(self._progress) < MAX_TASKS:
                self._progress[task_id] = (live, now)

    def _on_away(self, since: float | None) -> None:
        self._away_at = None if since is None else self._away_at or monotonic()

    def _tick(self) -> None:
        if self._away_at is not None:
            return
        now = monotonic()
        for gone in [key for key, (_, heard) in self._progress.items() if now - heard > PROGRESS_TIMEOUT]:
            del self._progress[gone]
            self._node_of_task.pop(gone, None)
        for node in self._nodes:
            line = self._samples.setdefault(node.id, deque(maxlen=MAX_SAMPLES))
            line.append(self._fps(node) or 0.0)
        if self._is_dirty or (self._is_active and self._is_stale(REREAD_INTERVAL)):
            self.read()
        self.ticked.emit()

    # -- One node ------------------------------------------------------------------------------------------------

    def _display(self, node: Node) -> NodeDisplay:
        passed = (self._away_at or monotonic()) - self._read_at
        how = health_of(node)
        services = self._services
        return NodeDisplay(
            node=node,
            health=how,
            is_here=services is not None and services.node.identifier == node.identifier,
            age=node.heartbeat_age + passed,
            lease_left=max(0.0, node.lease_left - passed),
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
