"""The placeholder for empty lists."""

from PySide6.QtWidgets import QApplication, QLabel

from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.empty_state import EmptyState
from ffmate_desktop.settings.folders import resources_folder


def test_the_text_is_shown_in_full_in_a_wide_window(qapp: QApplication) -> None:
    state = EmptyState(
        Theme(qapp, resources_folder()), "Nothing", "A sentence that takes two lines. " * 3, "Go"
    )
    state.resize(1200, 700)
    state.show()
    words = next(label for label in state.findChildren(QLabel) if label.wordWrap())
    assert words.height() >= words.heightForWidth(words.width())
    state.close()
