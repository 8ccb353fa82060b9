"""Commands over thousands of tasks: memory that does not grow with them, rows as they come, one line at the end."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

import pytest

from tests.cli.many import BATCH, fill
from tests.end_to_end.clerk import PATIENCE, environment

pytestmark = [
    pytest.mark.db,
    pytest.mark.skipif(
        sys.platform == "win32",
        reason="the peak memory of a child is read with os.wait4, which Windows doesn't have",
    ),
]
TASKS = 3_000
WORTH = 12_000
"""KiB that a process may take more for thousands of tasks than for one; all in memory would be 24,000."""


@dataclass(frozen=True)
class Ran:
    out: str
    err: str
    code: int
    seconds: float
    """Of a processor."""
    memory: int
    """KiB at most."""


def start(uri: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "ffmate_desktop", "--database", uri, *arguments],
        env=environment({}), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def run(uri: str, *arguments: str) -> Ran:
    with start(uri, *arguments) as process:
        assert process.stdout and process.stderr
        out = process.stdout.read()
        err = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    memory = used.ru_maxrss // (1024 if sys.platform == "darwin" else 1)
    return Ran(out, err, process.returncode, used.ru_utime + used.ru_stime, memory)


async def test_thousands_of_tasks_are_listed_and_deleted(database_uri: str) -> None:
    await fill(database_uri, TASKS)
    few = run(database_uri, "tasks", "list", "--limit", "1")
    text = run(database_uri, "tasks", "list", "--limit", "0")
    data = run(database_uri, "tasks", "list", "--limit", "0", "--json")
    for ran in (few, text, data):
        assert (ran.code, ran.err) == (0, "")
    head, *rows = text.out.splitlines()
    tasks = json.loads(data.out)
    assert [row.split()[0] for row in rows] == [task["uuid"][:8] for task in tasks]
    assert len(rows) == TASKS and head.startswith("UUID")
    assert [task["id"] for task in tasks] == sorted((task["id"] for task in tasks), reverse=True)
    assert text.memory - few.memory < WORTH
    assert data.memory - few.memory < WORTH
    assert text.seconds <= 2 * data.seconds

    with start(database_uri, "tasks", "list", "--limit", "0") as process:
        assert process.stdout and process.stderr
        assert process.stdout.readline().startswith("UUID")
        process.stdout.close()  # as `head -1` does
        assert process.stderr.read() == ""
        assert process.wait(PATIENCE) == 0

    gone = run(database_uri, "tasks", "delete", "--batch", BATCH)
    assert (gone.code, gone.out, gone.err) == (0, f"{TASKS} of {TASKS} tasks deleted\n", "")
    assert gone.memory - few.memory < WORTH
