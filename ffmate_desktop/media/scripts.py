"""Run the script of a task without a shell. It can be stopped at any time, with everything that it started."""

import asyncio
import signal
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.grammar import format_command
from ffmate_desktop.media.log_capture import LineSplitter, LogCapture
from ffmate_desktop.media.processes.process import Launcher, Process, script_environment

LAST_LINES = 8
"""Number of last lines of a failed script that are shown with its error."""

TICK = 1.0

_CMD_SPECIAL = frozenset('"%!&|<>^\r\n\0')
_CMD_SEPARATORS = frozenset(",;=")
"""Special in words without spaces, which aren't quoted."""


@dataclass(frozen=True, slots=True)
class ScriptResult:
    """How a script ended: exit code (negative for a signal), whether it timed out, and its last lines."""

    code: int
    timed_out: bool
    lines: tuple[str, ...]


def script_argv(
    script: Path, arguments: Sequence[str], system: str, find: Callable[[str], str | None]
) -> list[str]:
    """Return the arguments of the process for a script: the file itself, or on Windows the program for its extension.

    `system` is FFmate's name of the system, `find` looks up a program on PATH. Raises UserError for what can't be
    started without a shell that could misread the arguments.
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
            _check_cmd_arguments([str(path), *arguments])
            # Without `call`, a command that starts with a quote (a path with a space) loses its first and last quote.
            return [find("cmd") or "cmd.exe", "/d", "/e:on", "/v:off", "/c", "call", str(path), *arguments]
        case ending:
            raise UserError(
                f"Windows can't start a script that ends in “{ending or path.name}”.",
                "Use .exe, .ps1, .py, .bat or .cmd.",
            )


def _check_cmd_arguments(arguments: Sequence[str]) -> None:
    """`cmd` parses its arguments again, so a file called `a&calc.mov` would be a command."""
    for word in arguments:
        special = _CMD_SPECIAL | (frozenset() if " " in word else _CMD_SEPARATORS)
        found = sorted(special & set(word))
        if found:
            raise UserError(
                f"A batch file can't receive “{word}”: {found[0]!r} has a special meaning for cmd.",
                "Use a .ps1 or .py script, or have the batch file read the sidecar instead.",
            )


class ScriptRun:
    """One run of a script in the folder `workdir`.

    It is killed with everything that it started after `seconds`, not counting pauses (0: never). Processes that it
    leaves running at its end are killed, too.
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
        self._running = asyncio.Event()
        self._running.set()

    async def run(self) -> ScriptResult:
        """Run it to its end. No process is left afterwards. Raises UserError if it can't be started."""
        await self._running.wait()
        if self._cancelled.is_set():
            return ScriptResult(-signal.SIGTERM, False, ())
        self._log.note("$ " + format_command([self._argv]))
        process = await self._launcher.spawn(
            self._argv, cwd=self._workdir, env=script_environment(), merged=True
        )
        splitter = LineSplitter()
        reading = asyncio.create_task(process.wait(lambda data: self._add(splitter.feed(data))))
        self._process = process
        try:
            if self._cancelled.is_set():  # requested while the process was starting, like a pause
                await process.stop()
            elif not self._running.is_set():
                process.suspend()
            await self._enforce_timeout(process, reading)
            code = reading.result()
        finally:
            await process.stop()
            reading.cancel()
            self._add(splitter.end())
            self._process = None
        return ScriptResult(code, self._timed_out, tuple(self._lines))

    async def cancel(self) -> None:
        """Stop for good. All processes are dead on return."""
        self._cancelled.set()
        self._running.set()
        if self._process is not None:
            await self._process.stop()

    def pause(self) -> None:
        """Suspend it until `resume`."""
        if not self._cancelled.is_set():
            self._running.clear()
            if self._process is not None:
                self._process.suspend()

    def resume(self) -> None:
        """Continue after `pause`."""
        self._running.set()
        if self._process is not None:
            self._process.resume()

    async def _enforce_timeout(self, process: Process, reading: asyncio.Task[int]) -> None:
        # Count ticks instead of reading a clock: pauses and the computer's sleep don't count.
        tick = min(TICK, self._seconds / 4) if self._seconds else TICK
        left = self._seconds
        while not (await asyncio.wait([reading], timeout=tick))[0]:
            if not self._seconds or self._timed_out or not self._running.is_set():
                continue
            left -= tick
            if left <= 0:
                self._timed_out = True
                self._log.note(f"[stopped: the script took longer than {self._seconds:g} seconds]")
                await process.stop()

    def _add(self, lines: list[str]) -> None:
        """Add lines as notes, so that the diagnosis doesn't confuse them with ffmpeg's output."""
        for line in lines:
            self._log.note(line)
            self._lines.append(line)
