"""Keeps what a task's processes say: its ends in memory, all of it on disk up to a limit, news for a caller."""

import asyncio
import os
import re
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from ffmate_desktop import logs
from ffmate_desktop.private_files import make_private_folder, open_private

FIRST_LINES = 64
LAST_LINES = 200
"""Lines kept in memory for the diagnosis: the beginning names the inputs, the end the trouble."""

ERROR_LINES = 64
"""Lines with the level of an error kept from between, so that the verdict does not depend on a log's length."""

LONGEST_LINE = 16384
"""Bytes of one line; a longer one goes on in the next, so that memory stays bounded."""

DISK_LIMIT = 16 * 1024 * 1024
"""Bytes of the file of one task; an eighth of them is for the last lines."""

WRITE_DELAY = 1.0
"""Seconds that lines may wait for their way to the disk. Most tasks need one write, at their end."""


_ERROR = re.compile(r"\[(?:error|fatal|panic)\]")
_MARKER = b"[%d lines left out: the log is too long]\n"


class LogNote(str):
    """A line of our own among those of the processes: it says nothing about what went wrong."""

    __slots__ = ()


class LogCapture:
    """The log of one task, fed with the blocks of a pipe; belongs to the event loop and must be closed.

    `path` gets the complete log, replacing what is there; None keeps it off the disk. `on_lines` is called with
    the new lines of each block, for a caller who gathers and ships them. Lines are valid Unicode without zero
    characters, which is what PostgreSQL takes.
    """

    def __init__(
        self,
        path: Path | None = None,
        on_lines: Callable[[list[str]], object] | None = None,
        *,
        disk_limit: int = DISK_LIMIT,
    ) -> None:
        self._splitter = LineSplitter()
        self._first: list[str] = []
        self._errors: list[str] = []
        self._last: deque[str] = deque()
        self._count = 0
        self._file = None if path is None else _LogFile(path, disk_limit)
        self._on_lines = on_lines

    def feed(self, data: bytes) -> None:
        """Take a block of a process's output, cut anywhere."""
        self._take(self._splitter.feed(data))

    def note(self, text: str) -> None:
        """Add a line, or several, of our own, after whatever was begun."""
        self.end_line()
        # Paths may carry bytes that are no text, as surrogates; as bytes they become replacement characters.
        self._take([LogNote(line) for line in LineSplitter().feed(os.fsencode(text) + b"\n")])

    def end_line(self) -> None:
        """Count a line that was begun as complete, because its process has ended."""
        self._take(self._splitter.end())

    def lines(self) -> list[str]:
        """The first and the last lines and the first errors between; `left_out` are missing."""
        return [*self._first, *self._errors, *self._last]

    @property
    def left_out(self) -> int:
        """How many lines in the middle are no longer in memory."""
        return self._count - len(self.lines())

    async def close(self) -> None:
        """End the last line and bring everything to the disk."""
        self.end_line()
        if self._file is not None:
            await self._file.close(self._last)

    def _take(self, lines: list[str]) -> None:
        if not lines:
            return
        self._count += len(lines)
        room = FIRST_LINES - len(self._first)
        self._first += lines[:room]
        self._last.extend(lines[room:])
        while len(self._last) > LAST_LINES:
            line = self._last.popleft()
            if len(self._errors) < ERROR_LINES and _ERROR.search(line):
                self._errors.append(line)
        if self._file is not None:
            self._file.write(lines)
        if self._on_lines is not None:
            self._on_lines(lines)


class LineSplitter:
    """Cuts bytes, which come in blocks of any size, into lines of text.

    Of a line that is rewritten with carriage returns, as encoders do with their progress, the last version counts.
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """The lines that are complete now, without their ends."""
        *whole, rest = (self._rest + data).split(b"\n")
        pieces = [piece for line in whole for piece in _pieces(_last_version(line))]
        *long, begun = _pieces(_last_version(rest))
        # A carriage return at the end may be the first half of \r\n: what follows decides.
        self._rest = begun + (b"\r" if rest.endswith(b"\r") else b"")
        return [piece.decode("utf-8", "replace").replace("\0", "\ufffd") for piece in pieces + long]

    def end(self) -> list[str]:
        """The line that was begun, if any, because nothing will follow."""
        return self.feed(b"\n") if self._rest else []


def _last_version(line: bytes) -> bytes:
    return line.rstrip(b"\r").rpartition(b"\r")[2]


def _pieces(line: bytes) -> list[bytes]:
    pieces = []
    while len(line) > LONGEST_LINE:
        cut = LONGEST_LINE
        while cut > LONGEST_LINE - 3 and line[cut] & 0xC0 == 0x80:  # inside a character of several bytes
            cut -= 1
        pieces.append(line[:cut])
        line = line[cut:]
    return [*pieces, line]


class _LogFile:
    """A file that grows in a thread, a write at a time, up to a limit; a full disk costs the log, not the task."""

    def __init__(self, path: Path, limit: int) -> None:
        self._path = path
        self._room_at_end = limit // 8
        self._room = limit - self._room_at_end - len(_MARKER % 10**9)
        self._left_out = 0
        self._waiting = bytearray()
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Future[None] | None = None
        self._mode = "wb"
        self._broken = False

    def write(self, lines: Sequence[str]) -> None:
        """Put lines in the queue for the disk, as long as there is room."""
        for line in lines:
            data = line.encode() + b"\n"
            if self._left_out or len(data) > self._room:
                self._left_out += 1
            else:
                self._room -= len(data)
                self._waiting += data
        self._plan()

    async def close(self, last: Sequence[str]) -> None:
        """Write what waits and, if lines were left out, how many and as many of the `last` as there is room for."""
        if self._writing is not None:
            await self._writing
        if self._timer is not None:
            self._timer.cancel()
        self._waiting += self._ending(last)
        if self._waiting:
            await self._append()

    def _ending(self, last: Sequence[str]) -> bytes:
        kept: list[bytes] = []
        for line in reversed(last):
            data = line.encode() + b"\n"
            if len(kept) == self._left_out or len(data) > self._room_at_end:
                break
            self._room_at_end -= len(data)
            kept.append(data)
        missing = self._left_out - len(kept)
        self._left_out = 0
        return (_MARKER % missing if missing else b"") + b"".join(reversed(kept))

    def _plan(self) -> None:
        if self._waiting and self._timer is None and self._writing is None:
            self._timer = asyncio.get_running_loop().call_later(WRITE_DELAY, self._start)

    def _start(self) -> None:
        self._timer = None
        self._writing = self._append()
        self._writing.add_done_callback(self._written)

    def _append(self) -> asyncio.Future[None]:
        data, self._waiting = bytes(self._waiting), bytearray()
        return asyncio.get_running_loop().run_in_executor(None, self._append_now, data)

    def _written(self, _: asyncio.Future[None]) -> None:
        self._writing = None
        self._plan()

    def _append_now(self, data: bytes) -> None:
        if self._broken:
            return
        try:
            make_private_folder(self._path.parent)
            with open(self._path, self._mode, opener=open_private) as file:
                file.write(data)
        except OSError as trouble:
            self._broken = True
            logs.task.warning("The log %s is incomplete: %s", self._path, trouble)
        self._mode = "ab"
