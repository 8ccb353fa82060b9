"""The dialog of settings on a real cluster: what is chosen holds at once, and after the next start."""

import json
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from ffmate_desktop.domain.encode_priority import EncodePriority
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.node import Node, NodeState
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.gui.desktop.closing import Closing
from ffmate_desktop.gui.desktop.tray import Tray
from ffmate_desktop.gui.preferences.switching import Answer
from ffmate_desktop.settings.file import SettingsFile
from ffmate_desktop.settings.preferences import Appearance, OnClose
from ffmate_desktop.settings.setting import Source
from ffmate_desktop.settings.table import DATABASE, SETTINGS
from tests.gui.desk import click
from tests.gui.office import Office, open_office
from tests.node.farm import LONG, ffmpegs
from tests.node.waiting import until


def kept(office: Office) -> dict[str, object]:
    """What is in the file."""
    found: dict[str, object] = json.loads(office.file.path.read_text())
    return found


def chosen(office: Office, part: str) -> dict[str, object]:
    """What one part of the file has, without empty values."""
    values = kept(office)[part]
    assert isinstance(values, dict)
    return {key: value for key, value in values.items() if value not in (None, [])}


async def test_slots_change_in_the_row_of_the_running_node(database_uri: str, tmp_path: Path) -> None:
    async with open_office(database_uri, tmp_path / "data") as office:
        before = await office.own_node()
        QTest.keyClick(office.window, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
        dialog = office.opener.dialog
        assert dialog is not None
        assert dialog.node.slots.value() == 1
        dialog.node.slots.lineEdit().setText("4")  # typed, and not left yet
        QTest.keyClick(dialog.node.slots, Qt.Key.Key_Return)
        await office.closed()
        now = await until(lambda: _with_slots(office, 4), "the row has them")
        assert now.id == before.id  # the node was not started anew
        assert chosen(office, "node") == {"identifier": "desk", "slots": 4}
        office.services.node.retire(0)
        await until(lambda: not office.services.node.is_working, "it leaves")
        office.services.node.join()
        await until(lambda: office.services.node.is_working, "it is back")
        assert (await office.own_node()).slots == 4


async def _with_slots(office: Office, slots: int) -> Node | None:
    own_node = await office.own_node()
    return own_node if own_node.slots == slots else None


async def test_another_name_and_labels_make_another_node_and_no_task_is_lost(
    database_uri: str, tmp_path: Path, clip: Path
) -> None:
    async with open_office(database_uri, tmp_path / "data") as office:
        desk, former = office.desk, office.services
        uuid = await desk.add(clip, LONG)
        await desk.shown(uuid, TaskStatus.RUNNING)
        desk.click_row(0)
        dialog = office.open()
        dialog.node.labels.setText("gpu two;words")
        assert not dialog.save.isEnabled()
        assert "“two;words” isn't a valid label." in dialog.node.labels_note.text
        dialog.node.labels.setText("gpu, fast")
        dialog.node.name.setText("bay 5")
        assert (await office.own_node()).encode_priority == "low"
        dialog.node.priorities[EncodePriority.NORMAL].setChecked(True)
        click(dialog.save)
        click((await office.question()).buttons[Answer.NOW])
        await office.switched(former)
        assert office.services.node.identifier == "bay 5"
        row = await desk.shown(uuid, TaskStatus.RUNNING)  # it was given back, and taken again
        assert row.node == "bay 5"
        nodes = {node.identifier: node for node in await office.services.nodes.all()}
        assert nodes["desk"].state is NodeState.LEFT
        assert {"gpu", "fast"} <= set(nodes["bay 5"].labels)
        assert nodes["bay 5"].encode_priority == "normal"
        ffmpeg = await until(lambda: next(iter(ffmpegs()), None), "it is encoded")
        assert ffmpeg.nice() == psutil.Process().nice()
        assert office.window.node_panel._status()[0] == "bay 5"
        assert chosen(office, "node") == {
            "identifier": "bay 5",
            "slots": 1,
            "labels": ["fast", "gpu"],
            "encode_priority": "normal",
        }
        await office.services.tasks.cancel([uuid])
        await until(lambda: ffmpegs() == [], "nothing runs")


async def test_a_name_that_is_taken_is_refused_and_the_node_goes_on(
    database_uri: str, tmp_path: Path
) -> None:
    from tests.gui.peers import open_peer

    async with (
        open_office(database_uri, tmp_path / "data") as office,
        open_peer("taken", database_uri, tmp_path),
    ):
        await until(lambda: _is_there(office, "taken"), "the other joins")
        former = office.services
        dialog = office.open()
        dialog.node.name.setText("taken")
        click(dialog.save)
        await until(lambda: "“taken” is already online" in dialog.note.text, "it says so")
        assert office.window.services is former
        assert former.node.is_working
        dialog.reject()
        assert not office.file.path.exists()


async def _is_there(office: Office, name: str) -> bool:
    return name in [node.identifier for node in await office.services.nodes.all()]


async def test_an_ffmpeg_is_tried_while_one_types(database_uri: str, tmp_path: Path) -> None:
    async with open_office(database_uri, tmp_path / "data") as office:
        dialog = office.open()
        await until(lambda: dialog.node.ffmpeg_note.text.startswith("Version "), "the present one is shown")
        dialog.node.ffmpeg.setText("/nowhere/ffmpeg")
        await until(lambda: "There is no ffmpeg at" in dialog.node.ffmpeg_note.text, "the other one is not")
        former = office.services
        click(dialog.save)
        await until(lambda: "There is no ffmpeg at" in dialog.note.text, "it cannot be saved")
        assert office.window.services is former
        dialog.reject()


def is_dark(office: Office) -> bool:
    """How the window looks at this moment."""
    return office.window.context.theme.tokens.is_dark


async def test_the_look_changes_at_once_and_back_when_nothing_is_saved(
    database_uri: str, tmp_path: Path
) -> None:
    async with open_office(database_uri, tmp_path / "data") as office:
        office.window.context.preferences.save_window(appearance=Appearance.LIGHT)
        dialog = office.open()
        click(dialog.appearance.tiles[Appearance.DARK])
        assert is_dark(office)
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
        await office.closed()
        assert not is_dark(office)
        dialog = office.open()
        click(dialog.appearance.tiles[Appearance.DARK])
        await until(dialog.save.isEnabled, "it can be saved")
        dialog.save.click()  # a pointer that is pressed while the look changes was lost on a busy machine
        await office.closed()
        assert is_dark(office)
        assert office.file.load().preferences.window.appearance is Appearance.DARK
        click(office.window.sidebar.switch)  # the other way to the same
        assert office.file.load().preferences.window.appearance is Appearance.LIGHT


async def test_habits_are_kept_and_obeyed(database_uri: str, tmp_path: Path) -> None:
    async with open_office(database_uri, tmp_path / "data") as office:
        closes, tray = Closing(office.window, office.desk.program), Tray(office.window)
        dialog = office.open()
        dialog.behaviour.choices[OnClose.FINISH].setChecked(True)
        dialog.behaviour.at_login.setChecked(True)
        dialog.notices.shown.setChecked(False)
        assert not dialog.notices.failures.isEnabled()
        click(dialog.save)
        await office.closed()
        assert closes.choice is OnClose.FINISH
        assert not tray.notices.isChecked()
        assert office.login.path.read_bytes() == b"start"
        tray.notices.trigger()
        assert SettingsFile(office.file.path.parent).load().preferences.window.notices.shown
        dialog = office.open()
        assert dialog.behaviour.at_login.isChecked()
        dialog.behaviour.at_login.setChecked(False)
        click(dialog.save)
        await office.closed()
        assert not office.login.path.exists()


async def test_what_was_given_cannot_be_changed_and_is_not_remembered(
    database_uri: str, tmp_path: Path
) -> None:
    given = {setting.field: Source.COMMAND_LINE for setting in SETTINGS} | {"database": Source.ENVIRONMENT}
    async with open_office(database_uri, tmp_path / "data", given=given) as office:
        dialog = office.open()
        assert set(dialog.values()) == {DATABASE}, "lock_if_explicit: every other field is locked"
        assert not dialog.node.slots.isEnabled()
        assert "--max-concurrent-tasks" in dialog.node.slots_note.text
        assert not dialog.cluster.embedded.isEnabled()
        assert "FFMATE_DATABASE" in dialog.cluster._given.text
        dialog.behaviour.choices[OnClose.NOW].setChecked(True)
        former = office.services
        click(dialog.save)
        await office.closed()
        loaded = office.file.load().preferences
        assert loaded.chosen == {}
        assert office.window.services is former


async def test_a_file_that_cannot_be_read_is_told_and_kept(database_uri: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "settings.json").write_text('{"version": 1, "no')
    async with open_office(database_uri, data) as office:
        assert f"The settings in {data / 'settings.json'} can't be read" in office.window.messages.title
        dialog = office.open()
        with_key = {setting for setting in SETTINGS if setting.file_key}
        assert set(dialog.values()) == with_key, "what the file keeps can be changed here"
        click(dialog.save)
        await office.closed()
        assert (data / "settings.json.unreadable-1").read_text() == '{"version": 1, "no'
        assert office.file.load().trouble is None


async def test_a_disk_that_does_not_take_the_file_is_told(
    database_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_office(database_uri, tmp_path / "data") as office:

        def refuse(_file: SettingsFile, _preferences: object) -> None:
            raise UserError("The settings cannot be saved.")

        monkeypatch.setattr(SettingsFile, "save", refuse)
        office.window.context.preferences.save_window(on_close=OnClose.NOW)
        assert office.window.messages.title == "The settings cannot be saved."
        assert office.window.context.preferences.current.window.on_close is OnClose.NOW


async def test_retention_takes_effect_without_another_node(database_uri: str, tmp_path: Path) -> None:
    async with open_office(database_uri, tmp_path / "data") as office:
        before = await office.own_node()
        dialog = office.open()
        section = dialog.retention
        assert section.logs_days.text() == "90"
        assert section.tasks_days.text() == "No limit"
        await until(
            lambda: "0 log files on this computer take 0 B." in section.logs_note.text, "sizes are shown"
        )
        assert section.tasks_note.text.startswith("0 finished tasks are in the queue.")
        section.logs_days.setValue(0)
        section.tasks_count.lineEdit().setText("500")  # typed, and not left yet
        click(dialog.save)
        await office.closed()
        assert kept(office)["retention"] == {
            "logs_days": 0,
            "logs_count": None,
            "tasks_days": None,
            "tasks_count": 500,
        }
        now = office.setup.settings.retention
        assert (now.log_days, now.task_count) == (0, 500)
        assert (await office.own_node()).id == before.id
        again = office.open()
        assert again.retention.logs_days.text() == "No limit"
        again.reject()
