"""Starts a process that can be paused, ends with its whole tree, and does not outlive this program."""

import asyncio
import errno
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Self

import psutil

from ffmate_desktop import logs
from ffmate_desktop.domain.environment import for_media
from ffmate_desktop.domain.errors import RetryElsewhereError, UserError
from ffmate_desktop.media.processes.protocol import ProcessProtocol, Sink
from ffmate_desktop.media.processes.sandbox import Sandbox
from ffmate_desktop.media.processes.table import VARIABLE
from ffmate_desktop.media.processes.tree import ProcessTree

if sys.platform == "win32":
    from ffmate_desktop.media.processes.job_object import JobObject as Guardian
else:
    from ffmate_desktop.media.processes import confined
    from ffmate_desktop.media.processes.guardian import Guardian

GRACE = 1.0
"""Seconds from SIGTERM to SIGKILL: a cancelled tree is promised to be gone within two seconds."""

KILL_PATIENCE = 5.0
"""Seconds after SIGKILL until a process that hangs in the kernel, as on a dead network share, is given up."""

SCAN_PATIENCE = 0.5
"""Seconds that looking for members of the tree may delay the first signal."""

DROPPED_VARIABLES = frozenset({"FFREPORT", "AV_LOG_FORCE_COLOR", "AV_LOG_FORCE_256COLOR"})
"""Variables of the user that would write a report file into the working folder or colours into the log."""

SET_VARIABLES = {"LC_ALL": "C.UTF-8", "SVT_LOG": "1"}
"""One language and encoding for messages; SVT encoders log only what is wrong."""

PRIVATE_VARIABLES = frozenset({"FFMATE_DATABASE", "PGPASSWORD", "PGPASSFILE", "PGSERVICEFILE"})
"""What a task shall not find in its environment: the password of the queue."""

_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM})
_MOST_TRIES = 3

_NUMBERS = count(1)


@dataclass(frozen=True)
class Launcher:
    """How processes are started on this computer. Made once, by `find`, and handed to whoever starts some.

    Three nets keep processes from outliving this program, even when it dies by kill -9. `guardian` ends all that
    was started. `leash` are words put before every command that make the kernel kill it; the kernel acts when the
    *thread* that started the process ends, so the event loop has to run in a thread that lasts. Linux only, empty
    where setpriv is missing; it is what is left when somebody kills the guardian as well. And every process has
    `owner` in its environment, by which a successor on this computer finds it (`leftovers`).
    """

    leash: tuple[str, ...] = ()
    guardian: Guardian | None = field(default=None, compare=False)
    owner: str = ""
    low_priority: bool = True
    """The default of `spawn`: what it starts lets other programs go first."""

    @classmethod
    async def find(cls, owner: str = "", *, low_priority: bool = True) -> Self:
        """The launcher for this computer. `owner` is a word that no other program has; made up when empty."""
        owner = owner or uuid.uuid4().hex
        return cls(await _find_leash(), Guardian(owner), owner, low_priority)

    async def close(self) -> None:
        """End what still runs. It happens by itself, too, when this object or the program is gone."""
        if self.guardian is not None:
            await asyncio.to_thread(self.guardian.close)

    def mark(self) -> dict[str, str]:
        """What the environment of one process and its descendants shall have."""
        return {VARIABLE: f"{self.owner}#{next(_NUMBERS)}"} if self.owner else {}

    async def spawn(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        low_priority: bool | None = None,
        merged: bool = False,
        sandbox: Sandbox | None = None,
    ) -> "Process":
        """Start `argv` in `cwd`, with nothing to read and both outputs in pipes; then call `Process.wait`.

        `merged` sends standard error into standard output, so that the lines of both keep their order.

        `env` is the whole environment, by default what ffmpeg needs of this program's own; what disturbs ffmpeg's
        log is dropped from either. `sandbox` is what the kernel lets it touch.
        Low priority means nice 10 and the lowest normal I/O level, or the class "below normal" on Windows; normal
        priority means that of this program.
        Raises UserError if the program cannot be started.
        """
        given = for_media(os.environ) if env is None else env
        environment = {k: v for k, v in given.items() if k not in DROPPED_VARIABLES}
        low_priority = self.low_priority if low_priority is None else low_priority
        mark = self.mark()
        try:
            if self.guardian is not None:
                self.guardian.prepare()
            if self.leash:
                _check_program(argv[0], cwd)
            variables = environment | SET_VARIABLES | mark
            pid, protocol = await _start([*self.leash, *argv], sandbox, cwd, variables, low_priority, merged)
        except (OSError, ValueError) as trouble:  # ValueError: a zero character in an argument
            reason = trouble.strerror if isinstance(trouble, OSError) else str(trouble)
            if isinstance(trouble, OSError) and trouble.errno in _EXHAUSTED:
                raise RetryElsewhereError(
                    f"Can't start {argv[0]}: {reason}.",
                    "This computer is at its limit. Run fewer tasks at once on it.",
                    max_nodes=_MOST_TRIES,
                ) from trouble
            raise UserError(
                f"Can't start {argv[0]} in {cwd}: {reason or trouble}.",
                "Check that the program and the folder exist and that you have permission to use them.",
            ) from trouble
        process = Process(pid, protocol, mark.get(VARIABLE, ""))
        if (guardian := self.guardian) is not None:
            guardian.watch(process.pid)
            protocol.exit_code.add_done_callback(lambda _: guardian.forget(process.pid))
        if low_priority:
            process.tree.lower_priority()
        return process


class Process:
    """A running process that leads its own session, or process group on Windows; made by `Launcher.spawn`."""

    def __init__(self, pid: int, protocol: ProcessProtocol, mark: str = "") -> None:
        self.pid = pid
        self.tree = ProcessTree(pid, mark)
        self._protocol = protocol
        self._suspended = False
        self._matching: asyncio.Future[None] | None = None

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
            logs.ffmpeg.error("Can't kill processes %s; leaving them behind", stuck)
        self._protocol.give_up()

    def suspend(self) -> None:
        """Stop the tree where it stands. It keeps its memory and files, and uses no processor time.

        What has left the group of the process follows some milliseconds later, as with `resume`.
        """
        if not self.ended and not self._suspended:
            self._suspended = True
            self.tree.suspend()
            self._match_members()

    def resume(self) -> None:
        """Let a suspended tree go on."""
        if self._suspended:
            self._suspended = False
            self.tree.resume()
            self._match_members()

    def _match_members(self) -> None:
        match = partial(self.tree.match_members, lambda: self._suspended)
        self._matching = asyncio.get_running_loop().run_in_executor(None, match)


async def _start(
    argv: Sequence[str],
    sandbox: Sandbox | None,
    cwd: Path,
    env: Mapping[str, str],
    low_priority: bool,
    merged: bool,
) -> tuple[int, ProcessProtocol]:
    if sys.platform != "win32" and sandbox is not None:
        return await confined.start(argv, sandbox, cwd=cwd, env=env, merged=merged)
    transport, protocol = await asyncio.get_running_loop().subprocess_exec(
        ProcessProtocol,
        *argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if merged else subprocess.PIPE,
        cwd=cwd,
        env=env,
        **_apart(low_priority),
    )
    return transport.get_pid(), protocol


def environment(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a script finds: the environment of this program, without the password of the queue."""
    return {key: value for key, value in (given or os.environ).items() if key not in PRIVATE_VARIABLES}


async def _find_leash() -> tuple[str, ...]:
    """Words for a leash; tries setpriv once, since old and small versions lack the option."""
    setpriv = await asyncio.to_thread(shutil.which, "setpriv") if sys.platform == "linux" else None
    if setpriv is None:
        return ()
    leash = (setpriv, "--pdeathsig", "KILL", "--")
    attempt = await Launcher().spawn([*leash, setpriv, "--version"], cwd=Path("/"))
    try:
        async with asyncio.timeout(10):
            works = await attempt.wait() == 0
    except TimeoutError:
        works = False
    await attempt.stop()
    return leash if works else ()


async def _in_thread(search: Callable[[], set[psutil.Process]], patience: float) -> set[psutil.Process]:
    # If all threads are busy, as with a dead network share, stopping goes on without the answer: the group
    # gets its signals in any case.
    try:
        return await asyncio.wait_for(asyncio.to_thread(search), patience)
    except TimeoutError:
        return set()


def _discard(data: bytes) -> None:
    pass


def _check_program(program: str, cwd: Path) -> None:
    """Find out what the leash would hide: it starts well even if the program behind it does not exist."""
    path = str(cwd / program) if os.path.dirname(program) else program  # noqa: PTH120 - "./x" is not "x"
    if shutil.which(path) is None:
        raise OSError(0, "no such program, or it isn't executable", program)


if sys.platform == "win32":

    def _apart(low_priority: bool) -> dict[str, Any]:
        flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
        return {"creationflags": flags | (subprocess.BELOW_NORMAL_PRIORITY_CLASS if low_priority else 0)}
else:

    def _apart(low_priority: bool) -> dict[str, Any]:
        return {"start_new_session": True}
