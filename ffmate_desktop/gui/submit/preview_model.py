"""The files of a submission as a list, with a preview of each."""

from collections.abc import Sequence
from pathlib import PurePath

from PySide6.QtCore import QAbstractListModel, QModelIndex, Qt

from ffmate_desktop.gui.base.model_index import Index
from ffmate_desktop.gui.widgets.plain_text import plain, tool_tip
from ffmate_desktop.services.media_search import MediaFile
from ffmate_desktop.services.preview import PreviewRow


class PreviewModel(QAbstractListModel):
    """Files and their previews, which are missing until they are ready."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[MediaFile] = []
        self.rows: list[PreviewRow] = []

    def set_files(self, files: Sequence[MediaFile]) -> None:
        self.beginResetModel()
        self.files, self.rows = list(files), []
        self.endResetModel()

    def set_rows(self, rows: Sequence[PreviewRow]) -> None:
        """Set the previews, one per file."""
        self.rows = list(rows)
        if self.files:
            self.dataChanged.emit(self.index(0), self.index(len(self.files) - 1))

    def row_at(self, number: int) -> PreviewRow | None:
        """The preview of a file, None if it isn't ready."""
        return self.rows[number] if number < len(self.rows) else None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.files)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The file name. Tool tip and screen readers get output and error as well."""
        file, row = self.files[index.row()], self.row_at(index.row())
        name = PurePath(file.path).name
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return plain(name)
            case Qt.ItemDataRole.ToolTipRole:
                return tool_tip("\n".join([file.path, *_output_and_error(row)]))
            case Qt.ItemDataRole.AccessibleTextRole:
                return plain(" → ".join([name, *_output_and_error(row)]))
            case _:
                return None


def _output_and_error(row: PreviewRow | None) -> list[str]:
    return [text for text in (row.output, row.message) if text] if row is not None else []
