"""The batches as a list: overall progress of each; opening one shows its tasks."""

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView

from ffmate_desktop.gui.bridge import Bridge
from ffmate_desktop.gui.delegates.batch_delegate import BatchDelegate
from ffmate_desktop.gui.models.batch_model import BatchModel
from ffmate_desktop.gui.theme.theme import Theme


class BatchList(QListView):
    """`opened` carries the uuid of a batch, and its title."""

    opened = Signal(object, str)

    def __init__(self, theme: Theme, bridge: Bridge) -> None:
        super().__init__()
        self.batches = BatchModel(bridge)
        self._painter = BatchDelegate(theme, self.batches)
        self.setModel(self.batches)
        self.setItemDelegate(self._painter)
        self.setAccessibleName(self.tr("Batches"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.doubleClicked.connect(self._open)
        theme.changed.connect(self.viewport().update)

    def showEvent(self, event: QShowEvent) -> None:
        """Read while it is seen."""
        super().showEvent(event)
        self.batches.set_active(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """And only then."""
        super().hideEvent(event)
        self.batches.set_active(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens a batch."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._open(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _open(self, index: QModelIndex) -> None:
        group = self.batches.group_at(index.row())
        if group is not None:
            self.opened.emit(group.state.uuid, self.batches.title_of(group))
