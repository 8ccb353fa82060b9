"""Start a program in a sandbox without a wrapper program. Linux only.

A sandbox permanently restricts a *thread* and what that thread starts. So each program gets its own thread, which
confines itself, starts the program and waits until the program ends: the parent death signal (`process.Launcher`) is
sent when the thread that started a program ends. The thread does nothing else. In particular, it opens no files and
imports nothing, because it may not be allowed to anymore.
"""

import asyncio
import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from ffmate_desktop.media.processes.protocol import ProcessProtocol
from ffmate_desktop.media.processes.sandbox import Sandbox

_T = TypeVar("_T")


assert sys.platform != "win32"  # noqa: S101 - for the type checker


async def start(
    argv: Sequence[str], sandbox: Sandbox, *, cwd: Path, env: Mapping[str, str], merged: bool
) -> tuple[int, ProcessProtocol]:
    """Start `argv` in its own session. Return its process ID and protocol. Raises OSError, ValueError.

    If this is cancelled, the program is killed as soon as it has started.
    """
    loop = asyncio.get_running_loop()
    readers, writers = _open_pipes(1 if merged else 2)
    starter = _Starter(argv, sandbox, cwd, env, writers)
    try:
        starter.begin()
        pid = await asyncio.shield(starter.started)
    except BaseException as trouble:
        for reader in readers:
            os.close(reader)
        if isinstance(trouble, asyncio.CancelledError):
            starter.started.add_done_callback(_kill)
        raise
    protocol = ProcessProtocol()
    transport = _Transport(pid, protocol)
    files = [os.fdopen(reader, "rb", 0) for reader in readers]
    try:
        for number, file in enumerate(files, 1):
            await loop.connect_read_pipe(partial(_PipeReader, transport, number), file)
    except BaseException:
        _kill(starter.started)
        raise
    protocol.connection_made(transport)
    starter.ended.add_done_callback(lambda ended: transport.on_exit(ended.result()))
    return pid, protocol


def _open_pipes(count: int) -> tuple[list[int], list[int]]:
    """Return read and write ends. Raises OSError and leaves nothing open if there are no descriptors left."""
    readers: list[int] = []
    writers: list[int] = []
    try:
        for _ in range(count):
            reader, writer = os.pipe()
            readers.append(reader)
            writers.append(writer)
    except OSError:
        for descriptor in (*readers, *writers):
            os.close(descriptor)
        raise
    return readers, writers


class _Starter:
    """The side of the thread. It owns the write ends of the pipes."""

    def __init__(
        self, argv: Sequence[str], sandbox: Sandbox, cwd: Path, env: Mapping[str, str], writers: Sequence[int]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._argv, self._sandbox, self._cwd, self._env = argv, sandbox, cwd, env
        self._writers = writers
        self.started: asyncio.Future[int] = self._loop.create_future()
        self.ended: asyncio.Future[int] = self._loop.create_future()

    def begin(self) -> None:
        """Start the thread. Raises OSError."""
        try:
            threading.Thread(target=self._run, name="starts ffmpeg", daemon=True).start()
        except RuntimeError as trouble:  # no more threads on this computer
            self._close()
            raise OSError(errno.EAGAIN, str(trouble)) from trouble

    def _run(self) -> None:
        """Confine this thread, start the program, and wait for it."""
        try:
            self._sandbox.enter()
            process = subprocess.Popen(
                self._argv, stdin=subprocess.DEVNULL, stdout=self._writers[0], stderr=self._writers[-1],
                cwd=self._cwd, env=self._env, start_new_session=True,
            )  # fmt: skip
        except BaseException as trouble:  # noqa: BLE001 - raised in the task that waits
            self._close()
            self._call_in_loop(self.started.set_exception, trouble)
            return
        self._close()
        self._call_in_loop(self.started.set_result, process.pid)
        code = process.wait()
        self._call_in_loop(self.ended.set_result, code)

    def _close(self) -> None:
        for writer in self._writers:
            os.close(writer)

    def _call_in_loop(self, function: Callable[[_T], object], value: _T) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(function, value)


class _Transport(asyncio.SubprocessTransport):
    """The part of asyncio's transport that `ProcessProtocol` uses: pipes, exit code, and end of connection."""

    def __init__(self, pid: int, protocol: ProcessProtocol) -> None:
        super().__init__()
        self._pid, self._protocol = pid, protocol
        self._code: int | None = None
        self.pipes: dict[int, asyncio.ReadTransport] = {}
        self.open = set[int]()

    def get_pid(self) -> int:
        """See asyncio.SubprocessTransport."""
        return self._pid

    def get_returncode(self) -> int | None:
        """See asyncio.SubprocessTransport."""
        return self._code

    def get_pipe_transport(self, fd: int) -> asyncio.BaseTransport | None:
        """See asyncio.SubprocessTransport."""
        return self.pipes.get(fd)

    def close(self) -> None:
        """Close the pipes."""
        for pipe in self.pipes.values():
            pipe.close()

    def on_exit(self, code: int) -> None:
        """Record that the program has ended."""
        self._code = code
        self._protocol.process_exited()
        self._finish()

    def on_data(self, number: int, data: bytes) -> None:
        """Pass on what the program wrote."""
        self._protocol.pipe_data_received(number, data)

    def on_pipe_closed(self, number: int, trouble: Exception | None) -> None:
        """Record that this pipe is closed, on either side."""
        self.open.discard(number)
        self._protocol.pipe_connection_lost(number, trouble)
        self._finish()

    def _finish(self) -> None:
        if self._code is not None and not self.open:
            self._protocol.connection_lost(None)


class _PipeReader(asyncio.Protocol):
    """Reads one pipe."""

    def __init__(self, transport: _Transport, number: int) -> None:
        self._process, self._number = transport, number

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.BaseProtocol."""
        assert isinstance(transport, asyncio.ReadTransport)  # noqa: S101 - of a pipe opened for reading
        self._process.pipes[self._number] = transport
        self._process.open.add(self._number)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._process.on_data(self._number, data)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.BaseProtocol."""
        self._process.on_pipe_closed(self._number, exc)


def _kill(started: "asyncio.Future[int]") -> None:
    if not started.cancelled() and started.exception() is None:
        with suppress(ProcessLookupError):
            os.killpg(started.result(), signal.SIGKILL)
