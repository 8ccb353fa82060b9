"""The icon in the dock tells how far the running tasks are."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.gui.desktop.dock import DockProgress
from tests.gui.desk import Desk
from tests.node.waiting import until

ROOT = Path(__file__).parents[3]
SLOW = "-i ${INPUT_FILE} -vf realtime=speed=0.5 -c:v libx264 -preset ultrafast ${OUTPUT_FILE}"

TELL = """
import subprocess, sys
from PySide6.QtCore import QCoreApplication
from ffmate_desktop.gui.desktop.dock_linux import UnityLauncher
app = QCoreApplication([])
monitor = subprocess.Popen(
    ["dbus-monitor", "--session", "interface='com.canonical.Unity.LauncherEntry'"], stdout=subprocess.PIPE, text=True
)
while "NameLost" not in (line := monitor.stdout.readline()):
    pass
UnityLauncher("ffmate-desktop").show(0.25, 3)
said = ""
while "count-visible" not in said or said.count("boolean") < 2:
    said += monitor.stdout.readline()
monitor.kill()
print(said)
"""


class Icon:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[float | None, int]] = []

    def show(self, share: float | None, running: int) -> None:
        self.told.append((share, running))


async def test_it_rises_while_something_runs_and_goes_when_nothing_does(desk: Desk, clip: Path) -> None:
    icon = Icon()
    DockProgress(desk.window, desk.window.context.progress_tracker, icon)
    uuid = await desk.add(clip, SLOW)
    await desk.shown(uuid, TaskStatus.DONE_SUCCESSFUL)
    await until(lambda: icon.told and icon.told[-1] == (None, 0), "it is gone", timeout=60)
    shares = [share for share, running in icon.told if running == 1 and share is not None]
    assert shares == sorted(shares)
    assert max(shares) > 0


@pytest.mark.skipif(
    sys.platform != "linux" or not shutil.which("dbus-run-session") or not shutil.which("dbus-monitor"),
    reason="needs a session bus of its own",
)
def test_a_dock_of_linux_hears_the_signal() -> None:
    ended = subprocess.run(
        ["dbus-run-session", "--", sys.executable, "-c", TELL],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"QT_QPA_PLATFORM": "offscreen", "PATH": "/usr/bin:/bin"},
    )
    assert "application://ffmate-desktop.desktop" in ended.stdout, ended.stderr
    assert "double 0.25" in ended.stdout
    assert "member=Update" in ended.stdout
