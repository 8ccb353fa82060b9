"""A list of presets with a search field."""

from collections.abc import Sequence
from uuid import UUID

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QLineEdit, QListView, QVBoxLayout, QWidget

from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.gui.presets.delegate import PresetDelegate
from ffmate_desktop.gui.presets.model import PresetModel
from ffmate_desktop.gui.theme.theme import Theme

_NAVIGATION_KEYS = {Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown}


class PresetList(QWidget):
    """Emits `chosen` with the selected Preset or None. Arrow keys in the search field move the selection."""

    chosen = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._selected: UUID | None = None
        self.model = PresetModel()
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search presets"))
        self.search.setAccessibleName(self.tr("Search presets"))
        self.search.setClearButtonEnabled(True)
        self.search.setAcceptDrops(False)
        self._icon = self.search.addAction(
            theme.icon("search", "text_3"), QLineEdit.ActionPosition.LeadingPosition
        )
        self.view = QListView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(PresetDelegate(theme, self.model, self.view))
        self.view.setAccessibleName(self.tr("Presets"))
        self.view.setMouseTracking(True)
        self.view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        card = QFrame()
        card.setProperty("class", "card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(1, 5, 1, 5)
        inside.addWidget(self.view)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self.search)
        column.addWidget(card, 1)
        self.search.textChanged.connect(self._filter)
        self.search.installEventFilter(self)
        self.view.selectionModel().currentChanged.connect(self._on_current)
        theme.changed.connect(self._repaint)

    @property
    def current(self) -> Preset | None:
        return self.model.preset_at(self.view.currentIndex().row())

    def set_presets(self, presets: Sequence[Preset], chosen: UUID | None) -> None:
        """Show these presets and select one: `chosen`, or the first if it isn't in the list."""
        self._selected = chosen
        self.model.set_presets(presets)
        self._choose_requested()

    def select(self, uuid: UUID | None) -> None:
        self._selected = uuid
        self._choose_requested()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Forward arrow and page keys from the search field to the list."""
        if (
            event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and event.key() in _NAVIGATION_KEYS
        ):
            QApplication.sendEvent(self.view, event)
            return True
        return False

    def _filter(self, text: str) -> None:
        self.model.set_filter(text)
        self._choose_requested()

    def _choose_requested(self) -> None:
        row = self.model.row_of(self._selected)
        row = row if row >= 0 else self.model.first_row()
        index = self.model.index(row) if row >= 0 else QModelIndex()
        self.view.setCurrentIndex(index)
        if row >= 0:
            self.view.scrollTo(index, QListView.ScrollHint.PositionAtCenter)
        else:
            self.chosen.emit(None)

    def _on_current(self, index: QModelIndex) -> None:
        preset = self.model.preset_at(index.row()) if index.isValid() else None
        if preset is not None:
            self._selected = preset.uuid
            self.chosen.emit(preset)

    def _repaint(self) -> None:
        self._icon.setIcon(self._theme.icon("search", "text_3"))
        self.view.viewport().update()
