"""Desktop notifications: finished batches, failed tasks and lost nodes.

Events are collected, so that 400 failures become one notification. While events continue, the pauses grow.
"""

import asyncio
from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Signal

from ffmate_desktop.domain.node import Node, NodeState
from ffmate_desktop.domain.queue import BatchRow, QueueFilter, QueueQuery, QueueRow, SortColumn
from ffmate_desktop.domain.status import TaskStatus
from ffmate_desktop.gui.frame.main_window import MainWindow
from ffmate_desktop.gui.widgets import formatting
from ffmate_desktop.services.cluster_services import WindowServices

FIRST, LONGEST, GROWTH = 3.0, 300.0, 4.0
"""Seconds to collect events: multiplied after each notification, reset when nothing happened."""

MAX_TASKS = 1000
"""Finished tasks read per check; more are reported as “at least”."""

_LATE = 60_000
"""Milliseconds by which a finished task may become visible after one that finished later."""

_ENDED = QueueQuery(
    SortColumn.FINISHED,
    True,
    QueueFilter(statuses=frozenset(status for status in TaskStatus if status.is_done)),
)
_LIVE = (NodeState.ONLINE, NodeState.DRAINING)


class Notifier(QObject):
    """Emits `notification` with title and text for events after the cluster was opened. Owned by the window."""

    notification = Signal(str, str)

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._bridge = window, window.context.bridge
        self._seen: set[tuple[int, int]] | None = None
        self._newest = 0
        self._nodes: dict[int, NodeState] = {}
        self._pause = FIRST
        self._reading: asyncio.Task[None] | None = None
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._check)
        self._bridge.anything_changed.connect(self._schedule)
        self._bridge.nodes_changed.connect(self._schedule)
        self._bridge.tasks_changed.connect(lambda _ids: self._schedule())
        window.detaching.connect(self._forget)

    def _schedule(self) -> None:
        if self._window.services is not None and not self._timer.isActive():
            self._timer.start(int(self._pause * 1000) if self._seen is not None else 0)

    def _forget(self) -> None:
        self._timer.stop()
        self._seen, self._nodes, self._newest, self._pause = None, {}, 0, FIRST

    def _check(self) -> None:
        services = self._window.services
        if services is None:
            return
        if self._reading is None or self._reading.done():
            self._reading = self._bridge.run_quietly(self._read(services), "checking for notifications")
        else:
            self._schedule()

    async def _read(self, services: WindowServices) -> None:
        ended = await services.queue.page(_ENDED, limit=MAX_TASKS)
        nodes = await services.nodes.all()
        new = self._new_among(ended)
        batches = await services.queue.batches(list({row.batch for row in new if row.batch is not None}))
        if services is not self._window.services:
            return
        lost = [node.identifier for node in nodes if self._is_lost(node)]
        self._seen = {(row.id, row.finished or 0) for row in ended}
        self._newest = max([self._newest, *(row.finished or 0 for row in ended)])
        self._nodes = {node.id: node.state for node in nodes}
        self._notify(new, batches, lost)

    def _new_among(self, ended: Sequence[QueueRow]) -> list[QueueRow]:
        seen = self._seen
        if seen is None:
            return []
        since = self._newest - _LATE
        return [
            row for row in ended if (row.finished or 0) >= since and (row.id, row.finished or 0) not in seen
        ]

    def _is_lost(self, node: Node) -> bool:
        return node.state is NodeState.DEAD and self._nodes.get(node.id) in _LIVE

    # -- Texts ---------------------------------------------------------------------------------------------------

    def _notify(self, new: Sequence[QueueRow], batches: Sequence[BatchRow], lost: Sequence[str]) -> None:
        enabled = self._window.context.preferences.current.window.notices
        texts = [
            *(self._of_nodes(lost) if enabled.nodes else ()),
            *(self._of_failures(new) if enabled.failures else ()),
            *(self._of_batches(batches) if enabled.batches else ()),
        ]
        if not texts:
            self._pause = FIRST
            return
        self._pause = min(self._pause * GROWTH, LONGEST)
        title, text = texts[0]
        self.notification.emit(title, "\n".join([text, *(other for other, _text in texts[1:])]).strip())

    def _of_nodes(self, lost: Sequence[str]) -> list[tuple[str, str]]:
        if not lost:
            return []
        text = self.tr("Running tasks go back to the queue.")
        if len(lost) == 1:
            return [(self.tr("Node “{0}” was lost.").format(lost[0]), text)]
        return [(self.tr("{0} nodes were lost.").format(len(lost)), text)]

    def _of_failures(self, new: Sequence[QueueRow]) -> list[tuple[str, str]]:
        failed = [row for row in new if row.status is TaskStatus.DONE_ERROR]
        if not failed:
            return []
        if len(failed) == 1:
            return [(self.tr("“{0}” failed.").format(failed[0].name), failed[0].error or "")]
        count = formatting.number(len(failed))
        title = (
            self.tr("At least {0} tasks failed.") if len(new) >= MAX_TASKS else self.tr("{0} tasks failed.")
        )
        return [(title.format(count), failed[0].error or "")]

    def _of_batches(self, batches: Sequence[BatchRow]) -> list[tuple[str, str]]:
        finished = [batch for batch in batches if _count(batch, *_ENDED.where.statuses) == batch.total]
        if not finished:
            return []
        done = sum(_count(batch, TaskStatus.DONE_SUCCESSFUL) for batch in finished)
        total = sum(batch.total for batch in finished)
        text = self.tr("{0} of {1} tasks succeeded.").format(
            formatting.number(done), formatting.number(total)
        )
        if len(finished) == 1:
            return [(self.tr("A batch of {0} tasks finished.").format(formatting.number(total)), text)]
        return [(self.tr("{0} batches finished.").format(len(finished)), text)]


def _count(batch: BatchRow, *statuses: TaskStatus) -> int:
    return sum(batch.by_status.get(status, 0) for status in statuses)
