"""Banners for late and lost nodes: what happened, what comes next, and a button."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from ffmate_desktop.gui.nodes.display import HEALTH_STYLES, NodeDisplay, NodeHealth, alert_text
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.icon_label import IconLabel
from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.gui.widgets.plain_text import plain

MAX_BANNERS = 3
"""Banners shown at once. The cards show all nodes."""


class NodeBanners(QWidget):
    """A banner stays until its node recovers, is removed, or the user dismisses it. A lost node gets a banner only if
    this window saw it alive. `requeue_requested` and `remove_requested` carry a node's name."""

    requeue_requested = Signal(str)
    remove_requested = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._dismissed: set[tuple[int, NodeHealth]] = set()
        self.banners: dict[str, NodeBanner] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self.hide()

    def show_nodes(self, displays: list[NodeDisplay]) -> None:
        """Show banners for the nodes that need one."""
        shown = [display for display in displays if self._needs_banner(display)]
        shown.sort(key=lambda display: display.health is NodeHealth.LOST)  # late nodes may still recover
        del shown[MAX_BANNERS:]
        for name in set(self.banners) - {display.name for display in shown}:
            banner = self.banners.pop(name)
            banner.hide()
            self._column.removeWidget(banner)
            banner.deleteLater()
        for position, display in enumerate(shown):
            if display.name not in self.banners:
                self.banners[display.name] = banner = NodeBanner(self._theme)
                banner.button_clicked.connect(partial(self._on_button, display.name))
                banner.dismissed.connect(partial(self._dismiss, display.name))
            self._column.insertWidget(position, self.banners[display.name])
            self.banners[display.name].show_node(display)
        self.setVisible(bool(shown))

    def _needs_banner(self, display: NodeDisplay) -> bool:
        if display.is_here or (display.node.id, display.health) in self._dismissed:
            return False
        return display.health is NodeHealth.LATE or (
            display.health is NodeHealth.LOST and display.last_running is not None
        )

    def _on_button(self, name: str) -> None:
        banner = self.banners[name]
        if banner.display is not None and banner.display.health is NodeHealth.LOST:
            self.remove_requested.emit(name)
        else:
            self.requeue_requested.emit(name)

    def _dismiss(self, name: str) -> None:
        banner = self.banners[name]
        if banner.display is not None:
            self._dismissed.add((banner.display.node.id, banner.display.health))
        banner.hide()
        self.setVisible(any(not banner.isHidden() for banner in self.banners.values()))


class NodeBanner(QFrame):
    """The banner of one node."""

    button_clicked = Signal()
    dismissed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.display: NodeDisplay | None = None
        self.setProperty("class", "bar")
        self._icon = IconLabel(theme, size=20)
        self._tile = QFrame()
        self._tile.setProperty("class", "inset")
        self._tile.setFixedSize(38, 38)
        inside = QHBoxLayout(self._tile)
        inside.setContentsMargins(9, 9, 9, 9)
        inside.addWidget(self._icon)
        self.title = label(look="strong", wraps=True)
        self.text = label(look="second", wraps=True)
        self.button = QPushButton()
        self.button.clicked.connect(self.button_clicked)
        self.close_button = QToolButton()
        self.close_button.setToolTip(self.tr("Dismiss"))
        self.close_button.setAccessibleName(self.tr("Dismiss message"))
        self.close_button.clicked.connect(self.dismissed)
        theme.set_icon(self.close_button, "x", "text_2")
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(self.title)
        texts.addWidget(self.text)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 11, 10, 11)
        row.setSpacing(14)
        row.addWidget(self._tile)
        row.addLayout(texts, 1)
        row.addWidget(self.button)
        row.addWidget(self.close_button)

    def show_node(self, display: NodeDisplay) -> None:
        before = self.display.health if self.display is not None else None
        self.display = display
        title, text = alert_text(display)
        self.title.setText(title)
        self.text.setText(text)
        self.setAccessibleName(plain(f"{title}. {text}"))
        if display.health is before:
            self.button.setVisible(display.health is NodeHealth.LOST or bool(display.tasks))
            return
        if display.health is NodeHealth.LOST:
            self.button.setText(self.tr("Remove"))
            self.button.setToolTip(
                self.tr("Remove this node from the list. It rejoins when it is started again.")
            )
            self._theme.set_icon(self.button, "trash-2")
        else:
            self.button.setText(self.tr("Requeue now"))
            self.button.setToolTip(
                self.tr("Put its tasks back in the queue now. The node rejoins if it is still running.")
            )
            self._theme.set_icon(self.button, "rotate-ccw")
        self.button.setVisible(display.health is NodeHealth.LOST or bool(display.tasks))
        icon = "triangle-alert" if display.health is NodeHealth.LATE else "unplug"
        self._icon.show_icon(icon, HEALTH_STYLES[display.health][1])
