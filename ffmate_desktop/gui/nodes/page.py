"""The nodes page: banners, and the nodes as cards or as a table."""

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QPushButton, QStackedWidget

from ffmate_desktop.gui.base.page import Page, PageContext
from ffmate_desktop.gui.nodes.actions import NodeActions
from ffmate_desktop.gui.nodes.add_dialog import AddNodeDialog
from ffmate_desktop.gui.nodes.banners import NodeBanners
from ffmate_desktop.gui.nodes.card_view import NodeCardsView
from ffmate_desktop.gui.nodes.display import NodeDisplay, NodeHealth
from ffmate_desktop.gui.nodes.model import NodesModel
from ffmate_desktop.gui.nodes.reader import NodeReader
from ffmate_desktop.gui.nodes.table_view import NodesTable
from ffmate_desktop.gui.widgets.card import card_around
from ffmate_desktop.gui.widgets.segments import Segments
from ffmate_desktop.services.cluster_services import WindowServices

_LAYOUT = "nodes/layout"
CARDS, TABLE = 0, 1


class NodesPage(Page):
    """Emits `logs_requested` with the name of a node, and `settings_requested`."""

    key = "nodes"
    logs_requested = Signal(str)
    settings_requested = Signal()

    def __init__(self, context: PageContext) -> None:
        super().__init__(context)
        self.reader = NodeReader(self.bridge)
        self.model = NodesModel(self.reader)
        self.actions_ = NodeActions(self, self.theme, self.bridge)
        self.banners = NodeBanners(self.theme)
        self.cards = NodeCardsView(self.theme, self.model)
        self.table = NodesTable(self.theme, self.model)
        self._build()
        self._connect()
        self._show_layout(TABLE if str(self.window_state.value(_LAYOUT, "cards")) == "table" else CARDS)

    def _build(self) -> None:
        self.layouts = Segments([self.tr("Cards"), self.tr("Table")], self.tr("Cards or table"))
        self.add_button = QPushButton(self.tr("Add a node"))
        self.add_button.setProperty("class", "primary")
        self.theme.set_icon(self.add_button, "plus", "on_accent")
        self.buttons.addWidget(self.layouts)
        self.buttons.addWidget(self.add_button)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.cards)
        self.stack.addWidget(card_around(self.table))
        self.body.addWidget(self.banners)
        self.body.addWidget(self.stack, 1)

    def _connect(self) -> None:
        self.add_button.clicked.connect(self.open_add)
        self.layouts.chosen.connect(self._show_layout)
        self.actions_.message.connect(self.message)
        self.actions_.logs_requested.connect(self.logs_requested)
        self.banners.requeue_requested.connect(self.actions_.requeue)
        self.banners.remove_requested.connect(self.actions_.remove)
        self.cards.menu_requested.connect(self._open_menu)
        self.table.menu_requested.connect(self._open_menu)
        self.reader.changed.connect(self._show_summary)
        self.reader.ticked.connect(self._show_banners)
        self.bridge.outage_changed.connect(lambda _since: self._show_summary())

    def _show_layout(self, number: int) -> None:
        self.layouts.choose(number)
        self.stack.setCurrentIndex(number)
        self.window_state.setValue(_LAYOUT, "table" if number == TABLE else "cards")

    # -- The cluster ---------------------------------------------------------------------------------------------

    def attach(self, services: WindowServices) -> None:
        super().attach(services)
        self.actions_.services = services
        self.reader.attach(services)

    def detach(self) -> None:
        super().detach()
        self.actions_.services = None
        self.reader.detach()

    def on_shown(self) -> None:
        """Heartbeats are read only while visible."""
        self.reader.set_active(True)

    def on_hidden(self) -> None:
        self.reader.set_active(False)

    # -- What is shown -------------------------------------------------------------------------------------------

    def _show_summary(self) -> None:
        displays = self.reader.displays
        self.count_changed.emit(sum(display.health.is_alive for display in displays))
        self.subtitle.setText(self._summary(displays))
        self._show_banners()

    def _show_banners(self) -> None:
        self.banners.show_nodes(self.reader.displays if self.bridge.outage_since is None else [])

    def _summary(self, displays: list[NodeDisplay]) -> str:
        if self.bridge.outage_since is not None:
            return self.tr("Can't reach the database. Showing the last known state.")
        count = {health: sum(display.health is health for display in displays) for health in NodeHealth}
        alive = [display for display in displays if display.health.is_alive]
        parts = [
            self.tr("{0} online").format(count[NodeHealth.ONLINE]),
            self.tr("{0} paused").format(count[NodeHealth.PAUSED]) if count[NodeHealth.PAUSED] else "",
            self.tr("{0} draining").format(count[NodeHealth.DRAINING]) if count[NodeHealth.DRAINING] else "",
            self.tr("{0} late").format(count[NodeHealth.LATE]) if count[NodeHealth.LATE] else "",
            self.tr("{0} lost").format(count[NodeHealth.LOST]) if count[NodeHealth.LOST] else "",
            self.tr("{0} of {1} slots busy").format(
                sum(display.node.running for display in alive), sum(display.node.slots for display in alive)
            ),
        ]
        return "  ·  ".join(part for part in parts if part)

    def open_add(self) -> None:
        """Open the dialog for adding a node."""
        if self.services is not None:
            dialog = AddNodeDialog(self, self.theme, self.services.uri if self.services.address else "")
            dialog.settings_requested.connect(self.settings_requested)
            dialog.open()

    def _open_menu(self, name: str, position: QPoint) -> None:
        display = self.model.find(name)
        if display is not None:
            self.actions_.open_menu(display, position)
