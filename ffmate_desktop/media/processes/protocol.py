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

GATHERING = 0.05
"""Seconds that small blocks gather in the system's buffer: ffmpeg writes its log in a hundred pieces, and each
would wake this program."""

MUCH = 16384
"""Bytes of a block after which reading goes on at once, so that no writer has to wait for us."""


class Pipe:
    """One output of a process. Hands blocks straight to a sink, a few times a second while they are small.

    Without a sink, the first blocks are held back and then the process has to wait.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self.transport: asyncio.ReadTransport | None = None
        self._sink: Sink | None = None
        self._held = bytearray()
        self._over = False
        self._gathers = True
        self._gathering: asyncio.TimerHandle | None = None

    def listen(self, sink: Sink | None) -> None:
        """Give everything to this sink from now on, beginning with what was held back."""
        self._sink = sink
        if sink is not None and self._held:
            held, self._held = bytes(self._held), bytearray()
            self.feed(held)
        if self._over:
            self.end()
        self._read_on()

    def feed(self, data: bytes) -> None:
        """Take a block from the process."""
        if self._sink is None:
            self._held += data
        elif not self.ended.done():
            try:
                self._sink(data)
            except Exception as trouble:  # noqa: BLE001 - a defect of the sink belongs to whoever waits
                self.ended.set_exception(trouble)
        if self._is_full() or (self._gathers and len(data) < MUCH):
            self._rest()

    def hurry(self) -> None:
        """The process has ended: read what it left, to the end."""
        self._gathers = False
        self._read_on()

    def _read_on(self) -> None:
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None
        if self.transport is not None and not self.transport.is_closing() and not self._is_full():
            self.transport.resume_reading()

    def end(self) -> None:
        """There is no more. What is held is still for somebody who comes to wait, though all is over."""
        self._over = True
        if self._gathering is not None:
            self._gathering.cancel()
        if not self._held and not self.ended.done():
            self.ended.set_result(None)

    def _rest(self) -> None:
        if self.transport is not None and not self.transport.is_closing() and self._gathering is None:
            self.transport.pause_reading()
            self._gathering = self._loop.call_later(GATHERING, self._read_on)

    def _is_full(self) -> bool:
        return self._sink is None and len(self._held) >= MOST_HELD


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
            found = self._transport.get_pipe_transport(number)
            pipe.transport = cast(asyncio.ReadTransport | None, found)
            if found is None:  # it goes into the other one
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
            pipe.hurry()
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
