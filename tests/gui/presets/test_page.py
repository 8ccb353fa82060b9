"""The presets page: viewing, adding, editing, testing, exchanging and deleting presets."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from ffmate_desktop.domain.preset import Preset, PresetExtra
from ffmate_desktop.domain.processing import DirectWebhook
from ffmate_desktop.domain.watchfolder import WatchfolderSettings
from ffmate_desktop.gui.presets.page import PresetsPage
from ffmate_desktop.gui.presets.test_dialog import PresetTestDialog
from ffmate_desktop.media.file_limits import has_landlock
from ffmate_desktop.services.preset_editor import PresetDraft
from tests.gui.desk import Desk
from tests.node.farm import ffmpegs
from tests.node.waiting import until


async def shown_page(desk: Desk) -> PresetsPage:
    """The presets page, shown in the window with its list loaded."""
    number = next(n for n, page in enumerate(desk.window.pages) if isinstance(page, PresetsPage))
    desk.window.show_page(number)
    page = desk.window.pages[number]
    assert isinstance(page, PresetsPage)
    await until(lambda: page.list.current, "presets are read")
    return page


async def own_presets(desk: Desk) -> list[Preset]:
    return [preset for preset in await desk.services.presets.all() if not preset.built_in]


async def test_a_built_in_preset_is_copied_and_the_copy_edited(desk: Desk) -> None:
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
    [preset] = await own_presets(desk)
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
    assert "isn't a wildcard" in page.form.command.error_label.text()
    page.form.command.set_command("-i ${INPUT_FILE} -s 160x90 ${OUTPUT_FILE}")
    page.form.output.clear()
    assert "no output pattern" in page.form.error_label.text()
    page.form.output.setText("/small/${INPUT_FILE_BASENAME}.mp4")
    assert page.form.example.text().endswith("becomes /small/Harbour_Lights.mp4")
    page.form.labels.setText("gpu, storage:media")
    page.form.priority.setText("5")
    page.save_button.click()
    await until(lambda: page.list.current and page.list.current.name == "Small", "it is in the list")
    [preset] = await own_presets(desk)
    assert (preset.priority, preset.labels) == (5, ("gpu", "storage:media"))


async def test_viewing_a_command_with_a_trailing_line_break_changes_nothing(desk: Desk) -> None:
    text = "-i ${INPUT_FILE}\r\n-c copy ${OUTPUT_FILE}\n"
    draft = PresetDraft("Imported", text, output_file="/x/${INPUT_FILE_BASENAME}.mkv")
    await desk.services.preset_editor.add(draft)
    page = await shown_page(desk)
    QTest.keyClicks(page.list.search, "imported")
    await until(lambda: page.form.name.text() == "Imported", "it is shown")
    assert not page.is_changed
    assert page.unsaved_changes() == ""


async def test_a_command_error_is_also_shown_on_the_scripts_tab(desk: Desk) -> None:
    page = await shown_page(desk)
    page.form.parts.press(1)
    page.new_button.click()
    assert page.form.name.isVisible()
    page.form.name.setText("Small")
    page.form.command.set_command("-i ${INPUT_FILE} ${OUTPUT_FIL}")
    assert not page.form.error_label.isVisible()
    page.form.parts.press(1)
    assert page.form.error_label.isVisible()
    assert "isn't a wildcard" in page.form.error_label.text()


async def test_the_list_works_with_the_keyboard(desk: Desk) -> None:
    page = await shown_page(desk)
    page.list.view.setFocus()
    names = []
    for _ in range(4):
        names.append(page.form.name.text())
        assert page.list.view.hasFocus()
        QTest.keyClick(page.list.view, Qt.Key.Key_Down)
    assert len(set(names)) == 4


async def test_a_taken_name_is_rejected_and_revert_restores_the_form(desk: Desk) -> None:
    page = await shown_page(desk)
    before = page.form.name.text()
    page.new_button.click()
    page.form.name.setText("h.264 WEB 1080p")
    page.save_button.click()
    await until(lambda: "already exists" in desk.window.messages.title, "the message is shown")
    assert page.form.name.text() == "h.264 WEB 1080p"  # the entered text is kept
    page.revert_button.click()
    assert page.form.name.text() == before
    assert page.list.isEnabled()


async def test_presets_are_exported_and_imported_as_json(desk: Desk, tmp_path: Path) -> None:
    page = await shown_page(desk)
    QTest.keyClicks(page.list.search, "wav audio")
    page.export_file(str(tmp_path / "wav.json"))
    await until((tmp_path / "wav.json").exists, "it is written")
    await until(lambda: "Exported" in desk.window.messages.title, "the message is shown")
    assert json.loads((tmp_path / "wav.json").read_text())[0]["name"] == "WAV audio"
    page.import_file(str(tmp_path / "wav.json"))
    await until(lambda: "Imported" in desk.window.messages.title, "the message is shown")
    assert [preset.name for preset in await own_presets(desk)] == ["WAV audio 2"]
    (tmp_path / "bad.json").write_text("{]")
    page.import_file(str(tmp_path / "bad.json"))
    await until(lambda: "isn't valid JSON" in desk.window.messages.title, "the error is shown")
    page.import_file(str(tmp_path / "gone.json"))
    await until(lambda: "Can't read the file" in desk.window.messages.title, "the error is shown")


async def test_deleting_asks_first_and_changes_by_others_appear(desk: Desk) -> None:
    page = await shown_page(desk)
    draft = PresetDraft("From elsewhere", "-i ${INPUT_FILE} ${OUTPUT_FILE}", output_file="${INPUT_FILE}.mp4")
    preset = await desk.services.preset_editor.add(draft)
    await desk.services.watchfolders.add(
        WatchfolderSettings(name="Hot folder", path="/hot", preset=preset.uuid)
    )
    await until(lambda: page.list.model.row_of(preset.uuid) >= 0, "it appears in the list")
    page.list.select(preset.uuid)
    assert page.form.name.text() == "From elsewhere"
    page.delete_button.click()
    box = await until(lambda: page.findChild(QMessageBox), "it asks")
    assert "“Hot folder”" in box.informativeText()
    next(button for button in box.buttons() if button is not box.escapeButton()).click()
    await until(lambda: page.list.model.row_of(preset.uuid) < 0, "it is gone")
    assert await own_presets(desk) == []
    assert page.form.name.text() != "From elsewhere"


def start_test(page: PresetsPage, source: Path) -> PresetTestDialog:
    """Test the preset in the form; returns the dialog."""
    page.test_file(str(source))
    return page.findChildren(PresetTestDialog)[-1]


@pytest.mark.ffmpeg
async def test_a_preset_test_encodes_two_seconds_and_leaves_nothing_behind(desk: Desk, clip: Path) -> None:
    page = await shown_page(desk)
    QTest.keyClicks(page.list.search, "h.264 web 720p")
    before = sorted(clip.parent.iterdir())
    dialog = start_test(page, clip)
    await until(dialog.open_output.isVisible, "it works")
    assert "h264" in dialog.line.text()
    assert dialog.still.isVisible()
    assert not dialog.still.pixmap().isNull()
    output = Path(dialog.output_path)
    assert output.suffix == ".mp4"
    dialog.close_button.click()
    await until(lambda: not output.exists() and not output.parent.exists(), "it is cleaned up")
    assert sorted(clip.parent.iterdir()) == before
    assert (await desk.services.queue.counts()) == {}


@pytest.mark.ffmpeg
async def test_a_failing_preset_test_explains_why(desk: Desk, clip: Path) -> None:
    page = await shown_page(desk)
    page.new_button.click()
    page.form.name.setText("Broken")
    page.form.output.setText("${INPUT_FILE_DIR}/x.mp4")
    page.form.command.set_command("-i ${INPUT_FILE} -c:v nonsense ${OUTPUT_FILE}")
    dialog = start_test(page, clip)
    await until(lambda: not dialog.meter.isVisible(), "it fails")
    assert "nonsense" in dialog.heading.text()
    dialog.close_button.click()
    page.form.command.set_command("-i ${INPUT_FILE} -c copy ${INPUT_FILE_DIR}/elsewhere.mp4")
    dialog = start_test(page, clip)
    await until(lambda: not dialog.meter.isVisible(), "it is refused")
    assert "${OUTPUT_FILE}" in dialog.line.text()
    dialog.close_button.click()


@pytest.mark.ffmpeg
@pytest.mark.skipif(not has_landlock(), reason="without Landlock nothing keeps ffmpeg from other files")
@pytest.mark.parametrize(
    "option",
    ["-vstats_file {0}", "-vf metadata=print:file={0}", "-vf null {0}.mp4", "-vf null {0}/new/x.mp4"],
)
async def test_a_preset_test_writes_nothing_but_its_output(desk: Desk, clip: Path, option: str) -> None:
    page = await shown_page(desk)
    page.new_button.click()
    page.form.output.setText("${INPUT_FILE_DIR}/x.mp4")
    place = clip.parent / "side"
    page.form.command.set_command(f"-i ${{INPUT_FILE}} {option.format(place)} ${{OUTPUT_FILE}}")
    before = sorted(clip.parent.rglob("*"))
    dialog = start_test(page, clip)
    await until(lambda: not dialog.meter.isVisible(), "it fails")
    assert not dialog.open_output.isVisible()
    dialog.close_button.click()
    assert sorted(clip.parent.rglob("*")) == before


@pytest.mark.ffmpeg
async def test_canceling_a_preset_test_ends_ffmpeg(desk: Desk, clip: Path) -> None:
    page = await shown_page(desk)
    page.new_button.click()
    page.form.output.setText("${INPUT_FILE_DIR}/x.mp4")
    page.form.command.set_command("-i ${INPUT_FILE} -vf realtime=speed=0.01 ${OUTPUT_FILE}")
    dialog = start_test(page, clip)
    await until(ffmpegs, "ffmpeg runs")
    dialog.close_button.click()
    await until(lambda: not ffmpegs(), "it has ended")


async def test_a_page_built_late_reads_the_presets_immediately(desk: Desk) -> None:
    early = await shown_page(desk)
    desk.window.show_page(0)
    number = desk.window.pages.index(early)
    del desk.window._pages[number]  # as if it were built after the cluster was opened
    desk.window.build_pages()
    page = desk.window.show_page_with_key("presets")
    assert isinstance(page, PresetsPage)
    await until(lambda: page.list.current, "the presets are there")


async def test_scripts_of_a_preset_are_saved_and_kept(desk: Desk) -> None:
    page = await shown_page(desk)
    page.new_button.click()
    page.form.name.setText("With scripts")
    page.form.parts.press(1)
    scripts = page.form.scripts
    assert scripts.isVisible()
    QTest.keyClicks(scripts.before, "/srv/choose.py ${SIDECAR_FIL}")
    assert not page.save_button.isEnabled()
    assert "isn't a wildcard" in page.form.error_label.text()
    assert page.form.error_label.isVisible()
    scripts.before.setText("/srv/choose.py ${SIDECAR_FILE}")
    scripts.imports.setChecked(True)
    QTest.keyClicks(scripts.after, "/srv/deliver.sh ${OUTPUT_FILE}")
    QTest.keyClicks(scripts.after_sidecar, "/srv/${INPUT_FILE_BASENAME}.json")
    page.save_button.click()
    await until(lambda: page.list.current and page.list.current.name == "With scripts", "it is saved")
    [preset] = await own_presets(desk)
    before, after = preset.pre_processing, preset.post_processing
    assert before is not None
    assert after is not None
    assert (before.script_path, before.sidecar_path) == ("/srv/choose.py ${SIDECAR_FILE}", None)
    assert before.import_sidecar
    assert (after.script_path, after.sidecar_path) == (
        "/srv/deliver.sh ${OUTPUT_FILE}",
        "/srv/${INPUT_FILE_BASENAME}.json",
    )
    assert not page.is_changed
    scripts.before.clear()
    scripts.imports.setChecked(False)
    page.save_button.click()
    await until(lambda: not page.is_changed, "it is saved again")
    [preset] = await own_presets(desk)
    assert preset.pre_processing is None
    assert preset.post_processing == after


async def test_webhooks_of_a_preset_survive_an_edit(desk: Desk) -> None:
    hook = DirectWebhook(event="task.updated", url="https://studio.example/hook")
    draft = PresetDraft("Hooked", "-i ${INPUT_FILE} -f null -", extra=PresetExtra(webhooks=(hook,)))
    page = await shown_page(desk)
    preset = await desk.services.preset_editor.add(draft)
    await until(lambda: page.list.model.row_of(preset.uuid) >= 0, "it appears in the list")
    page.list.select(preset.uuid)
    assert not page.is_changed
    page.form.scripts.after.setText("/srv/deliver.sh")
    page.save_button.click()
    await until(lambda: not page.is_changed, "it is saved")
    [edited] = await own_presets(desk)
    assert edited.webhooks == (hook,)
    assert edited.post_processing is not None
