"""Receives from asyncio what a process does: blocks of its two outputs, and its exit code without delay."""

import asyncio
from collections.abc import Callable
from typing import cast

Sink = Callable[[bytes], object]
"""Receives the blocks of a pipe, split anywhere. It must not block. An exception ends the reading."""

PIPE_PATIENCE = 1.0
"""Seconds to keep reading pipes after a process has ended, if one of its children still holds them open."""

MAX_BUFFERED = 65536
"""Maximum bytes of output that are buffered until `Process.wait` is called."""

COLLECT_DELAY = 0.05
"""Seconds that small blocks collect in the system's buffer. ffmpeg writes its log in a hundred pieces, and each would
wake this program."""

LARGE_BLOCK = 16384
"""After a block of this size, reading continues at once, so that no writer has to wait."""


class Pipe:
    """One output of a process. Passes blocks directly to a sink, a few times a second while they are small.

    Without a sink, the first blocks are buffered. Then the process has to wait.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self.transport: asyncio.ReadTransport | None = None
        self._sink: Sink | None = None
        self._buffer = bytearray()
        self._at_end = False
        self._collects = True
        self._collect_timer: asyncio.TimerHandle | None = None

    def set_sink(self, sink: Sink | None) -> None:
        """Pass everything to this sink from now on, starting with the buffered blocks."""
        self._sink = sink
        if sink is not None and self._buffer:
            buffered, self._buffer = bytes(self._buffer), bytearray()
            self.feed(buffered)
        if self._at_end:
            self.end()
        self._resume_reading()

    def feed(self, data: bytes) -> None:
        """Receive a block from the process."""
        if self._sink is None:
            self._buffer += data
        elif not self.ended.done():
            try:
                self._sink(data)
            except Exception as trouble:  # noqa: BLE001 - an error in the sink is raised in the waiting task
                self.ended.set_exception(trouble)
        if self._is_full() or (self._collects and len(data) < LARGE_BLOCK):
            self._pause_reading()

    def drain(self) -> None:
        """Read the rest without delays, because the process has ended."""
        self._collects = False
        self._resume_reading()

    def _resume_reading(self) -> None:
        if self._collect_timer is not None:
            self._collect_timer.cancel()
            self._collect_timer = None
        if self.transport is not None and not self.transport.is_closing() and not self._is_full():
            self.transport.resume_reading()

    def end(self) -> None:
        """Record the end of the pipe. Buffered data is still available to a later `set_sink`."""
        self._at_end = True
        if self._collect_timer is not None:
            self._collect_timer.cancel()
        if not self._buffer and not self.ended.done():
            self.ended.set_result(None)

    def _pause_reading(self) -> None:
        if self.transport is not None and not self.transport.is_closing() and self._collect_timer is None:
            self.transport.pause_reading()
            self._collect_timer = self._loop.call_later(COLLECT_DELAY, self._resume_reading)

    def _is_full(self) -> bool:
        return self._sink is None and len(self._buffer) >= MAX_BUFFERED


class ProcessProtocol(asyncio.SubprocessProtocol):
    """Provides the exit code immediately. asyncio's own `wait` also waits until every pipe is closed."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.exit_code: asyncio.Future[int] = self._loop.create_future()
        self.pipes = {1: Pipe(), 2: Pipe()}
        self._transport: asyncio.SubprocessTransport
        self._closing: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.BaseProtocol."""
        self._transport = cast(asyncio.SubprocessTransport, transport)
        for number, pipe in self.pipes.items():
            transport_of_pipe = self._transport.get_pipe_transport(number)
            pipe.transport = cast(asyncio.ReadTransport | None, transport_of_pipe)
            if transport_of_pipe is None:  # it is merged into the other one
                pipe.end()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """See asyncio.SubprocessProtocol."""
        self.pipes[fd].feed(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """See asyncio.SubprocessProtocol."""
        self.pipes[fd].end()

    def process_exited(self) -> None:
        """See asyncio.SubprocessProtocol."""
        code = self._transport.get_returncode()
        if code is not None and not self.exit_code.done():
            self.exit_code.set_result(code)
        for pipe in self.pipes.values():
            pipe.drain()
        self._closing = self._loop.call_later(PIPE_PATIENCE, self._transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.BaseProtocol."""
        if self._closing is not None:
            self._closing.cancel()
        self._transport.close()

    def give_up(self) -> None:
        """Treat a process that can't be killed as killed, and close its pipes."""
        if not self.exit_code.done():
            self.exit_code.set_result(-9)
        self._transport.close()
