"""Presets as a list with headings: the user's own first, then the built-in ones by purpose."""

from collections.abc import Sequence
from uuid import UUID

from PySide6.QtCore import QAbstractListModel, QCoreApplication, QModelIndex, Qt

from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.gui.base.model_index import Index
from ffmate_desktop.gui.widgets.plain_text import plain, tool_tip

_GROUPS = ("Web", "Social", "Editing", "Audio", "Archive", "Images", "Frame rate")
"""Most wanted first. Other groups follow."""


class PresetModel(QAbstractListModel):
    """Rows are presets and headings. Headings can't be selected."""

    def __init__(self) -> None:
        super().__init__()
        self._all: list[Preset] = []
        self._words: list[str] = []
        self._rows: list[Preset | str] = []

    def set_presets(self, presets: Sequence[Preset]) -> None:
        self._all = sorted(presets, key=_sort_key)
        self._show()

    def set_filter(self, text: str) -> None:
        """Show only presets that contain every word of the text."""
        words = text.lower().split()
        if words != self._words:
            self._words = words
            self._show()

    @property
    def presets(self) -> list[Preset]:
        """All presets, filtered or not."""
        return list(self._all)

    def preset_at(self, row: int) -> Preset | None:
        """The preset in this row, None for a heading or an invalid row."""
        found = self._rows[row] if 0 <= row < len(self._rows) else None
        return found if isinstance(found, Preset) else None

    def row_of(self, uuid: UUID | None) -> int:
        """The row of a preset, -1 if it isn't shown."""
        rows = (n for n, found in enumerate(self._rows) if isinstance(found, Preset) and found.uuid == uuid)
        return next(rows, -1)

    def first_row(self) -> int:
        """The row of the first preset, -1 if there is none."""
        return next((n for n, found in enumerate(self._rows) if isinstance(found, Preset)), -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        found = self._rows[index.row()]
        if isinstance(found, str):
            return plain(found) if role == Qt.ItemDataRole.DisplayRole else None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return plain(found.name)
            case Qt.ItemDataRole.ToolTipRole:
                return tool_tip(found.description)
            case Qt.ItemDataRole.AccessibleTextRole:
                return plain(f"{found.name}. {found.description}")
            case _:
                return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if self.preset_at(index.row()) is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def _show(self) -> None:
        self.beginResetModel()
        self._rows = []
        heading = None
        for preset in self._all:
            if self._matches(preset):
                if _heading(preset) != heading:
                    heading = _heading(preset)
                    self._rows.append(heading)
                self._rows.append(preset)
        self.endResetModel()

    def _matches(self, preset: Preset) -> bool:
        text = f"{preset.name} {preset.description} {_heading(preset)}".lower()
        return all(word in text for word in self._words)


def _heading(preset: Preset) -> str:
    if preset.built_in:
        return preset.group
    return QCoreApplication.translate("PresetModel", "Your presets")


def _sort_key(preset: Preset) -> tuple[bool, int, str, str]:
    group = preset.group if preset.built_in else ""
    position = _GROUPS.index(group) if group in _GROUPS else len(_GROUPS)
    return preset.built_in, position, group, preset.name.lower()
