"""What the program asks before something is lost, on a real terminal."""

import os
import sys
from pathlib import Path

import pytest

from tests.end_to_end.clerk import PATIENCE
from tests.end_to_end.program import Program, until
from tests.end_to_end.test_nodes import LONG

if sys.platform == "win32":
    pytest.skip("Windows has no pseudo-terminals (the module pty)", allow_module_level=True)
import pty

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow, pytest.mark.db, pytest.mark.ffmpeg]


def _answered(program: Program, answer: str, *arguments: str) -> tuple[int, str]:
    """Exit code and screen of a command that is answered on its terminal."""
    ours, theirs = pty.openpty()
    process = program.popen(*arguments, terminal=theirs)
    os.close(theirs)
    os.write(ours, answer.encode())
    code = process.wait(PATIENCE)
    screen = os.read(ours, 65536).decode()
    os.close(ours)
    return code, screen


def test_a_running_task_is_not_deleted_unasked(program: Program, clip: Path) -> None:
    program.node("a")
    uuid = program.submit(clip, *LONG)
    program.encoding(uuid, "a")
    code, screen = _answered(program, "n\n", "tasks", "delete", uuid)
    assert code == 130
    assert "“clip.mov” is running. Stop and delete? [y/N]" in screen
    assert program.task(uuid)["status"] == "RUNNING"
    code, screen = _answered(program, "y\n", "tasks", "delete", uuid)
    assert code == 0
    assert f"{uuid} deleted" in screen
    until(lambda: program.look("tasks", "list") == [], "it is gone")
    other = program.submit(clip, *LONG)
    program.encoding(other, "a")
    code, screen = _answered(program, "", "tasks", "delete", "--yes", other)
    assert (code, f"{other} deleted" in screen) == (0, True)
    until(lambda: program.look("tasks", "list") == [], "it is gone, too")
