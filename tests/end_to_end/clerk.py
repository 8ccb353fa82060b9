"""The command line in a process that stays: a start costs half a second of a processor, an answer little."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
PATIENCE = 120.0
"""Seconds; a limit for things that went wrong, not a measure."""

_CLERK = """
import contextlib, io, json, os, sys
from ffmate_desktop.cli import fast_start
requests = sys.stdin
for line in requests:
    environment, folder, given, sys.argv[1:] = json.loads(line)
    sys.stdin = io.TextIOWrapper(io.BytesIO(given.encode()))
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    told, said = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(said):
        try:
            fast_start.main()
        except SystemExit as ended:
            code = ended.code
    os.chdir(os.sep)
    print(json.dumps([code, told.getvalue(), said.getvalue()]), flush=True)
"""


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """That of a process of the program: strict, and without settings of whoever runs the tests."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("FFMATE_")}
    return ours | {"PYTHONPATH": str(PROJECT), "PYTHONUTF8": "1", "PYTHONWARNINGS": "error"} | dict(variables)


class Clerk:
    """Does commands one after the other, each as if it were the first, in one process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(
        self,
        *arguments: str,
        folder: Path = PROJECT,
        variables: Mapping[str, str] | None = None,
        given: str = "",
    ) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of a command in `folder` that reads `given` on its standard input."""
        assert self._process.stdin and self._process.stdout
        request = [environment(variables or {}), str(folder), given, arguments]
        limit = threading.Timer(PATIENCE, self._process.kill)
        limit.start()
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            answer: list[Any] = json.loads(
                self._process.stdout.readline() or pytest.fail(f"no end: {request[3]}")
            )
        finally:
            limit.cancel()
        code, out, err = answer
        return code, out, err


@contextmanager
def open_clerk() -> Iterator[Clerk]:
    """A clerk until the block ends; then nothing may have gone wrong beside the commands."""
    with subprocess.Popen(
        [sys.executable, "-P", "-c", _CLERK],
        env=environment({}),
        cwd=os.sep,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Clerk(process)
        finally:
            _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
