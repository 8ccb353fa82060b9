"""The result of a dry run as a list: first the files that would be queued, then the others with the reason."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, Qt

from ffmate_desktop.gui.base.model_index import Index
from ffmate_desktop.gui.watchfolders.text import file_word
from ffmate_desktop.gui.widgets.plain_text import plain, tool_tip
from ffmate_desktop.services.dry_run import DryRunFile


class DryRunModel(QAbstractListModel):
    """A row for each file."""

    def __init__(self) -> None:
        super().__init__()
        self._files: list[DryRunFile] = []

    def set_files(self, files: Sequence[DryRunFile]) -> None:
        self.beginResetModel()
        self._files = sorted(files, key=lambda file: not file.takes)
        self.endResetModel()

    def file_at(self, row: int) -> DryRunFile:
        return self._files[row]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._files)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The path; tool tip and screen readers get all the details."""
        file = self._files[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return plain(file.path)
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                texts = (file.path, file_word(file.state), file.reason, file.output)
                return tool_tip("\n".join(text for text in texts if text))
            case _:
                return None
