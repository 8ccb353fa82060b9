"""The nodes as a model: the cards show its first column, the table all columns."""

from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, Qt

from ffmate_desktop.gui.base.model_index import Index
from ffmate_desktop.gui.nodes.display import (
    NodeDisplay,
    NodeHealth,
    heartbeat_text,
    machine_text,
    node_health_text,
    outlook_text,
)
from ffmate_desktop.gui.nodes.reader import NodeReader
from ffmate_desktop.gui.widgets import formatting
from ffmate_desktop.gui.widgets.plain_text import plain, tool_tip

translate = QCoreApplication.translate

_NO_INDEX = QModelIndex()


class NodeColumn(IntEnum):
    """Values are the order in the table."""

    NODE = 0
    STATE = 1
    SLOTS = 2
    CPU = 3
    MEMORY = 4
    SPEED = 5
    TASKS = 6


class NodesModel(QAbstractTableModel):
    """Keeps the rows while the nodes stay the same, so that selection and current row survive an update."""

    def __init__(self, reader: NodeReader) -> None:
        super().__init__()
        self._reader = reader
        self._displays: list[NodeDisplay] = []
        self._order: tuple[NodeColumn, bool] | None = None
        reader.changed.connect(self._refresh)
        reader.ticked.connect(self._refresh)

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._displays)

    def columnCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(NodeColumn)

    def display_at(self, row: int) -> NodeDisplay | None:
        return self._displays[row] if 0 <= row < len(self._displays) else None

    def row_of(self, name: str) -> int | None:
        return next((row for row, display in enumerate(self._displays) if display.name == name), None)

    def find(self, name: str) -> NodeDisplay | None:
        return next((display for display in self._displays if display.name == name), None)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text for screen readers and tool tips. Delegates use the NodeDisplay."""
        display = self.display_at(index.row())
        if display is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return plain(cell_text(display, NodeColumn(index.column())))
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return tool_tip(details_text(display))
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _title(NodeColumn(section))
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column, or for -1 in the order of the cluster."""
        self._order = None if column < 0 else (NodeColumn(column), order == Qt.SortOrder.DescendingOrder)
        self._refresh()

    def _sorted(self, displays: list[NodeDisplay]) -> list[NodeDisplay]:
        if self._order is None:
            return displays
        column, is_descending = self._order
        return sorted(displays, key=lambda display: _sort_value(display, column), reverse=is_descending)

    def _refresh(self) -> None:
        displays = self._sorted(self._reader.displays)
        if [display.name for display in displays] != [display.name for display in self._displays]:
            self._reorder(displays)
            return
        self._displays = displays
        if displays:
            self.dataChanged.emit(self.index(0, 0), self.index(len(displays) - 1, len(NodeColumn) - 1))

    def _reorder(self, displays: list[NodeDisplay]) -> None:
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        names = {id(index): self._displays[index.row()].name for index in before}
        self._displays = displays
        places = {display.name: row for row, display in enumerate(displays)}
        after = [
            self.index(places[names[id(index)]], index.column())
            if names[id(index)] in places
            else QModelIndex()
            for index in before
        ]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()


def _sort_value(display: NodeDisplay, column: NodeColumn) -> tuple[Any, ...]:
    """Unknown values sort first."""
    node, alive = display.node, display.health.is_alive
    values: dict[NodeColumn, Any] = {
        NodeColumn.NODE: node.identifier.casefold(),
        NodeColumn.STATE: node_health_text(display),
        NodeColumn.SLOTS: node.slots,
        NodeColumn.CPU: (node.cpu if alive else None) or -1.0,
        NodeColumn.MEMORY: (node.memory if alive else None) or -1.0,
        NodeColumn.SPEED: -1.0 if display.fps is None else display.fps,
        NodeColumn.TASKS: node.running,
    }
    return values[column], node.identifier.casefold()


def cell_text(display: NodeDisplay, column: NodeColumn) -> str:
    """The text of a cell."""
    node = display.node
    return {
        NodeColumn.NODE: node.identifier,
        NodeColumn.STATE: f"{node_health_text(display)}  ·  {heartbeat_text(display)}",
        NodeColumn.SLOTS: f"{node.running} / {node.slots}",
        NodeColumn.CPU: percent_text(node.cpu if display.health.is_alive else None),
        NodeColumn.MEMORY: percent_text(node.memory if display.health.is_alive else None),
        NodeColumn.SPEED: fps_text(display),
        NodeColumn.TASKS: tasks_text(display),
    }[column]


def percent_text(percent: float | None) -> str:
    """A percentage of the whole computer."""
    return formatting.NOTHING if percent is None else f"{percent:.0f}{formatting.THIN}%"


def fps_text(display: NodeDisplay) -> str:
    """Frames per second, rounded."""
    return formatting.NOTHING if display.fps is None else formatting.number(round(display.fps))


def tasks_text(display: NodeDisplay) -> str:
    """The running tasks, else what comes next. A late or lost node shows what comes next."""
    if display.health in (NodeHealth.LATE, NodeHealth.LOST):
        return outlook_text(display)
    names = ", ".join(f"{task.name} {formatting.percent(task.progress)}" for task in display.tasks)
    return names or outlook_text(display)


def details_text(display: NodeDisplay) -> str:
    """All details of a node, one per line."""
    node = display.node
    lines = [
        f"{node.identifier}: {node_health_text(display)}, {heartbeat_text(display)}",
        f"{node.host}, {machine_text(display)}, FFmate Desktop {node.version}",
        translate("nodes", "Slots: {0} of {1} in use").format(node.running, node.slots),
        outlook_text(display),
        translate("nodes", "Labels: {0}").format(", ".join(node.labels)) if node.labels else "",
        *(f"{task.name}  {formatting.percent(task.progress)}" for task in display.tasks),
    ]
    return "\n".join(line for line in lines if line)


def _title(column: NodeColumn) -> str:
    return {
        NodeColumn.NODE: translate("nodes", "Node"),
        NodeColumn.STATE: translate("nodes", "State"),
        NodeColumn.SLOTS: translate("nodes", "Slots"),
        NodeColumn.CPU: translate("nodes", "CPU"),
        NodeColumn.MEMORY: translate("nodes", "Memory"),
        NodeColumn.SPEED: translate("nodes", "Frames/s"),
        NodeColumn.TASKS: translate("nodes", "Tasks"),
    }[column]
