"""The nodes as cards, in as many columns as fit."""

from math import ceil

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyle

from ffmate_desktop.gui.nodes.card_delegate import HEIGHT, NodeCardDelegate
from ffmate_desktop.gui.nodes.model import NodesModel
from ffmate_desktop.gui.theme.theme import Theme

GAP = 16
LEAST_WIDTH = 330


class NodeCardsView(QListView):
    """Emits `menu_requested` with the name of a node and the global position for its menu."""

    menu_requested = Signal(str, QPoint)

    def __init__(self, theme: Theme, model: NodesModel) -> None:
        super().__init__()
        self._model = model
        self.columns = 1
        self.delegate = NodeCardDelegate(theme, model, self.card_rect)
        self.setProperty("class", "cards")
        self.setAccessibleName(self.tr("Nodes as cards"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setModel(model)
        self.setItemDelegate(self.delegate)
        theme.changed.connect(self.viewport().update)
        model.layoutChanged.connect(self._arrange)
        model.dataChanged.connect(lambda *_: self.viewport().update())  # a card can be larger than its cell
        self._arrange()

    def card_rect(self, index: QModelIndex | QPersistentModelIndex) -> QRect:
        """The rectangle of a card. Cards fill the full width, so they are slightly off the cells of Qt's grid."""
        cell = self.visualRect(index)
        width = (self.viewport().width() - GAP * (self.columns - 1)) // self.columns
        column = index.row() % self.columns
        return QRect(column * (width + GAP), cell.top(), width, HEIGHT)

    def indexAt(self, point: QPoint) -> QModelIndex:
        rows = (self._model.index(row, 0) for row in range(self._model.rowCount()))
        return next((index for index in rows if self.card_rect(index).contains(point)), QModelIndex())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()
        super().resizeEvent(event)

    def _arrange(self) -> None:
        """Choose columns and grid size. Qt always reserves space for a scroll bar."""
        fitting = max(1, (self.viewport().width() + GAP) // (LEAST_WIDTH + GAP))
        count = max(1, self._model.rowCount())
        rows = ceil(count / fitting)
        # Four cards become two and two, not three and one.
        self.columns = ceil(count / rows) if rows > 1 else fitting
        bar = self.verticalScrollBar().sizeHint().width()
        extent = max(bar, self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent))
        available = self.maximumViewportSize().width() - extent - 2
        self.setGridSize(QSize(max(1, available // self.columns), HEIGHT + GAP))

    # -- Menu and mouse ------------------------------------------------------------------------------------------

    def open_menu(self, row: int) -> None:
        """Request the menu of this card, below its button."""
        display = self._model.display_at(row)
        if display is not None:
            corner = self.delegate.menu_rect(self._model.index(row, 0)).bottomLeft()
            self.menu_requested.emit(display.name, self.viewport().mapToGlobal(corner + QPoint(0, 4)))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu at the mouse, or at the card if opened by keyboard."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self.open_menu(self.currentIndex().row())
            return
        index = self.indexAt(event.pos())
        display = self._model.display_at(index.row()) if index.isValid() else None
        if display is not None:
            self.menu_requested.emit(display.name, event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open_menu(self.currentIndex().row())
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        is_click = event.button() == Qt.MouseButton.LeftButton and index.isValid()
        if is_click and self.delegate.menu_rect(index).contains(event.position().toPoint()):
            self.open_menu(index.row())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        position = event.position().toPoint()
        index = self.indexAt(position)
        on_menu = index.isValid() and self.delegate.menu_rect(index).contains(position)
        self._hover(index.row() if index.isValid() else -1, on_menu)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._hover(-1, False)
        return super().viewportEvent(event)

    def _hover(self, row: int, on_menu: bool) -> None:
        if (row, on_menu) != (self.delegate.hovered, self.delegate.on_menu):
            self.delegate.hovered, self.delegate.on_menu = row, on_menu
            self.viewport().setCursor(
                Qt.CursorShape.PointingHandCursor if on_menu else Qt.CursorShape.ArrowCursor
            )
            self.viewport().update()
