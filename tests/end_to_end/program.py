"""The program as people start it: commands and nodes in processes of their own, on a data folder of their own."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import psutil
import pytest

from tests.end_to_end.clerk import PATIENCE, Clerk, environment
from tests.media.clips import FFMPEG
from tests.processes import words
from tests.scratch import new_folder

T = TypeVar("T")


def until(condition: Callable[[], T | None], what: str, timeout: float = PATIENCE) -> T:
    """Ask until the answer is true, and return it; fails the test after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (answer := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {timeout:g} s: {what}")
        time.sleep(0.05)
    return answer


class Program:
    """Starts the program with the same options each time.

    `options` stand before the command, `prefix` before a process of the program; `variables` are in its environment.
    `clerk` does what is refused, and what is asked only to see how things are; without one a process does.
    """

    def __init__(
        self,
        folder: Path,
        *options: str,
        prefix: Sequence[str] = (),
        variables: Mapping[str, str] = MappingProxyType({}),
        clerk: Clerk | None = None,
    ) -> None:
        self.folder = folder
        self.options = options
        self._prefix = prefix
        self._variables = variables
        self._clerk = clerk
        self._nodes: list[subprocess.Popen[bytes]] = []

    def popen(
        self, *arguments: str, log: Path | None = None, terminal: int | None = None
    ) -> subprocess.Popen[bytes]:
        """A process of the program; what it says goes to `log`, to the descriptor `terminal`, or to its pipes."""
        own = environment(self._variables)
        command = [*self._prefix, sys.executable, "-P", "-m", "ffmate_desktop", *self.options, *arguments]
        if terminal is not None:
            return subprocess.Popen(
                command, env=own, cwd=self.folder, stdin=terminal, stdout=terminal, stderr=terminal
            )
        if log is None:
            return subprocess.Popen(
                command, env=own, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        with log.open("ab") as file:
            return subprocess.Popen(command, env=own, cwd=self.folder, stdout=file, stderr=file)

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of a command."""
        with self.popen(*arguments) as process:
            out, err = process.communicate(timeout=PATIENCE)
        return process.returncode, out.decode(), err.decode()

    def json(self, *arguments: str) -> Any:
        """What a command prints as JSON; it must succeed."""
        return _parsed(*self.run(*arguments, "--json"))

    def look(self, *arguments: str) -> Any:
        """The same by the clerk, for what is asked only to see how things are."""
        return _parsed(*self._ask(*arguments, "--json"))

    def _ask(self, *arguments: str) -> tuple[int, str, str]:
        if self._clerk is None or "--no-gui" in arguments:
            return self.run(*arguments)
        return self._clerk.ask(*self.options, *arguments, folder=self.folder, variables=self._variables)

    def refused(self, *arguments: str) -> tuple[int, str]:
        """Exit code and the one sentence of a command that cannot be carried out."""
        code, out, err = self._ask(*arguments)
        assert code in (1, 2), (out, err)
        assert "Traceback" not in out + err
        assert out == ""
        (line,) = err.splitlines()
        return code, line.removeprefix("ffmate-desktop: ")

    def node(self, identifier: str, *options: str) -> subprocess.Popen[bytes]:
        """A node that has joined."""
        log = self.folder / f"{identifier}.log"
        said = log.stat().st_size if log.exists() else 0
        settings = ("--identifier", identifier, "--heartbeat", "1", "--max-concurrent-tasks", "1")
        process = self.popen("--no-gui", *settings, "--drain-time", "0", *options, log=log)
        self._nodes.append(process)

        def joined() -> bool:
            assert process.poll() is None, log.read_text(encoding="utf-8")
            return b"Ready for tasks" in log.read_bytes()[said:]

        until(joined, f"{identifier} joins")
        return process

    def task(self, uuid: str) -> dict[str, Any]:
        """`tasks show`."""
        task: dict[str, Any] = self.look("tasks", "show", uuid)
        return task

    def submit(self, source: Path, *options: str) -> str:
        """Queue one file; its uuid."""
        return str(self.look("submit", str(source), *options)["uuid"])

    def encoding(self, uuid: str, identifier: str) -> psutil.Process:
        """The ffmpeg of the task, once it runs on that node."""

        def runs() -> bool:
            task = self.task(uuid)
            return bool(task["status"] == "RUNNING" and task["client"]["identifier"] == identifier)

        until(runs, f"{uuid} runs on {identifier}")
        return until(lambda: next(iter(self.ffmpegs()), None), "ffmpeg runs")

    def ffmpegs(self) -> list[psutil.Process]:
        """Every ffmpeg that works on files of this folder."""
        return [process for process in _processes(self.folder) if words(process)[:1] == [str(FFMPEG)]]

    def leave(self) -> None:
        """End all nodes that a test left."""
        for process in self._nodes:
            if process.poll() is None:
                process.terminate()
        for process in self._nodes:
            process.wait(PATIENCE)
        self._nodes.clear()


def _parsed(code: int, out: str, err: str) -> Any:
    assert (code, err) == (0, "")
    return json.loads(out)


def _processes(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        # OSError: another test's folder has a very long path
        with contextlib.suppress(psutil.Error, OSError):
            named = [process.cwd(), *process.cmdline()]
            if len(named) > 1 and process.pid != os.getpid() and any(str(folder) in word for word in named):
                found.append(process)
    return found


def stop(process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> int:
    """Send a signal and wait for the exit code."""
    process.send_signal(number)
    return process.wait(PATIENCE)


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every account may enter; at the end no process may be left that works in it."""
    folder = new_folder("ffmate-test-")
    try:
        yield folder
        until(lambda: not _processes(folder), "every process is gone")
    finally:
        left: Sequence[psutil.Process] = _processes(folder)
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        shutil.rmtree(folder)
