"""Runs the script of a task: without a shell, watched, and stoppable at any moment with all that it started."""

import asyncio
import signal
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.grammar import format_command
from ffmate_desktop.media.log_capture import LineSplitter, LogCapture
from ffmate_desktop.media.processes.process import Launcher, Process, environment

LAST_LINES = 8
"""So many lines of a script that failed are shown with its error."""

TICK = 1.0

_MEANS_SOMETHING_TO_CMD = frozenset('"%!&|<>^\r\n\0')
_PARTS_WORDS_FOR_CMD = frozenset(",;=")
"""Where a word has no blank, and so no quotes around it."""


@dataclass(frozen=True, slots=True)
class ScriptEnd:
    """How a script ended: exit code (negative for a signal), whether it took too long, and its last lines."""

    code: int
    timed_out: bool
    lines: tuple[str, ...]


def script_argv(
    script: Path, arguments: Sequence[str], system: str, find: Callable[[str], str | None]
) -> list[str]:
    """The process that runs a script: the file itself, or on Windows what its ending asks for.

    `system` in FFmate's words, `find` looks a program up on PATH. Raises UserError for what cannot be started without
    a shell that could misread the arguments.
    """
    if system != "windows":
        return [str(PurePosixPath(script)), *arguments]
    path = PureWindowsPath(script)
    match path.suffix.lower():
        case ".exe" | ".com":
            return [str(path), *arguments]
        case ".ps1":
            program = find("pwsh") or find("powershell") or "powershell"
            options = ["-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File"]
            return [program, *options, str(path), *arguments]
        case ".py" | ".pyw":
            return [find("py") or find("python") or "python", str(path), *arguments]
        case ".bat" | ".cmd":
            _refuse_for_cmd([str(path), *arguments])
            # `call`: what begins with a quote, as a path with a blank does, would lose its first and last one.
            return [find("cmd") or "cmd.exe", "/d", "/e:on", "/v:off", "/c", "call", str(path), *arguments]
        case ending:
            raise UserError(
                f"Windows can't start a script that ends in “{ending or path.name}”.",
                "Use .exe, .ps1, .py, .bat or .cmd.",
            )


def _refuse_for_cmd(words: Sequence[str]) -> None:
    """`cmd` reads its arguments once more, and a file called `a&calc.mov` would be a command."""
    for word in words:
        doubtful = _MEANS_SOMETHING_TO_CMD | (frozenset() if " " in word else _PARTS_WORDS_FOR_CMD)
        found = sorted(doubtful & set(word))
        if found:
            raise UserError(
                f"A batch file can't receive “{word}”: {found[0]!r} has a special meaning for cmd.",
                "Use a .ps1 or .py script, or have the batch file read the sidecar instead.",
            )


class ScriptRun:
    """One run of one script in the folder `workdir`. It is killed, with everything that it started, after `seconds`
    in which it was not paused (0: never); and whatever it leaves running at its end is killed too.
    """

    def __init__(
        self, argv: Sequence[str], *, launcher: Launcher, workdir: Path, log: LogCapture, seconds: float
    ) -> None:
        self._argv = argv
        self._launcher = launcher
        self._workdir = workdir
        self._log = log
        self._seconds = seconds
        self._process: Process | None = None
        self._cancelled = asyncio.Event()
        self._timed_out = False
        self._lines: deque[str] = deque(maxlen=LAST_LINES)
        self._may_go = asyncio.Event()
        self._may_go.set()

    async def run(self) -> ScriptEnd:
        """Run it to its end; afterwards no process of it is left. Raises UserError when it cannot be started."""
        await self._may_go.wait()
        if self._cancelled.is_set():
            return ScriptEnd(-signal.SIGTERM, False, ())
        self._log.note("$ " + format_command([self._argv]))
        process = await self._launcher.spawn(self._argv, cwd=self._workdir, env=environment(), merged=True)
        said = LineSplitter()
        reading = asyncio.create_task(process.wait(lambda data: self._take(said.feed(data))))
        self._process = process
        try:
            if self._cancelled.is_set():  # asked for while the process was starting, as the pause
                await process.stop()
            elif not self._may_go.is_set():
                process.suspend()
            await self._attend(process, reading)
            code = reading.result()
        finally:
            await process.stop()
            reading.cancel()
            self._take(said.end())
            self._process = None
        return ScriptEnd(code, self._timed_out, tuple(self._lines))

    async def cancel(self) -> None:
        """Stop for good; what runs is dead when this returns."""
        self._cancelled.set()
        self._may_go.set()
        if self._process is not None:
            await self._process.stop()

    def pause(self) -> None:
        """Suspend it until `resume`."""
        if not self._cancelled.is_set():
            self._may_go.clear()
            if self._process is not None:
                self._process.suspend()

    def resume(self) -> None:
        """Go on after `pause`."""
        self._may_go.set()
        if self._process is not None:
            self._process.resume()

    async def _attend(self, process: Process, reading: asyncio.Task[int]) -> None:
        # Ticks, not a clock: neither a pause nor the sleep of a computer counts.
        tick = min(TICK, self._seconds / 4) if self._seconds else TICK
        left = self._seconds
        while not (await asyncio.wait([reading], timeout=tick))[0]:
            if not self._seconds or self._timed_out or not self._may_go.is_set():
                continue
            left -= tick
            if left <= 0:
                self._timed_out = True
                self._log.note(f"[stopped: the script took longer than {self._seconds:g} seconds]")
                await process.stop()

    def _take(self, lines: list[str]) -> None:
        """Notes, because what a script says must not be taken for ffmpeg's words."""
        for line in lines:
            self._log.note(line)
            self._lines.append(line)
