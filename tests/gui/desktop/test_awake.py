"""The computer stays awake while tasks run here, and the helper process never outlives the program."""

import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.gui.desktop.awake import KeepAwake
from ffmate_desktop.media.awake import HelperInhibitor, find_inhibitor
from tests.gui.desk import Desk
from tests.node.farm import LONG
from tests.node.waiting import until

ROOT = Path(__file__).parents[3]
HOLD = """
import os, sys
from ffmate_desktop.media.awake import HelperInhibitor
inhibitor = HelperInhibitor([sys.argv[1]])
inhibitor.hold()
print(inhibitor._helper.pid, flush=True)
os.kill(os.getpid(), 9)
"""

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the helper programs exist only on POSIX systems"
)


async def test_the_computer_stays_awake_only_while_tasks_run(desk: Desk, clip: Path) -> None:
    inhibitor = HelperInhibitor(["cat"])
    KeepAwake(desk.window, inhibitor)
    assert not inhibitor.held
    uuid = await desk.add(clip, LONG)
    await desk.shown(uuid, TaskStatus.RUNNING)
    await until(lambda: inhibitor.held, "it is held")
    assert desk.window.status.notice.text()
    await desk.services.tasks.cancel([uuid])
    await until(lambda: not inhibitor.held, "it is released")
    assert not desk.window.status.notice.text()
    inhibitor.close()


def test_close_ends_every_helper() -> None:
    inhibitor = HelperInhibitor(["cat"])
    inhibitor.hold()
    [first] = [child for child in psutil.Process().children() if child.name() == "cat"]
    inhibitor.hold()
    inhibitor.release()
    inhibitor.hold()
    inhibitor.close()
    assert not first.is_running()
    assert [child for child in psutil.Process().children() if child.name() == "cat"] == []


async def test_the_helper_ends_when_the_program_is_killed() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", HOLD, "cat"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    pid = int(ended.stdout)

    def gone() -> bool:
        return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE

    await until(gone, "nothing keeps this computer awake")


def test_a_system_that_refuses_causes_no_error() -> None:
    for words in (["false"], ["no-such-program"]):
        inhibitor = HelperInhibitor(words)
        inhibitor.hold()
        if inhibitor._helper is not None:
            inhibitor._helper.wait()
        assert not inhibitor.held
        inhibitor.close()


@pytest.mark.skipif(shutil.which("systemd-inhibit") is None, reason="systemd-inhibit isn't installed")
async def test_systemd_inhibit_accepts_our_arguments() -> None:
    """With a login manager it holds; without one it exits. It must never reject its arguments."""
    inhibitor = find_inhibitor()
    assert isinstance(inhibitor, HelperInhibitor)
    inhibitor.hold()
    if not Path("/run/systemd/seats").exists():
        await until(lambda: not inhibitor.held, "it exits without a login manager")
        said = subprocess.run(
            inhibitor._argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=30
        )
        assert "bus" in said.stderr
    inhibitor.close()
    assert not inhibitor.held
