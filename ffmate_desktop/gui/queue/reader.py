"""When the queue is read, and what of it: the order, pages that come into view, tasks that changed, the counts."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from ffmate_desktop.domain.queue import PAGE, QueueQuery, QueueRow, RowKey
from ffmate_desktop.domain.status import TaskStatus
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.queue.page_cache import KEPT_PAGES, PageCache

if TYPE_CHECKING:  # the window is painted before these are loaded
    from ffmate_desktop.services.queue import QueueService

FETCHES = 3
"""Pages that are read at once; of more wishes the newest come first."""

SHORTEST_PAUSE = 0.5
"""Seconds between two readings of the whole order; longer when one takes long."""


class Table(Protocol):
    """What is read for: a model. All its methods take what came."""

    view: QueueQuery
    is_known: bool
    pages: PageCache

    def row_to_keep(self, view: QueueQuery) -> QueueRow | None:
        """The row that stays where it is when this view is read again."""
        ...

    def take_page(self, page: int, rows: list[QueueRow]) -> None:
        """A page that was wished for."""
        ...

    def take_counts(self, counts: dict[TaskStatus, int]) -> None:
        """How many tasks there are now."""
        ...

    def take_rows(self, ids: Sequence[int], found: Mapping[int, QueueRow]) -> bool:
        """Tasks that changed, those that were found; False if the order is to be read again."""
        ...

    def replace(
        self,
        view: QueueQuery,
        counts: dict[TaskStatus, int],
        length: int,
        anchors: list[RowKey],
        pages: Mapping[int, list[QueueRow]],
    ) -> None:
        """The order was read."""
        ...


class QueueReader:
    """Reads for one model and hands it what came. `generation` counts the orders that were read: what was asked
    before the last one belongs to other row numbers."""

    def __init__(self, model: Table, bridge: Bridge) -> None:
        self._model, self._bridge = model, bridge
        self.queue: QueueService | None = None
        self.generation = 0
        self._wishes: list[int] = []
        self._fetching: set[int] = set()
        self._unsettled: set[int] = set()  # changed while something was being read, which may be older
        self._reload: asyncio.Task[None] | None = None
        self._stale = False
        self._pause_until = 0.0
        self._recounting: asyncio.Task[None] | None = None
        self._ring: asyncio.TimerHandle | None = None
        bridge.tasks_changed.connect(self._on_tasks)

    def attach(self, queue: QueueService) -> None:
        """The cluster is open."""
        self.queue = queue
        self._recounting = None  # what was cancelled before its first step ended without a word
        self._fetching.clear()
        self._unsettled.clear()
        self._wishes.clear()
        self.generation += 1

    def detach(self) -> None:
        """Read nothing any more."""
        self.queue = None
        if self._ring is not None:
            self._ring.cancel()
            self._ring = None

    @property
    def is_reading(self) -> bool:
        """The order is being read."""
        return self._reload is not None

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return self._bridge.run_quietly(work, name)

    # -- Pages ---------------------------------------------------------------------------------------------------

    def wish(self, page: int) -> None:
        """Somebody looks at this page, which is not in memory."""
        if page in self._wishes:
            self._wishes.remove(page)
        self._wishes.append(page)
        self._fetch()

    def forget_wishes(self) -> None:
        """Rows got other numbers."""
        self._wishes.clear()

    def _fetch(self) -> None:
        pages = self._model.pages
        while self._wishes and len(self._fetching) < FETCHES and self.queue is not None:
            page = self._wishes.pop()
            if page in self._fetching or page in pages.kept or page >= len(pages.anchors):
                continue
            self._fetching.add(page)
            self._start(self._read_page(self.queue, page, self.generation), "reading a part of the queue")
        del self._wishes[:-KEPT_PAGES]

    async def _read_page(self, queue: QueueService, page: int, generation: int) -> None:
        model = self._model
        try:
            rows = await queue.page_at(model.view, model.pages.anchors[page])
        finally:
            self._fetching.discard(page)
        if generation == self.generation:
            model.take_page(page, rows)
            self._settle(queue)
        self._fetch()

    # -- News ----------------------------------------------------------------------------------------------------

    def _on_tasks(self, changed: frozenset[int] | None) -> None:
        queue, model = self.queue, self._model
        if queue is None:
            return
        if changed is None or not model.is_known:
            self.reload()
            return
        if self._fetching or self._reload is not None:
            self._unsettled |= changed
        here = [task for task in changed if model.pages.has(task)]
        elsewhere = [task for task in changed if not model.pages.has(task)]
        if elsewhere and not self._is_plain():
            self.reload()  # it may have come into the view, or left it, where nobody looks
        newest = model.pages.newest()
        new = [task for task in elsewhere if task > newest] if self._is_plain() else []
        if here or new:
            self._start(self._read_rows(queue, here + new, self.generation), "reading changed tasks")
        if self._recounting is None:
            self._recounting = self._start(self._recount(queue), "counting")

    def _is_plain(self) -> bool:
        """All tasks, newest first: only new ones and deletions change the order."""
        return self._model.view == QueueQuery()

    async def _read_rows(self, queue: QueueService, ids: list[int], generation: int) -> None:
        model = self._model
        rows = await queue.rows(ids, model.view.column)
        if generation != self.generation:  # the order was read meanwhile, perhaps before these changes
            self._start(self._read_rows(queue, ids, self.generation), "reading changed tasks")
            return
        if not model.take_rows(ids, {row.id: row for row in rows}):
            self.reload()

    def _settle(self, queue: QueueService) -> None:
        """What changed while it was being read is read again."""
        again = [task for task in self._unsettled if self._model.pages.has(task)]
        if not self._fetching and self._reload is None:
            self._unsettled.clear()
        if again:
            self._start(self._read_rows(queue, again, self.generation), "reading changed tasks")

    async def _recount(self, queue: QueueService) -> None:
        """Count soon, and not again before a pause, however much changes."""
        try:
            await asyncio.sleep(SHORTEST_PAUSE)
            began, generation = monotonic(), self.generation
            counts = await queue.counts(self._model.view.where)
            if generation == self.generation:
                self._model.take_counts(counts)
            await asyncio.sleep(20 * (monotonic() - began))
        finally:
            self._recounting = None

    # -- The whole order -----------------------------------------------------------------------------------------

    def reload(self) -> None:
        """Read counts, order and what is in view again, soon; whatever was asked before is dropped."""
        self._stale = True
        if self.queue is None or self._reload is not None or self._ring is not None:
            return
        loop = asyncio.get_running_loop()
        self._ring = loop.call_later(max(0.0, self._pause_until - monotonic()), self._begin_reload)

    def _begin_reload(self) -> None:
        self._ring = None
        if self.queue is not None:
            self._reload = self._start(self._read_all(self.queue), "reading the queue")
            self._reload.add_done_callback(self._end_reload)

    def _end_reload(self, _task: asyncio.Task[None]) -> None:
        self._reload = None
        if self.queue is not None:
            self._settle(self.queue)
        if self._stale:
            self.reload()

    async def _read_all(self, queue: QueueService) -> None:
        model = self._model
        while self._stale and self.queue is queue:
            self._stale = False
            began, view = monotonic(), model.view
            counts, first = await asyncio.gather(queue.counts(view.where), queue.page(view))
            length = sum(counts.get(status, 0) for status in view.where.statuses or TaskStatus)
            if len(first) < PAGE:
                anchors = [row.key for row in first[:1]]
                length = len(first)
            else:
                if not model.is_known and view == model.view:  # to look at, while the keys are read
                    model.replace(view, counts, max(length, len(first)), [first[0].key], {0: first})
                anchors = await queue.anchors(view)
                length = max(length, (len(anchors) - 1) * PAGE + 1)
            pages: dict[int, list[QueueRow]] = {0: first}
            top = model.row_to_keep(view)
            if top is not None:  # what is seen stays where it is
                page = await queue.position(view, top.key) // PAGE
                for near in (page, page + 1):
                    if 0 < near < len(anchors):
                        pages[near] = await queue.page_at(view, anchors[near])
            self._pause_until = monotonic() + max(SHORTEST_PAUSE, 5 * (monotonic() - began))
            if view == model.view:
                model.replace(view, counts, length, anchors, pages)
            else:
                self._stale = True
