"""The icon in the dock shows the progress of running tasks."""

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

SEND_SIGNAL = """
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
output = ""
while "count-visible" not in output or output.count("boolean") < 2:
    output += monitor.stdout.readline()
monitor.kill()
print(output)
"""


class RecordingDock:
    """A dock that records its calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[float | None, int]] = []

    def show(self, share: float | None, running: int) -> None:
        self.calls.append((share, running))


async def test_progress_rises_while_a_task_runs_and_disappears_afterwards(desk: Desk, clip: Path) -> None:
    dock = RecordingDock()
    DockProgress(desk.window, desk.window.context.progress_tracker, dock)
    uuid = await desk.add(clip, SLOW)
    await desk.shown(uuid, TaskStatus.DONE_SUCCESSFUL)
    await until(lambda: dock.calls and dock.calls[-1] == (None, 0), "it is gone", timeout=60)
    shares = [share for share, running in dock.calls if running == 1 and share is not None]
    assert shares == sorted(shares)
    assert max(shares) > 0


@pytest.mark.skipif(
    sys.platform != "linux" or not shutil.which("dbus-run-session") or not shutil.which("dbus-monitor"),
    reason="needs a session bus of its own",
)
def test_the_dbus_signal_reaches_a_dock() -> None:
    ended = subprocess.run(
        ["dbus-run-session", "--", sys.executable, "-c", SEND_SIGNAL],
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
