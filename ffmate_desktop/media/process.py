"""Starts a process that can be paused, ends with its whole tree, and does not outlive this program."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self, cast

import psutil

from ffmate_desktop import logs
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.media.process_tree import ProcessTree

Sink = Callable[[bytes], object]
"""Takes the blocks of a pipe as they come, cut anywhere. Must not block; what it raises ends the reading."""

GRACE = 1.0
"""Seconds from SIGTERM to SIGKILL: a cancelled tree is promised to be gone within two seconds."""

KILL_PATIENCE = 5.0
"""Seconds after SIGKILL until a process that hangs in the kernel, as on a dead network share, is given up."""

PIPE_PATIENCE = 1.0
"""Seconds after the end of a process during which pipes are read that a child of it still holds open."""

SCAN_PATIENCE = 0.5
"""Seconds that looking for members of the tree may delay the first signal."""

MOST_HELD = 65536
"""Bytes of output that are kept for somebody who has not come yet to wait for the process."""

DROPPED_VARIABLES = frozenset({"FFREPORT", "AV_LOG_FORCE_COLOR", "AV_LOG_FORCE_256COLOR"})
"""Variables of the user that would write a report file into the working folder or colours into the log."""

SET_VARIABLES = {"LC_ALL": "C.UTF-8", "SVT_LOG": "1"}
"""One language and encoding for messages; SVT encoders log only what is wrong."""


@dataclass(frozen=True)
class Launcher:
    """How processes are started on this computer. Made once, by `find`, and handed to whoever starts some.

    `leash` are words put before every command that make the kernel kill it when this program dies, even by
    kill -9. Linux only; empty elsewhere and where setpriv is missing. The kernel acts when the *thread* that
    started the process ends, so the event loop has to run in a thread that lasts. What was started within the
    last millisecond may escape.
    """

    leash: tuple[str, ...] = ()

    @classmethod
    async def find(cls) -> Self:
        """The launcher for this computer; tries setpriv once, since old and small versions lack the option."""
        setpriv = await asyncio.to_thread(shutil.which, "setpriv") if sys.platform == "linux" else None
        if setpriv is None:
            return cls()
        leash = (setpriv, "--pdeathsig", "KILL", "--")
        attempt = await Launcher().spawn([*leash, setpriv, "--version"], cwd=Path("/"))
        try:
            async with asyncio.timeout(10):
                works = await attempt.wait() == 0
        except TimeoutError:
            works = False
        await attempt.stop()
        return cls(leash if works else ())

    async def spawn(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        low_priority: bool = True,
    ) -> "Process":
        """Start `argv` in `cwd`, with nothing to read and both outputs in pipes; then call `Process.wait`.

        `env` replaces this program's own environment; what disturbs ffmpeg's log is dropped from either.
        Low priority means nice 10 and the lowest normal I/O level, or the class "below normal" on Windows.
        Raises UserError if the program cannot be started.
        """
        environment = {k: v for k, v in (env or os.environ).items() if k not in DROPPED_VARIABLES}
        try:
            if self.leash:
                _check_program(argv[0], cwd)
            transport, protocol = await asyncio.get_running_loop().subprocess_exec(
                _Protocol,
                *self.leash,
                *argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=cwd,
                env=environment | SET_VARIABLES,
                **_apart(low_priority),
            )
        except (OSError, ValueError) as trouble:  # ValueError: a zero character in an argument
            reason = trouble.strerror if isinstance(trouble, OSError) else str(trouble)
            raise UserError(
                f"{argv[0]} could not be started in {cwd}: {reason or trouble}.",
                "Check that the program and the folder exist and that you may use them.",
            ) from trouble
        process = Process(transport.get_pid(), protocol)
        if low_priority:
            process.tree.lower_priority()
        return process


class Process:
    """A running process that leads its own session, or process group on Windows; made by `Launcher.spawn`."""

    def __init__(self, pid: int, protocol: "_Protocol") -> None:
        self.pid = pid
        self.tree = ProcessTree(pid)
        self._protocol = protocol
        self._suspended = False

    @property
    def ended(self) -> bool:
        """Whether the process itself has ended; something that it started may go on."""
        return self._protocol.exit_code.done()

    async def wait(self, on_stdout: Sink | None = None, on_stderr: Sink | None = None) -> int:
        """Read both pipes to their end and return the exit code, negative for a signal.

        Each block goes to its sink; without one it is thrown away, so a full pipe never holds the process up.
        A child that outlives the process and keeps a pipe open delays the return by `PIPE_PATIENCE` at most.
        """
        pipes = self._protocol.pipes
        pipes[1].listen(on_stdout or _discard)
        pipes[2].listen(on_stderr or _discard)
        try:
            await asyncio.wait([pipe.ended for pipe in pipes.values()], return_when=asyncio.FIRST_EXCEPTION)
            for pipe in pipes.values():
                if pipe.ended.done():
                    pipe.ended.result()
            return await asyncio.shield(self._protocol.exit_code)
        finally:
            for pipe in pipes.values():
                pipe.listen(None)

    async def stop(self, grace: float = GRACE) -> None:
        """End the whole tree: ask, wait `grace` seconds for the process itself, then kill all that is left.

        Returns when the tree is dead. What cannot be killed is logged and left behind, and `wait` returns.
        """
        # While the leader lives: what has left its session cannot be found afterwards.
        members = await _in_thread(self.tree.members, SCAN_PATIENCE)
        if not self.ended:
            self.resume()
            self.tree.terminate(members)
            await asyncio.wait([self._protocol.exit_code], timeout=grace)
        self.tree.kill(members)
        await asyncio.wait([self._protocol.exit_code], timeout=KILL_PATIENCE)
        survivors = await _in_thread(
            partial(self.tree.kill_members, members, KILL_PATIENCE), 2 * KILL_PATIENCE
        )
        if survivors or not self.ended:
            stuck = [*([] if self.ended else [self.pid]), *(process.pid for process in survivors)]
            logs.ffmpeg.error("Processes %s cannot be killed and are left behind", stuck)
        self._protocol.give_up()

    def suspend(self) -> None:
        """Stop the process where it stands. It keeps its memory and files, and uses no processor time."""
        if not self.ended and not self._suspended:
            self._suspended = True
            self.tree.suspend()

    def resume(self) -> None:
        """Let a suspended process go on."""
        if self._suspended:
            self._suspended = False
            self.tree.resume()


async def _in_thread(search: Callable[[], set[psutil.Process]], patience: float) -> set[psutil.Process]:
    # If all threads are busy, as with a dead network share, stopping goes on without the answer: the group
    # gets its signals in any case.
    try:
        return await asyncio.wait_for(asyncio.to_thread(search), patience)
    except TimeoutError:
        return set()


class _Pipe:
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


class _Protocol(asyncio.SubprocessProtocol):
    """Knows the exit code as soon as there is one; asyncio's own `wait` also waits for every pipe to close."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.exit_code: asyncio.Future[int] = self._loop.create_future()
        self.pipes = {1: _Pipe(), 2: _Pipe()}
        self._transport: asyncio.SubprocessTransport
        self._closing: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)
        for number, pipe in self.pipes.items():
            pipe.transport = cast(asyncio.ReadTransport, self._transport.get_pipe_transport(number))

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self.pipes[fd].feed(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self.pipes[fd].end()

    def process_exited(self) -> None:
        code = self._transport.get_returncode()
        if code is not None and not self.exit_code.done():
            self.exit_code.set_result(code)
        self._closing = self._loop.call_later(PIPE_PATIENCE, self._transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._closing is not None:
            self._closing.cancel()
        self._transport.close()

    def give_up(self) -> None:
        """Count a process that cannot be killed as killed, and let go of its pipes."""
        if not self.exit_code.done():
            self.exit_code.set_result(-9)
        self._transport.close()


def _discard(data: bytes) -> None:
    pass


def _check_program(program: str, cwd: Path) -> None:
    """Find out what the leash would hide: it starts well even if the program behind it does not exist."""
    path = str(cwd / program) if os.path.dirname(program) else program  # noqa: PTH120 - "./x" is not "x"
    if shutil.which(path) is None:
        raise OSError(0, "no such program, or it is not executable", program)


if sys.platform == "win32":

    def _apart(low_priority: bool) -> dict[str, Any]:
        flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
        return {"creationflags": flags | (subprocess.BELOW_NORMAL_PRIORITY_CLASS if low_priority else 0)}
else:

    def _apart(low_priority: bool) -> dict[str, Any]:
        return {"start_new_session": True}
