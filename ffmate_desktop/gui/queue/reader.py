"""Decides when to read which part of the queue: the order, pages in view, changed tasks, counts."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from ffmate_desktop.domain.queue import PAGE_SIZE, QueueQuery, QueueRow
from ffmate_desktop.domain.status import TaskStatus
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.queue.page_cache import MAX_PAGES, PageCache, QueueOrder

if TYPE_CHECKING:  # the window is painted before these are loaded
    from ffmate_desktop.services.queue import QueueService

MAX_FETCHES = 3
"""Pages read at once. Of the pages waiting, the one requested last is read first."""

MIN_PAUSE = 0.5
"""Seconds between two reads of the whole order; longer when a read is slow."""


class QueueTarget(Protocol):
    """What a QueueReader reads for: the model, which takes in everything that was read."""

    query: QueueQuery
    is_known: bool
    cache: PageCache

    def anchor_row(self, query: QueueQuery) -> QueueRow | None:
        """The row to keep in place when this query is read again."""
        ...

    def on_page_read(self, page: int, rows: list[QueueRow]) -> None: ...

    def on_counts_read(self, counts: dict[TaskStatus, int]) -> None: ...

    def apply_rows(self, ids: Sequence[int], found: Mapping[int, QueueRow]) -> bool:
        """Apply changed tasks; ids missing from `found` are deleted. False if the whole order must be read again."""
        ...

    def apply_order(self, order: QueueOrder) -> None: ...


class QueueReader:
    """Reads the queue for one model. `generation` counts the orders read so far: a page requested under an earlier
    generation has outdated row numbers."""

    def __init__(self, model: QueueTarget, bridge: Bridge) -> None:
        self._model, self._bridge = model, bridge
        self.queue: QueueService | None = None
        self.generation = 0
        self._requested: list[int] = []
        self._fetching: set[int] = set()
        self._changed_while_reading: set[int] = set()  # the read may have missed these changes
        self._reload: asyncio.Task[None] | None = None
        self._stale = False
        self._pause_until = 0.0
        self._recounting: asyncio.Task[None] | None = None
        self._reload_timer: asyncio.TimerHandle | None = None
        bridge.tasks_changed.connect(self._on_tasks_changed)

    def attach(self, queue: QueueService) -> None:
        self.queue = queue
        self._recounting = None  # a coroutine cancelled before its first step never runs its `finally`
        self._fetching.clear()
        self._changed_while_reading.clear()
        self._requested.clear()
        self.generation += 1

    def detach(self) -> None:
        self.queue = None
        if self._reload_timer is not None:
            self._reload_timer.cancel()
            self._reload_timer = None

    @property
    def is_reading(self) -> bool:
        return self._reload is not None

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return self._bridge.run_quietly(work, name)

    # -- Pages ---------------------------------------------------------------------------------------------------

    def request_page(self, page: int) -> None:
        if page in self._requested:
            self._requested.remove(page)
        self._requested.append(page)
        self._fetch_next()

    def drop_requests(self) -> None:
        """Forget requested pages: their row numbers are outdated."""
        self._requested.clear()

    def _fetch_next(self) -> None:
        cache = self._model.cache
        while self._requested and len(self._fetching) < MAX_FETCHES and self.queue is not None:
            page = self._requested.pop()
            if page in self._fetching or page in cache.pages or page >= len(cache.anchors):
                continue
            self._fetching.add(page)
            self._start(self._read_page(self.queue, page, self.generation), "reading a page of the queue")
        del self._requested[:-MAX_PAGES]

    async def _read_page(self, queue: QueueService, page: int, generation: int) -> None:
        model = self._model
        try:
            rows = await queue.page_at(model.query, model.cache.anchors[page])
        finally:
            self._fetching.discard(page)
        if generation == self.generation:
            model.on_page_read(page, rows)
            self._reread_changed(queue)
        self._fetch_next()

    # -- Changes -------------------------------------------------------------------------------------------------

    def _on_tasks_changed(self, changed: frozenset[int] | None) -> None:
        queue, model = self.queue, self._model
        if queue is None:
            return
        if changed is None or not model.is_known:
            self.reload()
            return
        if self._fetching or self._reload is not None:
            self._changed_while_reading |= changed
        cached = [task for task in changed if model.cache.has(task)]
        others = [task for task in changed if not model.cache.has(task)]
        if others and not self._is_default_query():
            self.reload()  # a task outside the cached pages may now match the query, or no longer match
        newest = model.cache.newest()
        new = [task for task in others if task > newest] if self._is_default_query() else []
        if cached or new:
            self._start(self._read_rows(queue, cached + new, self.generation), "reading changed tasks")
        if self._recounting is None:
            self._recounting = self._start(self._recount(queue), "counting")

    def _is_default_query(self) -> bool:
        """All tasks, newest first: only additions and deletions change this order."""
        return self._model.query == QueueQuery()

    async def _read_rows(self, queue: QueueService, ids: list[int], generation: int) -> None:
        model = self._model
        rows = await queue.rows(ids, model.query.column)
        if generation != self.generation:  # the order was read in between, perhaps before these changes
            self._start(self._read_rows(queue, ids, self.generation), "reading changed tasks")
            return
        if not model.apply_rows(ids, {row.id: row for row in rows}):
            self.reload()

    def _reread_changed(self, queue: QueueService) -> None:
        """Read tasks again that changed during a read."""
        tasks = [task for task in self._changed_while_reading if self._model.cache.has(task)]
        if not self._fetching and self._reload is None:
            self._changed_while_reading.clear()
        if tasks:
            self._start(self._read_rows(queue, tasks, self.generation), "reading changed tasks")

    async def _recount(self, queue: QueueService) -> None:
        """Count after a short delay, then pause before the next count, however much changes."""
        try:
            await asyncio.sleep(MIN_PAUSE)
            began, generation = monotonic(), self.generation
            counts = await queue.counts(self._model.query.where)
            if generation == self.generation:
                self._model.on_counts_read(counts)
            await asyncio.sleep(20 * (monotonic() - began))
        finally:
            self._recounting = None

    # -- The whole order -----------------------------------------------------------------------------------------

    def reload(self) -> None:
        """Schedule reading the counts, the order and the rows in view."""
        self._stale = True
        if self.queue is None or self._reload is not None or self._reload_timer is not None:
            return
        loop = asyncio.get_running_loop()
        self._reload_timer = loop.call_later(max(0.0, self._pause_until - monotonic()), self._begin_reload)

    def _begin_reload(self) -> None:
        self._reload_timer = None
        if self.queue is not None:
            self._reload = self._start(self._read_all(self.queue), "reading the queue")
            self._reload.add_done_callback(self._end_reload)

    def _end_reload(self, _task: asyncio.Task[None]) -> None:
        self._reload = None
        if self.queue is not None:
            self._reread_changed(self.queue)
        if self._stale:
            self.reload()

    async def _read_all(self, queue: QueueService) -> None:
        model = self._model
        while self._stale and self.queue is queue:
            self._stale = False
            began, query = monotonic(), model.query
            counts, first = await asyncio.gather(queue.counts(query.where), queue.page(query))
            length = sum(counts.get(status, 0) for status in query.where.statuses or TaskStatus)
            if len(first) < PAGE_SIZE:
                anchors = [row.key for row in first[:1]]
                length = len(first)
            else:
                if not model.is_known and query == model.query:  # show the first page while the keys are read
                    shown = max(length, len(first))
                    model.apply_order(QueueOrder(query, counts, shown, [first[0].key], {0: first}))
                anchors = await queue.anchors(query)
                length = max(length, (len(anchors) - 1) * PAGE_SIZE + 1)
            pages: dict[int, list[QueueRow]] = {0: first}
            top = model.anchor_row(query)
            if top is not None:  # keep the rows in view in place
                page = await queue.position(query, top.key) // PAGE_SIZE
                for number in (page, page + 1):
                    if 0 < number < len(anchors):
                        pages[number] = await queue.page_at(query, anchors[number])
            self._pause_until = monotonic() + max(MIN_PAUSE, 5 * (monotonic() - began))
            if query == model.query:
                model.apply_order(QueueOrder(query, counts, length, anchors, pages))
            else:
                self._stale = True
