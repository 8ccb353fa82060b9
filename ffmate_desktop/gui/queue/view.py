"""The table of the queue. Remembers its columns; keeps scroll position and selection when the order changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QPoint, QSettings, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QMenu, QTableView

from ffmate_desktop.domain.queue import QueueRow, SortColumn
from ffmate_desktop.gui.queue.columns import COLUMN_SPECS, QueueColumn, title
from ffmate_desktop.gui.queue.delegate import ROW_HEIGHT, QueueDelegate
from ffmate_desktop.gui.queue.model import QueueModel
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.plain_text import menu_text

if TYPE_CHECKING:  # loaded when batches are first shown
    from ffmate_desktop.gui.queue.grouped_model import GroupedModel

_MIN_NAME_WIDTH = 210
_MAX_RANGE = 50_000  # rows of a selected range to look at; more are never in memory
_SHOWN, _WIDTHS = "queue/columns", "queue/widths"


@dataclass(frozen=True, slots=True)
class SavedPlace:
    """Selection and scroll position, as row keys, across a change of row numbers. `top` is the topmost visible row,
    None if that is the first one; `offset` is the y position of its upper edge."""

    selected: list[object]
    is_all_selected: bool
    current: object
    top: object
    offset: int


class QueueTableView(QTableView):
    """Emits `menu_requested` with the global position for a context menu, and `sort_requested` with a SortColumn."""

    menu_requested = Signal(QPoint)
    sort_requested = Signal(SortColumn)
    row_activated = Signal()
    selected_rows_changed = Signal()

    def __init__(
        self,
        theme: Theme,
        model: QueueModel | GroupedModel,
        window_state: QSettings,
        delegate: QueueDelegate | None = None,
    ) -> None:
        super().__init__()
        self._theme, self._model, self._window_state = theme, model, window_state
        self.delegate = delegate or QueueDelegate(theme, model)
        self._saved_place: SavedPlace | None = None
        self.chosen_columns = self._remembered_columns()
        self._set_up()
        self.setModel(model)
        self._set_up_header()
        self.setItemDelegate(self.delegate)
        model.top_row = self.top_row
        model.about_to_reorder.connect(self._save_place)
        model.reordered.connect(self._restore_place)
        theme.changed.connect(self.viewport().update)
        self.selectionModel().selectionChanged.connect(lambda *_: self.selected_rows_changed.emit())
        self.fit_columns()

    def _set_up(self) -> None:
        self.setAccessibleName(self.tr("Tasks"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        # Opaque: scrolling then moves the painted pixels and paints only new rows. `paintEvent` fills the background.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)

    def _set_up_header(self) -> None:
        rows = self.verticalHeader()
        rows.setVisible(False)
        rows.setMinimumSectionSize(ROW_HEIGHT)
        rows.setDefaultSectionSize(ROW_HEIGHT)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        # With the table's selection model, the header would check every selected row on every paint.
        header.setSelectionModel(QItemSelectionModel(self._model, header))
        header.setFixedHeight(40)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionsClickable(True)
        header.setMinimumSectionSize(56)
        widths = self._window_state.value(_WIDTHS) or {}
        for column, spec in COLUMN_SPECS.items():
            width = widths.get(column.name, spec.width) if isinstance(widths, dict) else spec.width
            self.setColumnWidth(column, int(width))
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(QueueColumn.TASK, QHeaderView.ResizeMode.Stretch)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(
            lambda position: self.open_columns(header.mapToGlobal(position))
        )
        header.sectionClicked.connect(self._on_header)
        header.sectionResized.connect(self._remember_width)

    # -- Columns -------------------------------------------------------------------------------------------------

    def _remembered_columns(self) -> set[QueueColumn]:
        names = self._window_state.value(_SHOWN)
        if isinstance(names, str):
            names = [names]
        if not isinstance(names, list):
            return {column for column, spec in COLUMN_SPECS.items() if spec.shown}
        return {column for column in QueueColumn if column.name in names} | {QueueColumn.TASK}

    def show_column(self, column: QueueColumn, shown: bool) -> None:
        self.chosen_columns = (self.chosen_columns | {column}) if shown else (self.chosen_columns - {column})
        self._window_state.setValue(_SHOWN, [column.name for column in sorted(self.chosen_columns)])
        self.fit_columns()

    def open_columns(self, position: QPoint) -> None:
        """Open the menu of columns at this global position."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for column in QueueColumn:
            if column is not QueueColumn.TASK:
                is_cut = column in self.chosen_columns and self.isColumnHidden(column)
                text = self.tr("{0} (no space)").format(title(column)) if is_cut else title(column)
                action = menu.addAction(menu_text(text))
                action.setCheckable(True)
                action.setChecked(column in self.chosen_columns)
                action.toggled.connect(lambda on, column=column: self.show_column(column, on))
        menu.popup(position)

    def fit_columns(self) -> None:
        """Hide the least important columns until the rest fit."""
        available = self.viewport().width() - _MIN_NAME_WIDTH
        shown = {QueueColumn.TASK}
        for column in sorted(
            self.chosen_columns - {QueueColumn.TASK}, key=lambda column: -COLUMN_SPECS[column].importance
        ):
            available -= self._width_of(column)
            if available < 0:
                break
            shown.add(column)
        for column in QueueColumn:
            if self.isColumnHidden(column) != (column not in shown):
                self.setColumnHidden(column, column not in shown)

    def _width_of(self, column: QueueColumn) -> int:
        widths = self._window_state.value(_WIDTHS) or {}
        return int(widths.get(column.name, COLUMN_SPECS[column].width)) if isinstance(widths, dict) else 100

    def _remember_width(self, section: int, _old: int, new: int) -> None:
        if section != QueueColumn.TASK and new > 0 and not self.isColumnHidden(section):
            widths = self._window_state.value(_WIDTHS) or {}
            if isinstance(widths, dict) and widths.get(QueueColumn(section).name) != new:
                self._window_state.setValue(_WIDTHS, {**widths, QueueColumn(section).name: new})

    def show_sorting(self, column: SortColumn, descending: bool) -> None:
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        found = next((candidate for candidate, spec in COLUMN_SPECS.items() if spec.sort is column), None)
        header = self.horizontalHeader()
        header.setSortIndicatorShown(found is not None and column is not SortColumn.CREATED)
        if found is not None:
            header.setSortIndicator(found, order)

    def _on_header(self, section: int) -> None:
        if COLUMN_SPECS[QueueColumn(section)].sort is not None:
            self.sort_requested.emit(COLUMN_SPECS[QueueColumn(section)].sort)

    # -- Selection and scroll position ---------------------------------------------------------------------------

    def top_row(self) -> QueueRow | None:
        """The topmost visible row, None if that is the first row."""
        number = self.rowAt(0)
        return self._model.row_at(number) if number > 0 else None

    def ranges(self) -> list[tuple[int, int]]:
        """First and last row of each selected range."""
        selection = self.selectionModel().selection()
        parts = (selection.at(number) for number in range(selection.count()))
        return sorted({(part.top(), part.bottom()) for part in parts})

    def selected_rows(self) -> list[QueueRow]:
        """The selected tasks that are in memory."""
        return list(self._loaded_selection())

    def count_selected(self) -> int:
        return sum(last - first + 1 for first, last in self.ranges())

    def selected_task(self) -> QueueRow | None:
        """The current row, else the first selected row that is in memory."""
        current = self.currentIndex()
        row = self._model.loaded_row(current.row()) if current.isValid() else None
        return row or next(iter(self._loaded_selection()), None)

    def count_tasks(self) -> int:
        """How many tasks the selection contains."""
        return self.count_selected()

    def count_groups(self) -> int:
        return 0

    def select_tasks(self, keys: Iterable[object]) -> None:
        """Select the rows with these keys that are in memory."""
        selection = QItemSelection()
        for number in sorted(n for key in keys if (n := self._model.row_number_of(key)) is not None):
            selection.select(self._model.index(number, 0), self._model.index(number, len(QueueColumn) - 1))
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def _save_place(self, same_query: bool) -> None:
        if not same_query:
            self._saved_place = None
            return
        model, current = self._model, self.currentIndex()
        top = self.rowAt(0)
        offset = self.rowViewportPosition(top) if top >= 0 else 0
        is_all = 0 < model.rowCount() == self.count_selected()
        keys = [] if is_all else [key for number in self._selected_numbers() if (key := model.key_at(number))]
        self._saved_place = SavedPlace(
            selected=keys,
            is_all_selected=is_all,
            current=model.key_at(current.row()) if current.isValid() else None,
            top=model.key_at(top) if top > 0 else None,
            offset=offset,
        )

    def _selected_numbers(self) -> Iterable[int]:
        for first, last in self.ranges():
            yield from range(first, min(last, first + _MAX_RANGE) + 1)

    def _loaded_selection(self) -> Iterable[QueueRow]:
        rows = (self._model.loaded_row(number) for number in self._selected_numbers())
        return (row for row in rows if row is not None)

    def _restore_place(self) -> None:
        saved, self._saved_place = self._saved_place, None
        if saved is None:
            self.scrollToTop()
            return
        if saved.is_all_selected:
            self.selectAll()
        elif saved.selected:
            self.select_tasks(saved.selected)
        number = self._model.row_number_of(saved.current) if saved.current is not None else None
        if number is not None:
            self.selectionModel().setCurrentIndex(
                self._model.index(number, QueueColumn.TASK), QItemSelectionModel.SelectionFlag.NoUpdate
            )
        top = self._model.row_number_of(saved.top) if saved.top is not None else None
        if top is not None:
            self.verticalScrollBar().setValue(top * ROW_HEIGHT - saved.offset)
        elif saved.top is None:
            self.verticalScrollBar().setValue(0)

    # -- Events --------------------------------------------------------------------------------------------------

    def set_stale(self, stale: bool) -> None:
        self.delegate.is_stale = stale
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), self._theme.tokens.color("surface"))
        painter.end()
        super().paintEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.fit_columns()
        super().resizeEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(self.rowAt(round(event.position().y())))

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._hover(-1)
        return super().viewportEvent(event)

    def _hover(self, number: int) -> None:
        old, self.delegate.hovered = self.delegate.hovered, number
        for row in {old, number} - {-1}:
            self.viewport().update(0, self.rowViewportPosition(row), self.viewport().width(), ROW_HEIGHT)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask the page for its menu. Opened by keyboard, it is for the current row and appears there."""
        position, current = event.globalPos(), self.currentIndex()
        if event.reason() is QContextMenuEvent.Reason.Keyboard and current.isValid():
            if self.count_selected() == 0:
                self.selectRow(current.row())
            self.scrollTo(current)
            position = self.viewport().mapToGlobal(self.visualRect(current).bottomLeft())
        self.menu_requested.emit(position)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.row_activated.emit()
        else:
            super().keyPressEvent(event)
