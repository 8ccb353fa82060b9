"""The presets page: reading built-in presets, and making, changing, exchanging and removing own ones."""

import json
from pathlib import Path

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.gui.pages.presets_page import PresetsPage
from ffmate_desktop.services.preset_editor import PresetDraft
from tests.gui.desk import Desk
from tests.node.waiting import until


async def shown_page(desk: Desk) -> PresetsPage:
    """The page, in view, with its list filled."""
    number = next(n for n, page in enumerate(desk.window.pages) if isinstance(page, PresetsPage))
    desk.window.show_page(number)
    page = desk.window.pages[number]
    assert isinstance(page, PresetsPage)
    await until(lambda: page.list.current, "presets are read")
    return page


async def own(desk: Desk) -> list[Preset]:
    return [preset for preset in await desk.core.presets.all() if not preset.built_in]


async def test_a_built_in_preset_is_copied_and_the_copy_changed(desk: Desk) -> None:
    page = await shown_page(desk)
    QTest.keyClicks(page.list.search, "prores proxy")
    assert page.form.name.text() == "ProRes 422 Proxy"
    assert page.form.name.isReadOnly()
    assert not page.save_button.isVisible()
    page.duplicate_button.click()
    await until(page.save_button.isVisible, "the copy is shown")
    assert page.form.name.text() == "ProRes 422 Proxy 2"
    QTest.keyClicks(page.form.description, "Mine: ")
    assert not page.list.isEnabled()
    assert page.save_button.isEnabled()
    page.save_button.click()
    await until(page.list.isEnabled, "it is saved")
    [preset] = await own(desk)
    assert preset.description.startswith("Mine: ")
    row = await until(lambda: page.list.current, "it is chosen in the list")
    assert row.uuid == preset.uuid


async def test_a_new_preset_is_checked_while_typing(desk: Desk) -> None:
    page = await shown_page(desk)
    page.new_button.click()
    assert not page.save_button.isEnabled()  # no name yet
    QTest.keyClicks(page.form.name, "Small")
    assert page.save_button.isEnabled()
    page.form.command.set_command("-i ${INPUT_FILE} ${OUTPUT_FIL}")
    assert not page.save_button.isEnabled()
    assert "no wildcard" in page.form.command._error.text()
    page.form.command.set_command("-i ${INPUT_FILE} -s 160x90 ${OUTPUT_FILE}")
    page.form.output.clear()
    assert "no output pattern" in page.form._error.text()
    page.form.output.setText("/small/${INPUT_FILE_BASENAME}.mp4")
    assert page.form.example.text().endswith("becomes /small/Harbour_Lights.mp4")
    page.form.labels.setText("gpu, storage:media")
    page.form.priority.setText("5")
    page.save_button.click()
    await until(lambda: page.list.current and page.list.current.name == "Small", "it is in the list")
    [preset] = await own(desk)
    assert (preset.priority, preset.labels) == (5, ("gpu", "storage:media"))


async def test_revert_and_a_name_that_is_taken(desk: Desk) -> None:
    page = await shown_page(desk)
    before = page.form.name.text()
    page.new_button.click()
    page.form.name.setText("h.264 WEB 1080p")
    page.save_button.click()
    await until(lambda: "already a preset" in desk.window.messages.title, "it is told")
    assert page.form.name.text() == "h.264 WEB 1080p"  # nothing typed is lost
    page.revert_button.click()
    assert page.form.name.text() == before
    assert page.list.isEnabled()


async def test_presets_go_out_and_come_in_as_json(desk: Desk, tmp_path: Path) -> None:
    page = await shown_page(desk)
    QTest.keyClicks(page.list.search, "wav audio")
    page.export_file(str(tmp_path / "wav.json"))
    await until((tmp_path / "wav.json").exists, "it is written")
    await until(lambda: "Exported" in desk.window.messages.title, "it is told")
    assert json.loads((tmp_path / "wav.json").read_text())[0]["name"] == "WAV audio"
    page.import_file(str(tmp_path / "wav.json"))
    await until(lambda: "Imported" in desk.window.messages.title, "it is told")
    assert [preset.name for preset in await own(desk)] == ["WAV audio 2"]
    (tmp_path / "bad.json").write_text("{]")
    page.import_file(str(tmp_path / "bad.json"))
    await until(lambda: "not JSON" in desk.window.messages.title, "trouble is told")
    page.import_file(str(tmp_path / "gone.json"))
    await until(lambda: "cannot be read" in desk.window.messages.title, "trouble is told")


async def test_deleting_asks_and_others_changes_are_seen(desk: Desk) -> None:
    page = await shown_page(desk)
    preset = await desk.core.preset_editor.add(PresetDraft("From elsewhere", "-i ${INPUT_FILE} -f null -"))
    await until(lambda: page.list.model.row_of(preset.uuid) >= 0, "news brings it")
    page.list.choose(preset.uuid)
    assert page.form.name.text() == "From elsewhere"
    page.delete_button.click()
    box = await until(lambda: page.findChild(QMessageBox), "it asks")
    next(button for button in box.buttons() if button is not box.escapeButton()).click()
    await until(lambda: page.list.model.row_of(preset.uuid) < 0, "it is gone")
    assert await own(desk) == []
    assert page.form.name.text() != "From elsewhere"
