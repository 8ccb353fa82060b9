"""The preview in the submit sheet: a summary above the list of files."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QListView, QVBoxLayout

from ffmate_desktop.gui.submit.preview_delegate import PreviewDelegate
from ffmate_desktop.gui.submit.preview_model import PreviewModel
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.services.preview import PreviewRow

_ICONS = {"failed": "octagon-x", "warning": "triangle-alert", "done": "circle-check"}


class PreviewCard(QFrame):
    """`model` holds the files and their previews."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setProperty("class", "card")
        self.model = PreviewModel()
        self.note = label(look="second", wraps=True)
        self._icon = QLabel()
        self.view = QListView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(PreviewDelegate(theme, self.model, self.view))
        self.view.setUniformItemSizes(True)
        self.view.setSelectionMode(QListView.SelectionMode.NoSelection)
        self.view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setAccessibleName(self.tr("Files and their outputs"))
        top = QHBoxLayout()
        top.setContentsMargins(14, 10, 14, 8)
        top.setSpacing(10)
        top.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        top.addWidget(self.note, 1)
        line = QFrame()
        line.setProperty("class", "line")
        line.setFixedHeight(1)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(1, 1, 1, 1)
        inside.setSpacing(0)
        inside.addLayout(top)
        inside.addWidget(line)
        inside.addWidget(self.view, 1)
        inside.addSpacing(7)  # keep clear of the rounded corners

    def show_note(self, text: str, color: str) -> None:
        """Show a summary. `color` is the name of a theme token."""
        self.note.setText(text)
        icon = _ICONS.get(color, "info")
        self._icon.setPixmap(self._theme.pixmap(icon, color, 16, self.devicePixelRatioF()))

    def show_rows(self, rows: Sequence[PreviewRow]) -> None:
        """Show the previews and scroll to the first error."""
        self.model.set_rows(rows)
        first_error = next((number for number, row in enumerate(rows) if row.issue.is_error), None)
        if first_error is not None:
            self.view.scrollTo(self.model.index(first_error))
