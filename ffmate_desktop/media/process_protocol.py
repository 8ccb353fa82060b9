"""What asyncio tells of a process: blocks of its two outputs, and its exit code as soon as there is one."""

import asyncio
from collections.abc import Callable
from typing import cast

Sink = Callable[[bytes], object]
"""Takes the blocks of a pipe as they come, cut anywhere. Must not block; what it raises ends the reading."""

PIPE_PATIENCE = 1.0
"""Seconds after the end of a process during which pipes are read that a child of it still holds open."""

MOST_HELD = 65536
"""Bytes of output that are kept for somebody who has not come yet to wait for the process."""


class Pipe:
    """One output of a process. Hands blocks straight to a sink: ffmpeg writes its log in hundreds of tiny ones.

    Without a sink, the first blocks are held back and then the process has to wait.
    """

    def __init__(self) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.ReadTransport | None = None
        self._sink: Sink | None = None
        self._held = bytearray()

    def listen(self, sink: Sink | None) -> None:
        """Give everything to this sink from now on, beginning with what was held back."""
        self._sink = sink
        if sink is not None and self._held:
            held, self._held = bytes(self._held), bytearray()
            self.feed(held)
        if sink is not None and self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()

    def feed(self, data: bytes) -> None:
        """Take a block from the process."""
        if self._sink is None:
            self._held += data
            if len(self._held) >= MOST_HELD and self.transport is not None:
                self.transport.pause_reading()
        elif not self.ended.done():
            try:
                self._sink(data)
            except Exception as trouble:  # noqa: BLE001 - a defect of the sink belongs to whoever waits
                self.ended.set_exception(trouble)

    def end(self) -> None:
        """There is no more."""
        if not self.ended.done():
            self.ended.set_result(None)


class ProcessProtocol(asyncio.SubprocessProtocol):
    """Knows the exit code as soon as there is one; asyncio's own `wait` also waits for every pipe to close."""

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
            pipe.transport = cast(asyncio.ReadTransport, self._transport.get_pipe_transport(number))

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
        self._closing = self._loop.call_later(PIPE_PATIENCE, self._transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.BaseProtocol."""
        if self._closing is not None:
            self._closing.cancel()
        self._transport.close()

    def give_up(self) -> None:
        """Count a process that cannot be killed as killed, and let go of its pipes."""
        if not self.exit_code.done():
            self.exit_code.set_result(-9)
        self._transport.close()
