"""The list of log lines: follows the end, stops following when scrolled up, and reads older lines at the top."""

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QPushButton

from ffmate_desktop.domain.node_log import LogLine
from ffmate_desktop.gui.logs.delegate import ROW_HEIGHT, LogDelegate
from ffmate_desktop.gui.logs.model import LogsModel, line_as_text
from ffmate_desktop.gui.theme.theme import Theme

_NEAR_TOP = 60 * ROW_HEIGHT


class LogLinesView(QListView):
    """Emits `following_changed` when it starts or stops keeping the newest line in view."""

    following_changed = Signal(bool)
    selection_changed = Signal()

    def __init__(self, theme: Theme, model: LogsModel) -> None:
        super().__init__()
        self._model = model
        self.is_following = True
        self._new_count = 0
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
        self.jump_button = QPushButton(self)
        self.jump_button.setProperty("class", "primary")
        self.jump_button.clicked.connect(self.follow)
        theme.set_icon(self.jump_button, "arrow-down", "on_accent")
        self.jump_button.hide()
        bar = self.verticalScrollBar()
        bar.setSingleStep(ROW_HEIGHT)
        bar.valueChanged.connect(self._on_scroll)
        bar.rangeChanged.connect(self._on_range)
        model.about_to_prepend.connect(self._save_position)
        model.prepended.connect(self._restore_position)
        model.replaced.connect(self._on_replaced)
        model.rowsInserted.connect(self._on_inserted)
        self.selectionModel().selectionChanged.connect(lambda *_: self.selection_changed.emit())
        theme.changed.connect(self.viewport().update)

    def follow(self) -> None:
        """Scroll to the newest line and keep it in view."""
        self._set_following(True)
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())

    def selected_lines(self) -> list[LogLine]:
        """The selected lines, oldest first."""
        rows = sorted(index.row() for index in self.selectionModel().selectedIndexes())
        return [line for row in rows if (line := self._model.line_at(row)) is not None]

    def copy(self) -> None:
        """Copy the full text of the selected lines."""
        lines = self.selected_lines()
        if lines:
            QGuiApplication.clipboard().setText("\n".join(line_as_text(line) for line in lines))

    # -- Following -----------------------------------------------------------------------------------------------

    def _set_following(self, following: bool) -> None:
        self._model.trims = following
        if following:
            self._new_count = 0
        if following != self.is_following:
            self.is_following = following
            self.following_changed.emit(following)
        self._show_jump_button()

    def _on_scroll(self, value: int) -> None:
        bar = self.verticalScrollBar()
        self._set_following(value >= bar.maximum() - ROW_HEIGHT // 2)
        self._read_older_at_top()

    def _on_range(self, _minimum: int, maximum: int) -> None:
        if self.is_following:
            self.verticalScrollBar().setValue(maximum)
        self._read_older_at_top()

    def _on_replaced(self) -> None:
        self._set_following(True)
        self.scrollToBottom()

    def _on_inserted(self, _parent: object, first: int, last: int) -> None:
        if not self.is_following and first > 0:
            self._new_count += last - first + 1
            self._show_jump_button()

    def _read_older_at_top(self) -> None:
        if self.verticalScrollBar().value() < _NEAR_TOP:
            self._model.read_older()

    def _save_position(self) -> None:
        self._value_before = self.verticalScrollBar().value()

    def _restore_position(self, count: int) -> None:
        """Keep the visible lines in place after lines were inserted above."""
        following = self.is_following
        self.executeDelayedItemsLayout()
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum() if following else self._value_before + count * ROW_HEIGHT)

    # -- Button to jump to the end -------------------------------------------------------------------------------

    def _show_jump_button(self) -> None:
        if self._new_count == 1:
            text = self.tr("1 new line")
        elif self._new_count:
            text = self.tr("{0} new lines").format(self._new_count)
        else:
            text = self.tr("Jump to newest")
        self.jump_button.setText(text)
        self.jump_button.setVisible(not self.is_following)
        self._place_jump_button()

    def _place_jump_button(self) -> None:
        self.jump_button.adjustSize()
        area = self.viewport().geometry()
        left = area.center().x() - self.jump_button.width() // 2
        self.jump_button.move(left, area.bottom() - self.jump_button.height() - 12)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_jump_button()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() == Qt.Key.Key_End and not event.modifiers():
            self.follow()
            last = self._model.index(self._model.rowCount() - 1, 0)
            self.selectionModel().setCurrentIndex(last, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        else:
            super().keyPressEvent(event)
