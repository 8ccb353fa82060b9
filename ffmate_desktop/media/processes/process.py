"""Start processes that can be paused, end with their whole tree, and don't outlive this program."""

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
"""Seconds from SIGTERM to SIGKILL. We promise that a cancelled tree has ended within two seconds."""

KILL_PATIENCE = 5.0
"""Seconds after SIGKILL until we give up on a process that hangs in the kernel, such as on a dead share."""

SCAN_PATIENCE = 0.5
"""Maximum seconds that the search for members of the tree delays the first signal."""

DROPPED_VARIABLES = frozenset({"FFREPORT", "AV_LOG_FORCE_COLOR", "AV_LOG_FORCE_256COLOR"})
"""User variables that would write a report file into the working folder or colors into the log."""

SET_VARIABLES = {"LC_ALL": "C.UTF-8", "SVT_LOG": "1"}
"""One language and encoding for messages. SVT encoders only log errors."""

PRIVATE_VARIABLES = frozenset({"FFMATE_DATABASE", "PGPASSWORD", "PGPASSFILE", "PGSERVICEFILE"})
"""Variables that tasks must not see: they lead to the password of the queue."""

_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM})
_MAX_NODES = 3

_NUMBERS = count(1)


@dataclass(frozen=True)
class Launcher:
    """Starts processes on this computer. Create one with `create` and share it.

    Three mechanisms keep processes from outliving this program, even after kill -9:

    1. `guardian` ends everything that was started.
    2. `pdeathsig` is a command prefix that makes the kernel kill the process, even if the guardian is killed, too.
       It happens when the *thread* that started the process ends, so the event loop must run in a lasting thread.
       Linux only, empty without setpriv.
    3. Every process has `owner` in its environment, by which a successor on this computer finds it (`leftovers`).
    """

    pdeathsig: tuple[str, ...] = ()
    guardian: Guardian | None = field(default=None, compare=False)
    owner: str = ""
    low_priority: bool = True
    """The default of `spawn`: processes give way to other programs."""

    @classmethod
    async def create(cls, owner: str = "", *, low_priority: bool = True) -> Self:
        """Create the launcher for this computer. `owner` must be unique. It is generated if empty."""
        owner = owner or uuid.uuid4().hex
        return cls(await _find_pdeathsig(), Guardian(owner), owner, low_priority)

    async def close(self) -> None:
        """End what still runs. It also happens automatically when this object is deleted or the program ends."""
        if self.guardian is not None:
            await asyncio.to_thread(self.guardian.close)

    def new_mark(self) -> dict[str, str]:
        """Return the environment variable that marks a new process and its descendants."""
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
        """Start `argv` in `cwd`, with empty input and both outputs in pipes. Then call `Process.wait`.

        `merged` sends standard error to standard output, so that the lines of both keep their order.

        `env` is the whole environment, by default what ffmpeg needs of this program's environment. Variables that
        disturb ffmpeg's log are dropped from either. `sandbox` limits what it can access.
        Low priority means nice 10 and the lowest normal I/O level, or the class "below normal" on Windows. Normal
        priority is that of this program.
        Raises UserError if the program can't be started.
        """
        base = for_media(os.environ) if env is None else env
        environment = {k: v for k, v in base.items() if k not in DROPPED_VARIABLES}
        low_priority = self.low_priority if low_priority is None else low_priority
        mark = self.new_mark()
        try:
            if self.guardian is not None:
                self.guardian.prepare()
            if self.pdeathsig:
                _check_program(argv[0], cwd)
            variables = environment | SET_VARIABLES | mark
            pid, protocol = await _start(
                [*self.pdeathsig, *argv], sandbox, cwd, variables, low_priority, merged
            )
        except (OSError, ValueError) as trouble:  # ValueError: a NUL character in an argument
            reason = trouble.strerror if isinstance(trouble, OSError) else str(trouble)
            if isinstance(trouble, OSError) and trouble.errno in _EXHAUSTED:
                raise RetryElsewhereError(
                    f"Can't start {argv[0]}: {reason}.",
                    "This computer is at its limit. Run fewer tasks at once on it.",
                    max_nodes=_MAX_NODES,
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
    """A running process that leads its own session, or process group on Windows. Created by `Launcher.spawn`."""

    def __init__(self, pid: int, protocol: ProcessProtocol, mark: str = "") -> None:
        self.pid = pid
        self.tree = ProcessTree(pid, mark)
        self._protocol = protocol
        self._suspended = False
        self._matching: asyncio.Future[None] | None = None

    @property
    def ended(self) -> bool:
        """Whether the process itself has ended. Its children may still run."""
        return self._protocol.exit_code.done()

    async def wait(self, on_stdout: Sink | None = None, on_stderr: Sink | None = None) -> int:
        """Read both pipes to their end and return the exit code, negative for a signal.

        Each block goes to its sink. Without one it is discarded, so a full pipe never blocks the process. A child
        that outlives the process and keeps a pipe open delays the return by at most `PIPE_PATIENCE`.
        """
        pipes = self._protocol.pipes
        pipes[1].set_sink(on_stdout or _discard)
        pipes[2].set_sink(on_stderr or _discard)
        try:
            await asyncio.wait([pipe.ended for pipe in pipes.values()], return_when=asyncio.FIRST_EXCEPTION)
            for pipe in pipes.values():
                if pipe.ended.done():
                    pipe.ended.result()
            return await asyncio.shield(self._protocol.exit_code)
        finally:
            for pipe in pipes.values():
                pipe.set_sink(None)

    async def stop(self, grace: float = GRACE) -> None:
        """End the whole tree: ask, wait `grace` seconds for the process itself, then kill the rest.

        Returns when the tree is dead. Processes that can't be killed are logged and left behind, and `wait` returns.
        """
        # Search while the leader lives: members that have left its session can't be found afterwards.
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
        """Suspend the tree. It keeps its memory and files, and uses no processor time.

        Members that have left the process group follow some milliseconds later. The same is true for `resume`.
        """
        if not self.ended and not self._suspended:
            self._suspended = True
            self.tree.suspend()
            self._match_members()

    def resume(self) -> None:
        """Continue a suspended tree."""
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
        **_new_session(low_priority),
    )
    return transport.get_pid(), protocol


def script_environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a script: this program's, without the password of the queue."""
    return {key: value for key, value in (variables or os.environ).items() if key not in PRIVATE_VARIABLES}


async def _find_pdeathsig() -> tuple[str, ...]:
    """Return the command prefix. Tries setpriv once, because old and minimal versions lack the option."""
    setpriv = await asyncio.to_thread(shutil.which, "setpriv") if sys.platform == "linux" else None
    if setpriv is None:
        return ()
    pdeathsig = (setpriv, "--pdeathsig", "KILL", "--")
    process = await Launcher().spawn([*pdeathsig, setpriv, "--version"], cwd=Path("/"))
    try:
        async with asyncio.timeout(10):
            works = await process.wait() == 0
    except TimeoutError:
        works = False
    await process.stop()
    return pdeathsig if works else ()


async def _in_thread(search: Callable[[], set[psutil.Process]], patience: float) -> set[psutil.Process]:
    # If all threads are busy, as with a dead network share, continue without the result: the group gets its signals
    # in any case.
    try:
        return await asyncio.wait_for(asyncio.to_thread(search), patience)
    except TimeoutError:
        return set()


def _discard(data: bytes) -> None:
    pass


def _check_program(program: str, cwd: Path) -> None:
    """Check what setpriv would hide: setpriv itself starts even if the program after it doesn't exist."""
    path = str(cwd / program) if os.path.dirname(program) else program  # noqa: PTH120 - "./x" is not "x"
    if shutil.which(path) is None:
        raise OSError(0, "no such program, or it isn't executable", program)


if sys.platform == "win32":

    def _new_session(low_priority: bool) -> dict[str, Any]:
        flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
        return {"creationflags": flags | (subprocess.BELOW_NORMAL_PRIORITY_CLASS if low_priority else 0)}
else:

    def _new_session(low_priority: bool) -> dict[str, Any]:
        return {"start_new_session": True}
