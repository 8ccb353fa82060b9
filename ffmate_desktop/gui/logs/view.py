"""The lines of the cluster's log: sticks to the end, lets go when scrolled up, reads older ones at the top."""

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QPushButton

from ffmate_desktop.domain.node_log import LogLine
from ffmate_desktop.gui.logs.delegate import ROW_HEIGHT, LogDelegate
from ffmate_desktop.gui.logs.model import LogsModel, as_text
from ffmate_desktop.gui.theme.theme import Theme

_NEAR_TOP = 60 * ROW_HEIGHT


class LogLinesView(QListView):
    """`following_changed` tells whether the newest line is kept in view."""

    following_changed = Signal(bool)
    line_chosen = Signal()

    def __init__(self, theme: Theme, model: LogsModel) -> None:
        super().__init__()
        self._model = model
        self.is_following = True
        self._missed = 0
        self._value_before = 0
        self.delegate = LogDelegate(theme, model)
        self.setAccessibleName(self.tr("Log lines of all nodes"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setModel(model)
        self.setItemDelegate(self.delegate)
        self.back = QPushButton(self)
        self.back.setProperty("class", "primary")
        self.back.clicked.connect(self.follow)
        theme.set_icon(self.back, "arrow-down", "on_accent")
        self.back.hide()
        bar = self.verticalScrollBar()
        bar.setSingleStep(ROW_HEIGHT)
        bar.valueChanged.connect(self._on_scroll)
        bar.rangeChanged.connect(self._on_range)
        model.about_to_prepend.connect(self._keep_place)
        model.prepended.connect(self._restore_place)
        model.replaced.connect(self._on_replaced)
        model.rowsInserted.connect(self._on_inserted)
        self.selectionModel().selectionChanged.connect(lambda *_: self.line_chosen.emit())
        theme.changed.connect(self.viewport().update)

    def follow(self) -> None:
        """Keep the newest line in view from now on."""
        self._set_following(True)
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())

    def selected_lines(self) -> list[LogLine]:
        """Oldest first."""
        rows = sorted(index.row() for index in self.selectionModel().selectedIndexes())
        return [line for row in rows if (line := self._model.line_at(row)) is not None]

    def copy(self) -> None:
        """Put the selected lines on the clipboard, whole."""
        lines = self.selected_lines()
        if lines:
            QGuiApplication.clipboard().setText("\n".join(as_text(line) for line in lines))

    # -- Following -----------------------------------------------------------------------------------------------

    def _set_following(self, following: bool) -> None:
        self._model.trims = following
        if following:
            self._missed = 0
        if following != self.is_following:
            self.is_following = following
            self.following_changed.emit(following)
        self._show_back()

    def _on_scroll(self, value: int) -> None:
        bar = self.verticalScrollBar()
        self._set_following(value >= bar.maximum() - ROW_HEIGHT // 2)
        self._read_older_at_top()

    def _on_range(self, _least: int, most: int) -> None:
        if self.is_following:
            self.verticalScrollBar().setValue(most)
        self._read_older_at_top()

    def _on_replaced(self) -> None:
        self._set_following(True)
        self.scrollToBottom()

    def _on_inserted(self, _parent: object, first: int, last: int) -> None:
        if not self.is_following and first > 0:
            self._missed += last - first + 1
            self._show_back()

    def _read_older_at_top(self) -> None:
        if self.verticalScrollBar().value() < _NEAR_TOP:
            self._model.read_older()

    def _keep_place(self) -> None:
        self._value_before = self.verticalScrollBar().value()

    def _restore_place(self, count: int) -> None:
        """What is read stays where it is while lines come in above."""
        following = self.is_following
        self.executeDelayedItemsLayout()
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum() if following else self._value_before + count * ROW_HEIGHT)

    # -- The button back to the end ------------------------------------------------------------------------------

    def _show_back(self) -> None:
        if self._missed == 1:
            text = self.tr("1 new line")
        elif self._missed:
            text = self.tr("{0} new lines").format(self._missed)
        else:
            text = self.tr("Newest lines")
        self.back.setText(text)
        self.back.setVisible(not self.is_following)
        self._place_back()

    def _place_back(self) -> None:
        self.back.adjustSize()
        area = self.viewport().geometry()
        self.back.move(area.center().x() - self.back.width() // 2, area.bottom() - self.back.height() - 12)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The end stays in view, the button in the middle."""
        super().resizeEvent(event)
        self._place_back()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy; Home reads on at the top, End follows."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() == Qt.Key.Key_End and not event.modifiers():
            self.follow()
            last = self._model.index(self._model.rowCount() - 1, 0)
            self.selectionModel().setCurrentIndex(last, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        else:
            super().keyPressEvent(event)
