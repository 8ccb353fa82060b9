"""The window asks the owner before tasks may run scripts from a new folder."""

import os
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox

from ffmate_desktop.domain.processing import NewProcessing
from ffmate_desktop.domain.task import TaskStatus
from tests.gui.desk import Desk
from tests.node.waiting import until


@pytest.mark.skipif(os.name == "nt", reason="the test runs a shell script, which Windows can't start")
@pytest.mark.parametrize("agrees", [True, False])
async def test_the_owner_is_asked_about_a_refused_script(
    desk: Desk, clip: Path, tmp_path: Path, agrees: bool
) -> None:
    folder = tmp_path / "scripts"
    folder.mkdir(mode=0o755)
    script = folder / "before.sh"
    script.write_text("#!/bin/sh\nexit 0\n")
    script.chmod(0o755)
    task = await desk.add(clip, pre_processing=NewProcessing(script_path=str(script)))
    messages = desk.window.messages
    await until(lambda: "before.sh" in messages.title, "the refusal is shown")
    await desk.shown(task, TaskStatus.DONE_ERROR)
    messages._button.click()
    box = await until(lambda: desk.window.findChild(QMessageBox), "it asks")
    assert str(folder) in box.text()
    assert "all the rights of your account" in box.informativeText()
    next(button for button in box.buttons() if (button is box.escapeButton()) != agrees).click()
    if not agrees:
        await until(lambda: desk.window.findChild(QMessageBox) is None, "the question is gone")
        assert desk.services.permissions.current().scripts == ()
        return
    await until(lambda: "can now run" in messages.title, "it is allowed")
    assert desk.services.permissions.current().scripts == (folder,)
    await desk.services.tasks.restart([task])
    await desk.shown(task, TaskStatus.DONE_SUCCESSFUL)
