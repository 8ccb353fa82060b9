"""The main window: sidebar, message bar, a stack of pages, and the status strip."""

from collections.abc import Sequence
from functools import partial
from typing import cast

from PySide6.QtCore import QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QIcon, QKeySequence, QPainter, QPaintEvent, QPixmap, QShortcut
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from PySide6.QtCore import QRectF  # isort: skip

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.gui.base.page import MARGIN, Page, PageContext
from ffmate_desktop.gui.base.page_entries import PAGES, page_title
from ffmate_desktop.gui.frame.page_loading import page_class
from ffmate_desktop.gui.frame.sidebar import Sidebar, SidebarEntry, paint_logo
from ffmate_desktop.gui.frame.status_strip import StatusStrip
from ffmate_desktop.gui.nodes.panel import NodePanel
from ffmate_desktop.gui.widgets.error_report import ErrorReportDialog
from ffmate_desktop.gui.widgets.message_bar import MessageBar
from ffmate_desktop.services.cluster_services import WindowServices
from ffmate_desktop.settings.preferences import Appearance

_GEOMETRY, _PAGE = "window/geometry", "window/page"
_MAX_REPORTS = 3
"""Error dialogs shown at once; further errors are only logged."""


class MainWindow(QMainWindow):
    """Emits `close_requested` when the user closes the window; `desktop.closing` decides what happens."""

    close_requested = Signal()
    quit_requested = Signal()
    """The user wants to quit the program, not just close the window."""
    settings_requested = Signal()
    files_opened = Signal(object)
    """Paths to queue, from the command line, a drop or the clipboard. Emitted only while a cluster is open."""
    detaching = Signal()
    """The cluster is about to close."""
    painted = Signal()
    """The window was painted for the first time."""

    page_built = Signal(object)
    """A Page, before it is shown and attached to a cluster."""

    def __init__(self, context: PageContext) -> None:
        super().__init__()
        self.context = context
        self._pages: dict[int, Page] = {}
        self._window_state: QSettings = context.window_state
        self._files: list[str] = []
        self._services: WindowServices | None = None
        self._reports: list[ErrorReportDialog] = []
        self._may_close = self._takes_files = self.was_painted = self._is_unread = False
        self.setWindowTitle("FFmate Desktop")
        self.setWindowIcon(_window_icon())
        self.setMinimumSize(760, 520)
        self.resize(1440, 900)
        self._apply_appearance()
        self.messages = MessageBar(context.theme)
        self.node_panel = NodePanel(context.theme, context.bridge)
        entries = [SidebarEntry(page.icon, page_title(page.key), page.section) for page in PAGES]
        self.sidebar = Sidebar(context.theme, self.node_panel, entries)
        self.status = StatusStrip(context.theme)
        self.stack = QStackedWidget()
        self._lay_out()
        self._connect()
        geometry = self._window_state.value(_GEOMETRY)
        if geometry is not None:
            self.restoreGeometry(geometry)

    def _lay_out(self) -> None:
        top = QVBoxLayout()
        top.setContentsMargins(MARGIN, 16, MARGIN, 0)
        top.addWidget(self.messages)
        self._top = QWidget()
        self._top.setLayout(top)
        self._top.hide()
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self._top)
        right.addWidget(self.stack, 1)
        right.addWidget(self.status)
        central = QWidget()
        row = QHBoxLayout(central)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.sidebar)
        row.addLayout(right, 1)
        self.setCentralWidget(central)

    def _connect(self) -> None:
        bridge = self.context.bridge
        bridge.user_error.connect(self.show_error)
        bridge.unexpected_error.connect(self.show_defect)
        bridge.outage_changed.connect(self.status.set_outage)
        self.context.preferences.changed.connect(self._apply_appearance)
        self.context.preferences.save_failed.connect(self.show_error)
        self.sidebar.chosen.connect(self.show_page)
        self.sidebar.theme_toggled.connect(self._toggle_theme)
        self.messages.shown_changed.connect(self._top.setVisible)
        for number in range(len(PAGES)):
            shortcut = QShortcut(QKeySequence(f"Ctrl+{number + 1}"), self)
            shortcut.activated.connect(lambda number=number: self.show_page(number))
        QShortcut(QKeySequence(QKeySequence.StandardKey.Quit), self, self.quit_requested.emit)

    @property
    def services(self) -> WindowServices | None:
        return self._services

    @property
    def window_state(self) -> QSettings:
        return self._window_state

    # -- Pages ---------------------------------------------------------------------------------------------------

    @property
    def pages(self) -> list[Page]:
        """The pages built so far, in the sidebar's order."""
        return [self._pages[number] for number in sorted(self._pages)]

    @property
    def current_page(self) -> Page:
        return cast("Page", self.stack.currentWidget())

    def build_pages(self) -> None:
        """Build the pages that don't exist yet."""
        for number in range(len(PAGES)):
            self._build(number)
        self._catch_up()

    def page(self, number: int) -> Page:
        """The page, built on first use to keep the start fast."""
        page = self._build(number)
        self._catch_up()
        return page

    def _catch_up(self) -> None:
        """Make pages read that were built after the cluster opened and so missed `anything_changed`."""
        if self._is_unread:
            self._is_unread = False
            self.context.bridge.anything_changed.emit()

    def _build(self, number: int) -> Page:
        page = self._pages.get(number)
        if page is None:
            page = self._pages[number] = page_class(PAGES[number].key)(self.context)
            self.stack.addWidget(page)
            page.count_changed.connect(partial(self.sidebar.set_count, number))
            page.message.connect(self.show_message)
            self.page_built.emit(page)
            if self._services is not None:
                page.attach(self._services)
                self._is_unread = True
        return page

    def show_page(self, number: int) -> None:
        self.stack.setCurrentWidget(self.page(number))
        self.sidebar.show_page(number)
        self._window_state.setValue(_PAGE, PAGES[number].key)

    def show_page_with_key(self, key: str) -> Page:
        """Show the page with this key, and return it."""
        number = next(number for number, page in enumerate(PAGES) if page.key == key)
        self.show_page(number)
        return self.page(number)

    def show_last_page(self) -> None:
        """Show the page that was open when the program last closed."""
        keys = [page.key for page in PAGES]
        last = str(self._window_state.value(_PAGE, ""))
        self.show_page(keys.index(last) if last in keys else 0)

    # -- Cluster, files and messages -----------------------------------------------------------------------------

    def attach(self, services: WindowServices) -> None:
        self.status.attach(services)
        self.node_panel.attach(services)
        for page in self.pages:
            page.attach(services)
        self._services = services
        self.open_files([])

    def start_opening_files(self) -> None:
        """Call this once something handles `files_opened`; paths opened before wait until then."""
        self._takes_files = True
        self.open_files([])

    def open_files(self, paths: Sequence[str]) -> None:
        """Emit `files_opened` with these paths, as soon as a cluster is open."""
        self._files += paths
        if self._files and self._services is not None and self._takes_files:
            files, self._files = self._files, []
            self.files_opened.emit(files)

    def bring_to_front(self, paths: Sequence[str] = ()) -> None:
        """Show the window in front of others, and open these paths."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()
        self.open_files(paths)

    def choose_files(self) -> None:
        dialog = QFileDialog(self, self.tr("Choose files to queue"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(self.open_files)
        dialog.open()

    def detach(self, reason: str) -> None:
        """The cluster is closing; the status strip shows `reason`."""
        self.detaching.emit()
        self._services = None
        for page in self.pages:
            page.detach()
        self.node_panel.detach()
        self.status.set_starting(reason)

    def show_message(self, title: str, text: str = "", kind: str = "info") -> None:
        self.messages.show_message(title, text, kind=kind)

    def show_error(self, error: UserError) -> None:
        self.messages.show_message(error.message, error.hint, kind="warning")

    def show_defect(self, error: BaseException, doing: str) -> None:
        """Show an unexpected error in a dialog, for a bug report."""
        if len(self._reports) >= _MAX_REPORTS:
            return
        dialog = ErrorReportDialog(error, doing, self)
        self._reports.append(dialog)
        dialog.finished.connect(lambda _result: self._reports.remove(dialog))
        dialog.open()

    def save_window_state(self) -> None:
        """Store size, position and page for the next start."""
        self._window_state.setValue(_GEOMETRY, self.saveGeometry())
        self._window_state.sync()

    def force_close(self) -> None:
        """Close without emitting `close_requested`."""
        self.save_window_state()
        self._may_close = True
        self.close()

    # -- Events --------------------------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        """Never closes directly: the node in this process must leave the cluster first."""
        if self._may_close:
            event.accept()
        else:
            event.ignore()
            self.close_requested.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.was_painted:
            self.was_painted = True
            QTimer.singleShot(0, self.painted.emit)  # after the child widgets have painted too

    def _toggle_theme(self) -> None:
        theme = self.context.theme
        appearance = Appearance.LIGHT if theme.tokens.is_dark else Appearance.DARK
        self.context.preferences.save_window(appearance=appearance)

    def _apply_appearance(self) -> None:
        self.context.theme.set_appearance(self.context.preferences.current.window.appearance)


def _window_icon() -> QIcon:
    icon = QIcon()
    for side in (16, 32, 48, 128, 256):
        pixmap = QPixmap(side, side)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        paint_logo(painter, QRectF(0, 0, side, side))
        painter.end()
        icon.addPixmap(pixmap)
    return icon
