"""Capture the log of a task's processes: first and last lines in memory, everything on disk up to a limit."""

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
"""Lines kept in memory for the diagnosis: the first ones name the inputs, the last ones the problem."""

ERROR_LINES = 64
"""Error lines kept from in between, so that the verdict doesn't depend on the length of the log."""

MAX_LINE = 16384
"""Maximum bytes of a line. Longer ones are split, so that memory stays bounded."""

DISK_LIMIT = 16 * 1024 * 1024
"""Maximum bytes of the log file of a task. An eighth is reserved for the last lines."""

WRITE_DELAY = 1.0
"""Seconds that lines may wait before they are written. Most tasks need one write, at their end."""


_ERROR = re.compile(r"\[(?:error|fatal|panic)\]")
_MARKER = b"[%d lines left out: the log is too long]\n"


class LogNote(str):
    """A line that this program adds to the log. The diagnosis ignores it."""

    __slots__ = ()


class LogCapture:
    """The log of a task, fed with the output of a pipe. It belongs to the event loop and must be closed.

    `path` is the file for the complete log, which is replaced; None writes no file. `on_lines` is called with the new
    lines of each block. Lines are valid Unicode without NUL characters, as PostgreSQL requires.
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
        """Add a block of a process's output, split anywhere."""
        self._add(self._splitter.feed(data))

    def note(self, text: str) -> None:
        """Add one or more lines of our own, after ending an incomplete line."""
        self.end_line()
        # Paths may contain surrogates for bytes that aren't text. Encoding them turns them into replacement
        # characters.
        self._add([LogNote(line) for line in LineSplitter().feed(os.fsencode(text) + b"\n")])

    def end_line(self) -> None:
        """Treat an incomplete line as complete, because its process has ended."""
        self._add(self._splitter.end())

    def lines(self) -> list[str]:
        """Return the first and the last lines and the first errors in between."""
        return [*self._first, *self._errors, *self._last]

    @property
    def left_out(self) -> int:
        """Number of lines in the middle that are no longer in memory."""
        return self._count - len(self.lines())

    async def close(self) -> None:
        """End the last line and write everything to the disk."""
        self.end_line()
        if self._file is not None:
            await self._file.close(self._last)

    def _add(self, lines: list[str]) -> None:
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
    """Splits blocks of bytes of any size into lines of text.

    If a line is overwritten with carriage returns, as encoders do to show progress, the last version counts.
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that are complete now, without line ends."""
        *complete, rest = (self._rest + data).split(b"\n")
        pieces = [piece for line in complete for piece in _pieces(_last_version(line))]
        *long, incomplete = _pieces(_last_version(rest))
        # A carriage return at the end may be the first half of \r\n: the next block decides.
        self._rest = incomplete + (b"\r" if rest.endswith(b"\r") else b"")
        return [piece.decode("utf-8", "replace").replace("\0", "\ufffd") for piece in pieces + long]

    def end(self) -> list[str]:
        """Return the incomplete line, if any, because no more data follows."""
        return self.feed(b"\n") if self._rest else []


def _last_version(line: bytes) -> bytes:
    return line.rstrip(b"\r").rpartition(b"\r")[2]


def _pieces(line: bytes) -> list[bytes]:
    pieces = []
    while len(line) > MAX_LINE:
        cut = MAX_LINE
        while cut > MAX_LINE - 3 and line[cut] & 0xC0 == 0x80:  # inside a multi-byte character
            cut -= 1
        pieces.append(line[:cut])
        line = line[cut:]
    return [*pieces, line]


class _LogFile:
    """A file that a thread writes, up to a limit. If the disk is full, the log is lost, not the task."""

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
        """Queue lines for writing, as long as the limit allows."""
        for line in lines:
            data = line.encode() + b"\n"
            if self._left_out or len(data) > self._room:
                self._left_out += 1
            else:
                self._room -= len(data)
                self._waiting += data
        self._schedule_write()

    async def close(self, last: Sequence[str]) -> None:
        """Write the queued lines. If lines were left out, add their number and as many `last` lines as fit."""
        if self._writing is not None:
            await self._writing
        if self._timer is not None:
            self._timer.cancel()
        self._waiting += self._ending(last)
        if self._waiting:
            await self._append()

    def _ending(self, last: Sequence[str]) -> bytes:
        tail: list[bytes] = []
        for line in reversed(last):
            data = line.encode() + b"\n"
            if len(tail) == self._left_out or len(data) > self._room_at_end:
                break
            self._room_at_end -= len(data)
            tail.append(data)
        missing = self._left_out - len(tail)
        self._left_out = 0
        return (_MARKER % missing if missing else b"") + b"".join(reversed(tail))

    def _schedule_write(self) -> None:
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
        self._schedule_write()

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
