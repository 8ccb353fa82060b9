"""What is known of the nodes at this moment: what was last read, what was heard since, and the time that went by."""

from collections import deque
from collections.abc import Sequence
from time import monotonic

from PySide6.QtCore import QObject, QTimer, Signal

from ffmate_desktop.domain.node import Node, NodeTask
from ffmate_desktop.domain.status import LiveProgress
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.nodes.display import NodeDisplay, NodeHealth, standing
from ffmate_desktop.gui.widgets.sparkline import SAMPLES
from ffmate_desktop.services.cluster_services import WindowServices

TICK = 1000
"""Milliseconds between two looks at the clock, and two samples of the speeds."""

AGAIN = 2.0
"""Seconds between two readings while somebody looks: a heartbeat alone is no news."""

SILENT = 5.0
"""Seconds after which a speed or a progress that was heard no longer counts."""

MOST = 2_000
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
        self._stopped_at: float | None = None
        self._live: dict[int, tuple[LiveProgress, float]] = {}
        self._tellers: dict[int, int] = {}
        self._samples: dict[int, deque[float]] = {}
        self._ran: dict[int, int] = {}
        self._timer = QTimer(self, interval=TICK)
        self._timer.timeout.connect(self._tick)
        bridge.anything_changed.connect(self._on_news)
        bridge.nodes_changed.connect(self._on_news)
        bridge.tasks_changed.connect(lambda _ids: self._mark())
        bridge.progress_sources.connect(self._take_tellers)
        bridge.progress.connect(self._take_progress)
        bridge.outage_changed.connect(self._on_away)

    def attach(self, services: WindowServices) -> None:
        """The cluster is open; nodes of another one are forgotten."""
        self._services = services
        self._is_reading = False  # what was cancelled before its first step ended without a word
        self._nodes, self._read_at, self._stopped_at = (), 0.0, None
        for values in (self._live, self._tellers, self._samples, self._ran):
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
    def views(self) -> list[NodeDisplay]:
        """Every node as it is now: this computer, then live ones, then those that are gone."""
        return sorted((self._view(node) for node in self._nodes), key=lambda view: not view.is_here)

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
                self._take(await services.nodes.all())
            finally:
                self._is_reading = False
            if self._is_dirty:
                self.read()

        self._bridge.run_quietly(read(), "reading the nodes")

    def _on_news(self) -> None:
        """Nobody looks: only the number in the sidebar waits for it, and the database has others to serve first."""
        if self._is_active:
            self.read()
        else:
            self._is_dirty = True

    def _mark(self) -> None:
        if self._is_active and self._is_stale(AGAIN / 2):
            self.read()

    def _is_stale(self, seconds: float) -> bool:
        return monotonic() - self._read_at > seconds

    def _take(self, nodes: Sequence[Node]) -> None:
        self._nodes, self._read_at = nodes, monotonic()
        for node in nodes:
            if standing(node).is_alive:
                self._ran[node.id] = len(node.tasks)
        known = {node.id for node in nodes}
        for values in (self._samples, self._ran):
            for gone in set(values) - known:
                del values[gone]
        self.changed.emit()

    def _take_tellers(self, tellers: dict[int, int]) -> None:
        for task_id, node_id in tellers.items():
            if task_id in self._tellers or len(self._tellers) < MOST:
                self._tellers[task_id] = node_id

    def _take_progress(self, news: dict[int, LiveProgress]) -> None:
        now = monotonic()
        for task_id, live in news.items():
            if task_id in self._live or len(self._live) < MOST:
                self._live[task_id] = (live, now)

    def _on_away(self, since: float | None) -> None:
        self._stopped_at = None if since is None else self._stopped_at or monotonic()

    def _tick(self) -> None:
        if self._stopped_at is not None:
            return
        now = monotonic()
        for gone in [key for key, (_, heard) in self._live.items() if now - heard > SILENT]:
            del self._live[gone]
            self._tellers.pop(gone, None)
        for node in self._nodes:
            line = self._samples.setdefault(node.id, deque(maxlen=SAMPLES))
            line.append(self._fps(node) or 0.0)
        if self._is_dirty or (self._is_active and self._is_stale(AGAIN)):
            self.read()
        self.ticked.emit()

    # -- One node ------------------------------------------------------------------------------------------------

    def _view(self, node: Node) -> NodeDisplay:
        passed = (self._stopped_at or monotonic()) - self._read_at
        how = standing(node)
        services = self._services
        return NodeDisplay(
            node=node,
            standing=how,
            is_here=services is not None and services.node.identifier == node.identifier,
            age=node.heartbeat_age + passed,
            left=max(0.0, node.lease_left - passed),
            fps=self._fps(node),
            samples=tuple(self._samples.get(node.id, ())),
            tasks=tuple(self._fresh(task) for task in node.tasks),
            ran=self._ran.get(node.id),
        )

    def _fps(self, node: Node) -> float | None:
        if standing(node) in (NodeHealth.LATE, NodeHealth.LOST, NodeHealth.LEFT):
            return None
        speeds = [
            live.fps or 0.0 for key, (live, _) in self._live.items() if self._tellers.get(key) == node.id
        ]
        if speeds:
            return sum(speeds)
        return node.fps if node.tasks else 0.0

    def _fresh(self, task: NodeTask) -> NodeTask:
        live = self._live.get(task.id)
        if live is None:
            return task
        return task.model_copy(update={"progress": live[0].percent, "fps": live[0].fps})
