"""This computer's node at the bottom of the sidebar: its state, slots, and controls."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from ffmate_desktop.domain.slots import MAX_SLOTS
from ffmate_desktop.domain.status import NodeState
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.labels import ElidedLabel, label
from ffmate_desktop.gui.widgets.meter import Meter, StateDot
from ffmate_desktop.gui.widgets.number_field import NumberField
from ffmate_desktop.gui.widgets.plain_text import plain
from ffmate_desktop.services.cluster_services import WindowServices

if TYPE_CHECKING:  # the window is painted before these are loaded
    from ffmate_desktop.domain.node import Node


class NodePanel(QFrame):
    """Shows this computer's node and changes it through NodeService."""

    paused_changed = Signal(bool)

    def __init__(self, theme: Theme, bridge: Bridge) -> None:
        super().__init__()
        self._theme, self._bridge = theme, bridge
        self._services: WindowServices | None = None
        self._node: Node | None = None
        self._unsubscribe: Callable[[], object] = lambda: None
        self.setProperty("class", "card")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._dot = StateDot(theme)
        self._name = ElidedLabel("strong")
        self._slots = label(look="second")
        self._meter = Meter(theme, color="spark")
        self._state = ElidedLabel("third")
        self._more = QToolButton()
        self._more.setAccessibleName(self.tr("Control this computer"))
        self._more.setToolTip(self.tr("Control this computer"))
        self._more.clicked.connect(self.open_controls)
        theme.set_icon(self._more, "sliders-horizontal", "text_2")
        first = QHBoxLayout()
        first.setSpacing(7)
        first.addWidget(self._dot)
        first.addWidget(self._name, 1)
        first.addWidget(self._slots)
        last = QHBoxLayout()
        last.addWidget(self._state, 1)
        last.addWidget(self._more)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 8, 4)
        column.setSpacing(6)
        column.addLayout(first)
        column.addWidget(self._meter)
        column.addLayout(last)
        self._controls = NodeControls(theme, self)
        self._controls.slots.valueChanged.connect(self._on_slots)
        self._controls.pause.clicked.connect(self._on_pause)
        self._controls.leave.clicked.connect(self._on_leave)
        bridge.anything_changed.connect(self.refresh)
        bridge.nodes_changed.connect(self.refresh)
        bridge.tasks_changed.connect(lambda _ids: self._show())
        self._show()

    def attach(self, services: WindowServices) -> None:
        self._services = services
        self._unsubscribe = services.node.on_change(self.refresh)
        self._show()

    def detach(self) -> None:
        self._unsubscribe()
        self._services = self._node = None
        self._show()

    def refresh(self) -> None:
        services = self._services
        if services is None:
            return

        async def read() -> None:
            nodes = await services.nodes.all()
            name = services.node.identifier
            found = (node for node in nodes if node.identifier == name and node.state in _LIVE)
            self._set_node(next(found, None))

        self._bridge.run_quietly(read(), "reading this node")

    def _set_node(self, node: Node | None) -> None:
        self._node = node
        self._show()

    def _show(self) -> None:
        name, running, slots, sentence, state = self._status()
        self._name.setText(name)
        self._slots.setText(self.tr("{0} of {1} slots").format(running, slots) if slots is not None else "")
        self._meter.set_value(running / slots if slots else 0.0)
        self._state.setText(sentence)
        self._dot.set_state(state)
        self.setAccessibleName(plain(f"{name}: {self._slots.text()}. {sentence}"))
        self.paused_changed.emit(self.is_paused)
        self._controls.show_node(
            self._node, is_working=bool(self._services and self._services.node.is_working)
        )

    def _status(self) -> tuple[str, int, int | None, str, str]:
        """Name, running tasks, slots, status text, and state of the dot."""
        if self._services is None:
            return self.tr("This computer"), 0, None, self.tr("Starting …"), "idle"
        local, node = self._services.node, self._node
        if local.join_error is not None:
            return local.identifier, 0, None, local.join_error.message, "bad"
        if node is None:
            sentence = self.tr("Joining …") if local.is_working else self.tr("Not working on the queue")
            return local.identifier, local.running, None, sentence, "idle"
        if node.state is NodeState.DRAINING:
            sentence, state = self.tr("Finishing tasks, then leaving"), "care"
        elif node.paused:
            sentence, state = self.tr("Paused: takes no new tasks"), "care"
        else:
            sentence, state = self.tr("Accepting tasks"), "good"
        return local.identifier, local.running, node.slots, sentence, state

    # -- Controls ------------------------------------------------------------------------------------------------

    def open_controls(self) -> None:
        self._controls.adjustSize()
        corner = self.mapToGlobal(QPoint(0, -self._controls.sizeHint().height() - 6))
        self._controls.move(corner)
        self._controls.setFixedWidth(max(self.width(), self._controls.sizeHint().width()))
        self._controls.show()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.open_controls()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open_controls()
        else:
            super().keyPressEvent(event)

    def toggle_pause(self) -> None:
        self._on_pause()

    @property
    def is_paused(self) -> bool:
        return self._node is not None and self._node.paused

    def _on_slots(self, slots: int) -> None:
        if self._services is not None and self._node is not None and slots != self._node.slots:
            work = self._services.nodes.set_slots(self._services.node.identifier, slots)
            self._bridge.run(work, "changing how many tasks run at once")

    def _on_pause(self) -> None:
        if self._services is None:
            return
        services, name = self._services, self._services.node.identifier
        if not services.node.is_working:
            services.node.join()
        elif self._node is not None and (self._node.paused or self._node.state is NodeState.DRAINING):
            self._bridge.run(services.nodes.resume(name), "resuming this node")
        else:
            self._bridge.run(services.nodes.pause(name), "pausing this node")

    def _on_leave(self) -> None:
        """Drain the node instead of stopping it, so that leaving can be undone while tasks run."""
        if self._services is not None:
            work = self._services.nodes.drain(self._services.node.identifier)
            self._bridge.run(work, "leaving when all is finished")
            self._controls.hide()


_LIVE = (NodeState.ONLINE, NodeState.DRAINING)


class NodeControls(QFrame):
    """The popup above the panel."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._theme = theme
        self.setProperty("class", "card")
        self.slots = NumberField(1, MAX_SLOTS, self.tr("Tasks at once"))
        self.pause = QPushButton()
        self.leave = QPushButton(self.tr("Leave when finished"))
        self.leave.setToolTip(self.tr("Finish running tasks, take no new ones, then leave the cluster."))
        theme.set_icon(self.leave, "log-out", "text_2")
        row = QHBoxLayout()
        row.addWidget(label(self.tr("Tasks at once")), 1)
        row.addWidget(self.slots)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(10)
        column.addLayout(row)
        column.addWidget(self.pause)
        column.addWidget(self.leave)

    def show_node(self, node: Node | None, *, is_working: bool) -> None:
        is_known = node is not None
        self.slots.setEnabled(is_known)
        if node is not None and not self.slots.hasFocus():
            self.slots.blockSignals(True)
            self.slots.setValue(node.slots)
            self.slots.blockSignals(False)
        is_held = node is not None and (node.paused or node.state is NodeState.DRAINING)
        if not is_working:
            text, icon = self.tr("Work on the queue"), "play"
        elif is_held:
            text, icon = self.tr("Resume this computer"), "play"
        else:
            text, icon = self.tr("Pause this computer"), "pause"
        self.pause.setText(text)
        self._theme.set_icon(self.pause, icon, "text")
        self.pause.setEnabled(is_known or not is_working)
        self.leave.setEnabled(is_working and node is not None and node.state is NodeState.ONLINE)
