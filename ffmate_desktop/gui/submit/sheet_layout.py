"""The widgets of the submit sheet: presets or a command on the left, outputs and preview on the right."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from ffmate_desktop.domain.node import Eligibility
from ffmate_desktop.gui.presets.list_view import PresetList
from ffmate_desktop.gui.submit.dropped_paths import has_paths, paths_from
from ffmate_desktop.gui.submit.output_fields import OutputFields
from ffmate_desktop.gui.submit.preview_card import PreviewCard
from ffmate_desktop.gui.submit.text import eligibility_text
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.command_edit import CommandEdit
from ffmate_desktop.gui.widgets.labels import ElidedLabel, label
from ffmate_desktop.gui.widgets.segments import Segments


class SubmitSheetLayout(QDialog):
    """Emits `paths_dropped` with paths dropped on the sheet."""

    paths_dropped = Signal(list)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setWindowTitle(self.tr("Queue files"))
        self.setAcceptDrops(True)
        self.setSizeGripEnabled(False)
        self.resize(min(1000, parent.width() - 40), min(700, parent.height() - 40))
        self.move(parent.mapToGlobal(parent.rect().center()) - self.rect().center())
        self.title = label(look="big")
        self.subtitle = ElidedLabel("second", Qt.TextElideMode.ElideMiddle)
        self.mode = Segments([self.tr("Preset"), self.tr("Command")], self.tr("What to do with the files"))
        self.presets = PresetList(self._theme)
        self.command = CommandEdit(self._theme)
        self.output = OutputFields(self._theme)
        self.preview = PreviewCard(self._theme)
        self.model = self.preview.model
        self.eligibility_label = label(look="second", wraps=True)
        self._eligibility_icon = QLabel()
        self.cancel_button = QPushButton(self.tr("Cancel"))
        self.submit_button = QPushButton()
        self._lay_out()

    def _lay_out(self) -> None:
        self._left = QStackedWidget()
        self._left.addWidget(self.presets)
        self._left.addWidget(self.command)
        titles = QVBoxLayout()
        titles.setSpacing(2)
        titles.addWidget(self.title)
        titles.addWidget(self.subtitle)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addLayout(titles, 1)
        head.addWidget(self.mode, 0, Qt.AlignmentFlag.AlignVCenter)
        right = QVBoxLayout()
        right.setSpacing(12)
        right.addWidget(self.output)
        right.addWidget(self.preview, 1)
        middle = QHBoxLayout()
        middle.setSpacing(20)
        middle.addWidget(self._left, 2)
        middle.addLayout(right, 3)
        self.submit_button.setProperty("class", "primary")
        self.submit_button.setDefault(True)
        self.submit_button.setMinimumWidth(150)
        self._theme.set_icon(self.submit_button, "plus", "on_accent")
        foot = QHBoxLayout()
        foot.setSpacing(10)
        foot.addWidget(self._eligibility_icon)
        foot.addWidget(self.eligibility_label, 1)
        foot.addWidget(self.cancel_button)
        foot.addWidget(self.submit_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(16)
        column.addLayout(head)
        column.addLayout(middle, 1)
        column.addLayout(foot)
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(button is self.submit_button)  # Enter in a field must only submit

    def show_eligibility(self, found: Sequence[Eligibility]) -> None:
        text, can = eligibility_text(found)
        self.eligibility_label.setText(text)
        icon, color = ("server", "done") if can else ("triangle-alert", "warning")
        self._eligibility_icon.setPixmap(self._theme.pixmap(icon, color, 16, self.devicePixelRatioF()))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if has_paths(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.paths_dropped.emit(paths_from(event.mimeData()))
