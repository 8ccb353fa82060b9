"""Commands for a node: its menu and the service calls behind it."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from ffmate_desktop.domain.node import NodeState
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.nodes.display import NodeDisplay, NodeHealth
from ffmate_desktop.gui.nodes.model import details_text
from ffmate_desktop.gui.nodes.slots_dialog import SlotsDialog
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.plain_text import menu_text, plain
from ffmate_desktop.services.cluster_services import WindowServices


class NodeActions(QObject):
    """Emits `message` for the message bar, and `logs_requested` with the name of a node."""

    message = Signal(str, str)
    """What happened, and what to do next."""
    logs_requested = Signal(str)

    def __init__(self, parent: QWidget, theme: Theme, bridge: Bridge) -> None:
        super().__init__(parent)
        self._parent, self._theme, self._bridge = parent, theme, bridge
        self.services: WindowServices | None = None

    def open_menu(self, display: NodeDisplay, position: QPoint) -> QMenu:
        """Open the menu of a node at this global position."""
        menu = self.menu(display)
        menu.popup(position)
        return menu

    def menu(self, display: NodeDisplay) -> QMenu:
        """The menu of a node. It deletes itself when closed."""
        menu = QMenu(self._parent)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName(plain(self.tr("Control {0}").format(display.name)))
        name = display.name
        match display.health:
            case NodeHealth.LOST | NodeHealth.LEFT:
                self._add(menu, "trash-2", self.tr("Remove"), lambda: self.remove(name))
            case _:
                self._add_commands(menu, display)
        menu.addSeparator()
        self._add(menu, "scroll-text", self.tr("Show log"), lambda: self.logs_requested.emit(name))
        self._add(menu, "copy", self.tr("Copy details"), lambda: _copy(details_text(display)))
        return menu

    def _add_commands(self, menu: QMenu, display: NodeDisplay) -> None:
        name = display.name
        is_draining = display.node.state is NodeState.DRAINING
        if display.node.paused or is_draining:
            self._add(menu, "play", self.tr("Resume: take tasks again"), lambda: self.resume(name))
        if not display.node.paused and not is_draining:
            self._add(menu, "pause", self.tr("Pause: take no new tasks"), lambda: self.pause(name))
        if not is_draining:
            text = self.tr("Drain: finish running tasks, then leave")
            self._add(menu, "log-out", text, lambda: self.drain(name))
        self._add(menu, "layers", self.tr("Set slots …"), lambda: self.ask_slots(display))
        if display.health is NodeHealth.LATE:
            menu.addSeparator()
            self._add(menu, "rotate-ccw", self.tr("Requeue its tasks now"), lambda: self.requeue(name))

    def _add(self, menu: QMenu, icon: str, text: str, act: Callable[[], object]) -> None:
        action = menu.addAction(self._theme.icon(icon), menu_text(text))
        action.setEnabled(self.services is not None)
        action.triggered.connect(lambda _checked=False: act())

    # -- Commands ------------------------------------------------------------------------------------------------

    def pause(self, name: str) -> None:
        if self.services is not None:
            self._bridge.run(self.services.nodes.pause(name), "pausing a node")

    def drain(self, name: str) -> None:
        if self.services is not None:
            self._bridge.run(self.services.nodes.drain(name), "draining a node")

    def resume(self, name: str) -> None:
        if self.services is not None:
            self._bridge.run(self.services.nodes.resume(name), "resuming a node")

    def remove(self, name: str) -> None:
        if self.services is not None:
            self._bridge.run(self.services.nodes.remove(name), "removing a node")

    def requeue(self, name: str) -> None:
        """Requeue the tasks of a late node before its lease ends."""
        if self.services is not None:
            work = self.services.nodes.give_up(name)
            self._bridge.run(
                work, "requeueing the tasks of a node", lambda count: self._report_requeued(name, count)
            )

    def ask_slots(self, display: NodeDisplay) -> None:
        dialog = SlotsDialog(self._parent, display.name, display.node.slots, display.node.cores)
        dialog.chosen.connect(lambda slots: self.set_slots(display.name, slots))
        dialog.open()

    def set_slots(self, name: str, slots: int) -> None:
        if self.services is not None:
            self._bridge.run(self.services.nodes.set_slots(name, slots), "setting the slots of a node")

    def _report_requeued(self, name: str, count: int) -> None:
        if count == 1:
            text = self.tr("1 task of {0} is back in the queue.").format(name)
        else:
            text = self.tr("{0} tasks of {1} are back in the queue.").format(count, name)
        self.message.emit(text, self.tr("Other nodes take them as soon as they have a free slot."))


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
