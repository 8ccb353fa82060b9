"""The node's own log lines on their way to the cluster: bounded, in batches, and never about themselves."""

import asyncio
import logging
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta

from ffmate_desktop import logs
from ffmate_desktop.db import node_logs
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, Database, reason
from ffmate_desktop.domain.node_log import LogLevel, NewLogLine
from ffmate_desktop.node.retry import database_backoff

INTERVAL = 1.0
KEPT_LINES = 5_000
"""So many lines wait for the database; of more, the oldest are dropped and counted."""
LONGEST_MESSAGE = 4_000
REMEMBERED = timedelta(days=7)
MOST_LINES = 200_000
CLEANING = 600.0

_shipping: ContextVar[bool] = ContextVar("shipping", default=False)
_PASSWORD = re.compile(r"(\w+://[^:/@\s]*:)[^\s]*@|((?:pass(?:word|wd)?|options)=)[^&\s'\"]*", re.IGNORECASE)


class LogFeed(logging.Handler):
    """Collects lines that the rules let through; `run` ships them until cancelled, `flush_now` what is left.

    Lines may come from any thread. What is logged while lines are shipped is not shipped.
    """

    def __init__(self, rules: str) -> None:
        super().__init__()
        self.addFilter(logs.DebugRules(rules))
        self._waiting: deque[NewLogLine] = deque()
        self._dropped = 0
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self._formatter = logging.Formatter()

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line over; never blocks, and never raises."""
        if _shipping.get():
            return
        try:
            line = self._line(record)
        except Exception:  # noqa: BLE001 - a line that cannot be formatted is the concern of logging, as ever
            self.handleError(record)
            return
        with self._guard:
            if len(self._waiting) == KEPT_LINES:
                self._waiting.popleft()
                self._dropped += 1
            self._waiting.append(line)
            loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._news.set)

    def _line(self, record: logging.LogRecord) -> NewLogLine:
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + self._formatter.formatException(record.exc_info)
        text = without_passwords(text)
        if len(text) > LONGEST_MESSAGE:
            text = text[:LONGEST_MESSAGE] + " …"
        level, _, topic = logs.namespace(record).partition(":")
        return NewLogLine(record.created, LogLevel[level.upper()], topic, text)

    async def run(self, database: Database, node: str, incarnation: Callable[[], int]) -> None:
        """Ship about once a second, and clean up now and then, until cancelled."""
        _shipping.set(True)  # in this task alone
        loop = asyncio.get_running_loop()
        with self._guard:
            self._loop = loop
        self._news.set()  # what came before
        backoff, cleaned = database_backoff(), -CLEANING
        while True:
            await self._news.wait()
            await asyncio.sleep(INTERVAL)
            try:
                await self._ship(database, node, incarnation())
                if loop.time() - cleaned >= CLEANING:
                    await node_logs.forget(database, REMEMBERED, MOST_LINES)
                    cleaned = loop.time()
                backoff.reset()
            except CONNECTION_LOST as error:
                logs.database.debug("Log lines wait: %s", reason(error))
                await asyncio.sleep(backoff.next_delay())

    async def flush_now(self, database: Database, node: str, incarnation: int) -> None:
        """Ship what is left; what the database does not take is dropped, since it stands on the node's own stderr."""
        token = _shipping.set(True)
        try:
            await self._ship(database, node, incarnation)
        except CONNECTION_LOST as error:
            logs.database.debug("The last log lines were not shipped: %s", reason(error))
        finally:
            _shipping.reset(token)

    async def _ship(self, database: Database, node: str, incarnation: int) -> None:
        self._news.clear()
        with self._guard:
            lines = list(self._waiting)
            dropped = self._dropped
            self._waiting.clear()
            self._dropped = 0
        if dropped:
            note = f"{dropped} lines are left out here: the database was away"
            lines.insert(0, NewLogLine(lines[0].at, LogLevel.WARN, "database", note))
        if not lines:
            return
        try:
            await node_logs.add(database, node, incarnation, lines)
        except BaseException:  # also when cancelled: they wait for the next time
            with self._guard:
                kept = lines[1:] if dropped else lines
                room = KEPT_LINES - len(self._waiting)
                self._waiting.extendleft(reversed(kept[max(0, len(kept) - room) :]))
                self._dropped += dropped + max(0, len(kept) - room)
            self._news.set()
            raise


def without_passwords(text: str) -> str:
    """The text with every password of an address or a setting as ***."""
    return _PASSWORD.sub(lambda found: f"{found[1]}***@" if found[1] else f"{found[2]}***", text)


@contextmanager
def collecting(feed: LogFeed) -> Iterator[LogFeed]:
    """The feed hears every line of the program inside the block."""
    logs.root.addHandler(feed)
    try:
        yield feed
    finally:
        logs.root.removeHandler(feed)
