"""Standard streams that may fail: the disk is full, the reader is gone, the stream is closed.

A command that only shows something ends with an error. A command that changes something continues silently and
reports the loss at the end. Its exit code is that of its work, so that no script repeats it.
"""

import errno
import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, TextIO, cast

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_SHOWS = frozenset({"ffmate-desktop", "list", "show", "log", "files", "export", "doctor", "version"})
"""Last words of commands that only produce output. Without a command, the output is the help."""

_DONE = {"submit": "The tasks are queued."}
"""For commands that people would repeat if they saw no answer."""

_READER_LEFT = frozenset({errno.EPIPE, errno.ESHUTDOWN, *([errno.EINVAL] if os.name == "nt" else [])})


class LostOutputError(Exception):
    """The output is lost, and the command has no other purpose. On an OSError, click would end the program."""

    def __init__(self, failure: OSError) -> None:
        super().__init__(f"The output can't be written: {failure.strerror or failure}.")
        self.is_wanted = failure.errno not in _READER_LEFT
        """False when its reader, such as `head`, has seen enough."""


class Output(io.FileIO):
    """Target of a standard stream. After the first failure it drops everything."""

    def __init__(self, descriptor: int, *, needed: bool, is_closed: bool = False) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._needed = needed
        self._is_closed = is_closed
        self._command = ""
        self._failure: OSError | None = None

    def belongs_to(self, command: str) -> None:
        """Set the command that prints from now on, such as `ffmate-desktop tasks list`."""
        self._command = command.rpartition(" ")[2]
        self._needed = self._command in _SHOWS

    def write(self, data: "ReadableBuffer", /) -> int:
        """Like io's; raises LostOutputError once if the command only produces output."""
        size = memoryview(data).nbytes
        if size and self._failure is None:  # click writes nothing, to find out whether a stream takes bytes
            try:
                if self._is_closed:
                    raise OSError(errno.EBADF, os.strerror(errno.EBADF))
                return super().write(data)
            except OSError as error:
                self._failure = error
                if self._needed:
                    raise LostOutputError(error) from error
        return size

    def lost(self) -> str:
        """A sentence if output was lost although the work was done."""
        if self._failure is None or self._needed or not (lost := LostOutputError(self._failure)).is_wanted:
            return ""
        return f"{lost} {_DONE.get(self._command, 'The command itself succeeded.')}"


def guard() -> None:
    """Put `Output` below stdout and stderr. Characters that a stream can't encode are replaced."""
    is_closed = [stream is None for stream in (sys.stdout, sys.stderr)]
    if sys.platform != "win32":  # a Windows program without a console has no standard streams and needs none
        _fill_gaps()
    sys.stdout = _guarded(sys.stdout, 1, needed=True, is_closed=is_closed[0])
    sys.stderr = _guarded(sys.stderr, 2, needed=False, is_closed=is_closed[1])


def output() -> Output | None:
    """The target of stdout; None where it isn't a file, such as a Windows console or text in memory."""
    raw = _raw(sys.stdout)
    return raw if isinstance(raw, Output) else None


def _raw(stream: TextIO) -> object:
    buffer = getattr(stream, "buffer", None)
    return getattr(buffer, "raw", buffer)  # python -u has no buffer in between


def _guarded(stream: TextIO, descriptor: int, *, needed: bool, is_closed: bool) -> TextIO:
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    stream.reconfigure(errors="replace")  # a Windows pipe or LANG=C may have neither → nor 日本
    if type(_raw(stream)) is not io.FileIO:
        return stream
    with suppress(OSError):
        stream.flush()
    raw = Output(descriptor, needed=needed, is_closed=is_closed)
    return io.TextIOWrapper(
        cast(BinaryIO, raw) if stream.write_through else io.BufferedWriter(raw),
        *(stream.encoding, "replace"),
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _fill_gaps() -> None:
    """Open closed standard streams. Otherwise the next file would get their number and our output."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, "r", closefd=False)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)
