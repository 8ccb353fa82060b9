"""Sends this node's log lines to the cluster in batches: bounded, and never lines about the sending itself."""

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
MAX_WAITING_LINES = 5_000
"""Lines that wait for the database; of more, the oldest are dropped and counted."""
MAX_MESSAGE_LENGTH = 4_000
MAX_AGE = timedelta(days=7)
MAX_STORED_LINES = 200_000
CLEANING_INTERVAL = 600.0

_sending: ContextVar[bool] = ContextVar("sending", default=False)
_PASSWORD = re.compile(r"(\w+://[^:/@\s]*:)[^\s]*@|((?:pass(?:word|wd)?|options)=)[^&\s'\"]*", re.IGNORECASE)


class LogFeed(logging.Handler):
    """Collects the lines that the rules let through. `run` sends them until cancelled, `flush_now` sends the rest.

    Lines may come from any thread. What is logged while lines are sent is not sent.
    """

    def __init__(self, rules: str) -> None:
        super().__init__()
        self.addFilter(logs.DebugRules(rules))
        self._waiting: deque[NewLogLine] = deque()
        self._dropped = 0
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._has_lines = asyncio.Event()
        self._formatter = logging.Formatter()

    def emit(self, record: logging.LogRecord) -> None:
        """Store a line; never blocks, and never raises."""
        if _sending.get():
            return
        try:
            line = self._line(record)
        except Exception:  # noqa: BLE001 - a line that cannot be formatted is handled by logging, as usual
            self.handleError(record)
            return
        with self._guard:
            if len(self._waiting) == MAX_WAITING_LINES:
                self._waiting.popleft()
                self._dropped += 1
            self._waiting.append(line)
            loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._has_lines.set)

    def _line(self, record: logging.LogRecord) -> NewLogLine:
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + self._formatter.formatException(record.exc_info)
        text = without_passwords(text)
        if len(text) > MAX_MESSAGE_LENGTH:
            text = text[:MAX_MESSAGE_LENGTH] + " …"
        level, _, topic = logs.namespace(record).partition(":")
        return NewLogLine(record.created, LogLevel[level.upper()], topic, text)

    async def run(self, database: Database, node: str, incarnation: Callable[[], int]) -> None:
        """Send about once a second, and remove old lines now and then, until cancelled."""
        _sending.set(True)  # in this task alone
        loop = asyncio.get_running_loop()
        with self._guard:
            self._loop = loop
        self._has_lines.set()  # lines may have been logged before
        backoff, cleaned = database_backoff(), -CLEANING_INTERVAL
        while True:
            await self._has_lines.wait()
            await asyncio.sleep(INTERVAL)
            try:
                await self._send(database, node, incarnation())
                if loop.time() - cleaned >= CLEANING_INTERVAL:
                    await node_logs.forget(database, MAX_AGE, MAX_STORED_LINES)
                    cleaned = loop.time()
                backoff.reset()
            except CONNECTION_LOST as error:
                logs.database.debug("Log lines wait: %s", reason(error))
                await asyncio.sleep(backoff.next_delay())

    async def flush_now(self, database: Database, node: str, incarnation: int) -> None:
        """Send what is left. What the database does not accept is dropped: the node's own stderr has it."""
        token = _sending.set(True)
        try:
            await self._send(database, node, incarnation)
        except CONNECTION_LOST as error:
            logs.database.debug("The last log lines were not sent: %s", reason(error))
        finally:
            _sending.reset(token)

    async def _send(self, database: Database, node: str, incarnation: int) -> None:
        self._has_lines.clear()
        with self._guard:
            lines = list(self._waiting)
            dropped = self._dropped
            self._waiting.clear()
            self._dropped = 0
        if dropped:
            note = f"{dropped} lines are missing here: the database was away"
            lines.insert(0, NewLogLine(lines[0].at, LogLevel.WARN, "database", note))
        if not lines:
            return
        try:
            await node_logs.add(database, node, incarnation, lines)
        except BaseException:  # also when cancelled: the lines wait for the next time
            with self._guard:
                unsent = lines[1:] if dropped else lines
                room = MAX_WAITING_LINES - len(self._waiting)
                self._waiting.extendleft(reversed(unsent[max(0, len(unsent) - room) :]))
                self._dropped += dropped + max(0, len(unsent) - room)
            self._has_lines.set()
            raise


def without_passwords(text: str) -> str:
    """The text with *** for every password of an address or a setting."""
    return _PASSWORD.sub(lambda found: f"{found[1]}***@" if found[1] else f"{found[2]}***", text)


@contextmanager
def receiving_logs(feed: LogFeed) -> Iterator[LogFeed]:
    """Pass every log line of the program to the feed inside the block."""
    logs.root.addHandler(feed)
    try:
        yield feed
    finally:
        logs.root.removeHandler(feed)
