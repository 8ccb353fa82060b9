"""What a submission would become, as a list: one row for each file."""

from collections.abc import Sequence
from pathlib import PurePath

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from ffmate_desktop.gui.widgets.plain_text import plain, tool_tip
from ffmate_desktop.services.media_search import MediaFile
from ffmate_desktop.services.preview import PreviewRow

Index = QModelIndex | QPersistentModelIndex


class PreviewModel(QAbstractListModel):
    """Files, and what is known of the output of each; nothing while it is being worked out."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[MediaFile] = []
        self.rows: list[PreviewRow] = []

    def set_files(self, files: Sequence[MediaFile]) -> None:
        """Other files; nothing is known of them yet."""
        self.beginResetModel()
        self.files, self.rows = list(files), []
        self.endResetModel()

    def set_rows(self, rows: Sequence[PreviewRow]) -> None:
        """One for each file."""
        self.rows = list(rows)
        if self.files:
            self.dataChanged.emit(self.index(0), self.index(len(self.files) - 1))

    def row_at(self, number: int) -> PreviewRow | None:
        """What is known of a file."""
        return self.rows[number] if number < len(self.rows) else None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """As many as files."""
        return 0 if parent.isValid() else len(self.files)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The file's name; all of it in the tool tip and for screen readers."""
        file, row = self.files[index.row()], self.row_at(index.row())
        name = PurePath(file.path).name
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return plain(name)
            case Qt.ItemDataRole.ToolTipRole:
                return tool_tip("\n".join([file.path, *_known(row)]))
            case Qt.ItemDataRole.AccessibleTextRole:
                return plain(" → ".join([name, *_known(row)]))
            case _:
                return None


def _known(row: PreviewRow | None) -> list[str]:
    return [text for text in (row.output, row.message) if text] if row is not None else []
