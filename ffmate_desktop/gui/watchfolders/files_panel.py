"""The lower half of the watchfolders page: the selected folder with its buttons, and the table of its files."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from ffmate_desktop.domain.watchfolder import FileState
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.watchfolders.file_model import FileModel
from ffmate_desktop.gui.watchfolders.file_table import FileTable
from ffmate_desktop.gui.watchfolders.folder_model import OPEN
from ffmate_desktop.gui.watchfolders.text import FolderDisplay, FolderHealth, explanation, explanation_icon
from ffmate_desktop.gui.widgets.action_button import ActionButton
from ffmate_desktop.gui.widgets.card import card_around
from ffmate_desktop.gui.widgets.icon_label import IconLabel
from ffmate_desktop.gui.widgets.labels import ElidedLabel, label
from ffmate_desktop.gui.widgets.segments import Segments

_TYPING = 200
"""Milliseconds after the last keystroke until the search applies."""

TABS: tuple[frozenset[FileState], ...] = (
    frozenset(),
    frozenset(OPEN),
    frozenset({FileState.DONE}),
    frozenset({FileState.FAILED}),
    frozenset({FileState.SKIPPED, FileState.OUTPUT}),
)
NARROW = 880


class FilesPanel(QWidget):
    """`chosen`: another file is selected. `buttons` holds the buttons of the folder."""

    chosen = Signal()

    def __init__(self, theme: Theme, bridge: Bridge) -> None:
        super().__init__()
        self._theme = theme
        self._view: FolderDisplay | None = None
        self.model = FileModel(bridge)
        self.table = FileTable(theme, self.model)
        titles = [self.tr("All"), self.tr("Open"), self.tr("Done"), self.tr("Failed"), self.tr("Skipped")]
        self.tabs = Segments(titles, self.tr("Filter by state"))
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search files"))
        self.search.setAccessibleName(self.tr("Search this folder's files"))
        self.search.setClearButtonEnabled(True)
        self.search.setAcceptDrops(False)
        self.search.setMaximumWidth(240)
        self._icon = self.search.addAction(
            theme.icon("search", "text_3"), QLineEdit.ActionPosition.LeadingPosition
        )
        self.name = ElidedLabel("heading")
        self.path = ElidedLabel("second", Qt.TextElideMode.ElideMiddle)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(8)
        self._problem_icon = IconLabel(theme, "triangle-alert", "failed")
        self._problem = label(look="strong", wraps=True, selectable=True)
        self._empty = label(look="lead")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._typing = QTimer(self, singleShot=True, interval=_TYPING)
        self._typing.timeout.connect(self._apply)
        self._lay_out()
        self.search.textChanged.connect(lambda _text: self._typing.start())
        self.search.returnPressed.connect(self._apply)
        self.tabs.chosen.connect(lambda _number: self._apply())
        self.model.counted.connect(self._show_counts)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self.chosen.emit())
        self.model.dataChanged.connect(lambda *_: self.chosen.emit())
        self.model.reordered.connect(self.chosen)
        theme.changed.connect(lambda: self._icon.setIcon(theme.icon("search", "text_3")))

    def _lay_out(self) -> None:
        titles = QVBoxLayout()
        titles.setSpacing(1)
        titles.addWidget(self.name)
        titles.addWidget(self.path)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addLayout(titles, 1)
        head.addLayout(self.buttons)
        self._row = QWidget()
        self._row.hide()
        row = QHBoxLayout(self._row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._problem_icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._problem, 1)
        bar = QHBoxLayout()
        bar.setSpacing(10)
        bar.addWidget(self.tabs)
        bar.addStretch(1)
        bar.addWidget(self.search, 1)
        self._inside = QStackedWidget()
        self._inside.addWidget(self.table)
        self._inside.addWidget(self._empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(10)
        column.addLayout(head)
        column.addWidget(self._row)
        column.addLayout(bar)
        column.addWidget(card_around(self._inside), 1)

    def show_folder(self, view: FolderDisplay | None) -> None:
        """Show the selected folder as it is now."""
        other = view is None or self._view is None or view.folder.uuid != self._view.folder.uuid
        self._view = view
        self.setEnabled(view is not None)
        self.name.setText(view.folder.name if view else "")
        self.path.setText(view.folder.path if view else "")
        text = explanation(view) if view else ""
        self._row.setVisible(bool(text))
        if view is not None and text:
            self._problem.setText(text)
            self._problem_icon.show_icon(*explanation_icon(view))
        self.model.retries = view.folder.retries if view else 0
        if other:
            self._apply()
        else:
            self._choose_content()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten buttons and filter in a narrow window."""
        super().resizeEvent(event)
        is_narrow = self.width() < NARROW
        self.tabs.set_short(is_narrow)
        for button in self.findChildren(ActionButton):
            button.set_short(is_narrow)

    def _apply(self) -> None:
        self._typing.stop()
        uuid = self._view.folder.uuid if self._view else None
        self.model.show_files(uuid, TABS[self.tabs.current], self.search.text().strip())

    def _show_counts(self) -> None:
        counts = self.model.counts
        self.tabs.set_counts([sum(counts.get(state, 0) for state in tab or FileState) for tab in TABS])
        self._choose_content()

    def _choose_content(self) -> None:
        filled = self.model.rowCount() > 0
        self._inside.setCurrentIndex(0 if filled else 1)
        if not filled:
            self._empty.setText(self._empty_text())

    def _empty_text(self) -> str:
        if self._view is None:
            return self.tr("Select a watchfolder to see its files.")
        if not self.model.is_known:
            return ""
        if self.tabs.current or self.search.text().strip():
            return self.tr("No files match this filter.")
        if self._view.health is FolderHealth.UNREACHABLE:
            return self.tr("No node can reach this folder right now.")
        if self._view.health is FolderHealth.NEW:
            return self.tr("This folder hasn't been scanned yet.")
        return self.tr("No files yet. Files you put into the folder appear here.")
