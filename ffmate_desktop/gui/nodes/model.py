"""The nodes as a model: the cards show its first column, the table all of them."""

from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, QPersistentModelIndex, Qt

from ffmate_desktop.gui.nodes.display import NodeDisplay, NodeHealth, heard, machine, outlook, word
from ffmate_desktop.gui.nodes.reader import NodeReader
from ffmate_desktop.gui.widgets import formatting
from ffmate_desktop.gui.widgets.plain_text import plain, tool_tip

translate = QCoreApplication.translate

Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()


class NodeColumn(IntEnum):
    """The columns of the table."""

    NODE = 0
    STATE = 1
    SLOTS = 2
    CPU = 3
    MEMORY = 4
    SPEED = 5
    RUNS = 6


class NodesModel(QAbstractTableModel):
    """Rows stay where they are while the same nodes are there: selection and keyboard keep their place."""

    def __init__(self, watch: NodeReader) -> None:
        super().__init__()
        self._watch = watch
        self._views: list[NodeDisplay] = []
        self._order: tuple[NodeColumn, bool] | None = None
        watch.changed.connect(self._take)
        watch.ticked.connect(self._take)

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        """How many nodes."""
        return 0 if parent.isValid() else len(self._views)

    def columnCount(self, parent: Index = _NO_INDEX) -> int:
        """As the table has."""
        return 0 if parent.isValid() else len(NodeColumn)

    def view_at(self, row: int) -> NodeDisplay | None:
        """The node in that row."""
        return self._views[row] if 0 <= row < len(self._views) else None

    def row_of(self, name: str) -> int | None:
        """Where the node of that name is."""
        return next((row for row, view in enumerate(self._views) if view.name == name), None)

    def named(self, name: str) -> NodeDisplay | None:
        """The node of that name."""
        return next((view for view in self._views if view.name == name), None)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words for screen readers and tool tips; painting is the delegates' work."""
        view = self.view_at(index.row())
        if view is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return plain(cell_text(view, NodeColumn(index.column())))
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return tool_tip(tip(view))
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The names of the columns."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _title(NodeColumn(section))
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By a column, from now on; by -1 as the cluster tells them."""
        self._order = None if column < 0 else (NodeColumn(column), order == Qt.SortOrder.DescendingOrder)
        self._take()

    def _sorted(self, views: list[NodeDisplay]) -> list[NodeDisplay]:
        if self._order is None:
            return views
        column, falls = self._order
        return sorted(views, key=lambda view: _sort_value(view, column), reverse=falls)

    def _take(self) -> None:
        views = self._sorted(self._watch.views)
        if [view.name for view in views] != [view.name for view in self._views]:
            self._reorder(views)
            return
        self._views = views
        if views:
            self.dataChanged.emit(self.index(0, 0), self.index(len(views) - 1, len(NodeColumn) - 1))

    def _reorder(self, views: list[NodeDisplay]) -> None:
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        names = {id(index): self._views[index.row()].name for index in before}
        self._views = views
        places = {view.name: row for row, view in enumerate(views)}
        after = [
            self.index(places[names[id(index)]], index.column())
            if names[id(index)] in places
            else QModelIndex()
            for index in before
        ]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()


def _sort_value(view: NodeDisplay, column: NodeColumn) -> tuple[Any, ...]:
    """What is not known comes before everything else."""
    node, alive = view.node, view.standing.is_alive
    values: dict[NodeColumn, Any] = {
        NodeColumn.NODE: node.identifier.casefold(),
        NodeColumn.STATE: word(view),
        NodeColumn.SLOTS: node.slots,
        NodeColumn.CPU: (node.cpu if alive else None) or -1.0,
        NodeColumn.MEMORY: (node.memory if alive else None) or -1.0,
        NodeColumn.SPEED: -1.0 if view.fps is None else view.fps,
        NodeColumn.RUNS: node.running,
    }
    return values[column], node.identifier.casefold()


def cell_text(view: NodeDisplay, column: NodeColumn) -> str:
    """The words of a cell."""
    node = view.node
    return {
        NodeColumn.NODE: node.identifier,
        NodeColumn.STATE: f"{word(view)}  ·  {heard(view)}",
        NodeColumn.SLOTS: f"{node.running} / {node.slots}",
        NodeColumn.CPU: share(node.cpu if view.standing.is_alive else None),
        NodeColumn.MEMORY: share(node.memory if view.standing.is_alive else None),
        NodeColumn.SPEED: speed(view),
        NodeColumn.RUNS: runs(view),
    }[column]


def share(percent: float | None) -> str:
    """Of the whole computer."""
    return formatting.NOTHING if percent is None else f"{percent:.0f}{formatting.THIN}%"


def speed(view: NodeDisplay) -> str:
    """Frames per second."""
    return formatting.NOTHING if view.fps is None else formatting.number(round(view.fps))


def runs(view: NodeDisplay) -> str:
    """What it runs, else what comes next; that first where there is trouble."""
    if view.standing in (NodeHealth.LATE, NodeHealth.LOST):
        return outlook(view)
    names = ", ".join(f"{task.name} {formatting.percent(task.progress)}" for task in view.tasks)
    return names or outlook(view)


def tip(view: NodeDisplay) -> str:
    """All about a node, line by line."""
    node = view.node
    lines = [
        f"{node.identifier}: {word(view)}, {heard(view)}",
        f"{node.host}, {machine(view)}, FFmate Desktop {node.version}",
        translate("nodes", "Slots: {0} of {1} in use").format(node.running, node.slots),
        outlook(view),
        translate("nodes", "Labels: {0}").format(", ".join(node.labels)) if node.labels else "",
        *(f"{task.name}  {formatting.percent(task.progress)}" for task in view.tasks),
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
        NodeColumn.RUNS: translate("nodes", "Runs"),
    }[column]
