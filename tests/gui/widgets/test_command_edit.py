"""The command editor: lines wrap at spaces, and a theme change isn't an edit."""

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPlainTextEdit

from ffmate_desktop.gui.presets.form import PresetForm
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.command_edit import CommandEdit
from ffmate_desktop.settings.folders import resources_folder
from ffmate_desktop.settings.preferences import Appearance

COMMAND = (
    "-i ${INPUT_FILE} -vf scale=640:-2,realtime=speed=0.9:limit=3600 -c:v libx264 -preset veryfast "
    "-metadata title=${INPUT_FILE_BASENAME} -y ${INPUT_FILE_DIR}/${INPUT_FILE_BASENAME}_review.mp4"
)


def lines(editor: QPlainTextEdit) -> list[str]:
    """The lines as painted."""
    editor.grab()
    block = editor.document().firstBlock()
    layout = block.layout()
    assert block.lineCount() == layout.lineCount()
    places = (layout.lineAt(number) for number in range(layout.lineCount()))
    return [block.text()[line.textStart() : line.textStart() + line.textLength()] for line in places]


@pytest.mark.parametrize("width", [380, 470, 560, 700])
def test_lines_wrap_only_at_spaces(qapp: QApplication, width: int) -> None:
    edit = CommandEdit(Theme(qapp, resources_folder()))
    edit.text.resize(width, 300)
    edit.set_command(COMMAND)
    shown = lines(edit.text)
    assert "".join(shown) == COMMAND
    assert len(shown) > 2
    assert all(len(word) > 35 or any(word in line for line in shown) for word in COMMAND.split())
    assert not any(line.endswith("$") for line in shown)


def test_typed_text_wraps_only_at_spaces(qapp: QApplication) -> None:
    edit = CommandEdit(Theme(qapp, resources_folder()))
    edit.text.resize(380, 300)
    edit.set_command("-i ${INPUT_FILE}")
    lines(edit.text)
    edit.text.moveCursor(edit.text.textCursor().MoveOperation.End)
    QTest.keyClicks(edit.text, " -metadata title=x -metadata comment=y -y ${OUTPUT_FILE}")
    assert not any(line.endswith("$") for line in lines(edit.text))
    edit.text.undo()
    assert edit.command() == "-i ${INPUT_FILE}"


def test_a_new_theme_does_not_count_as_an_edit(qapp: QApplication) -> None:
    """Before a cluster is open no preset is shown, and its empty command must not show an error."""
    theme = Theme(qapp, resources_folder())
    theme.set_appearance(Appearance.LIGHT)
    form = PresetForm(theme)
    edits: list[bool] = []
    form.edited.connect(lambda: edits.append(True))
    theme.set_appearance(Appearance.DARK)
    assert form.command.error is None
    assert form.command.error_label.isHidden()
    assert not edits


def test_a_command_of_a_megabyte_is_kept_and_read_only(qapp: QApplication) -> None:
    edit = CommandEdit(Theme(qapp, resources_folder()))
    endless = "-i ${INPUT_FILE} -metadata x=" + "x" * 1_000_000
    edit.set_command(endless)
    assert edit.command() == endless
    assert edit.text.isReadOnly() and len(edit.text.toPlainText()) < 10_000
    assert edit.error is not None
    edit.set_command(COMMAND)
    assert (edit.command(), edit.text.isReadOnly()) == (COMMAND, False)
