"""Closing the window while tasks run here: asks what to do, unless the user has stored an answer."""

from typing import Protocol, assert_never

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QPushButton, QSystemTrayIcon, QVBoxLayout, QWidget

from ffmate_desktop.gui.frame.main_window import MainWindow
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.confirm import confirm
from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.settings.preferences import OnClose

_WIDTH = 440


class QuittableProgram(Protocol):
    """The ways to quit the program."""

    @property
    def is_leaving(self) -> bool:
        """Whether it is already shutting down."""
        ...

    def drain_and_quit(self) -> None:
        """Quit once the running tasks finish."""
        ...

    def quit(self) -> None:
        """Quit now; running tasks go back to the queue."""
        ...


class Closing(QObject):
    """Handles the window's close and quit requests. Signals and logging out never ask. Owned by the window."""

    def __init__(self, window: MainWindow, program: QuittableProgram) -> None:
        super().__init__(window)
        self._window, self._program = window, program
        self.dialog: CloseDialog | None = None
        self._is_asking = False
        window.close_requested.connect(self.close)
        window.quit_requested.connect(self.quit)
        window.detaching.connect(self._dismiss_dialog)

    @property
    def choice(self) -> OnClose:
        """The stored answer."""
        return self._window.context.preferences.current.window.on_close

    @choice.setter
    def choice(self, choice: OnClose) -> None:
        self._window.context.preferences.save_window(on_close=choice)

    def close(self) -> None:
        """Handle a request to close the window."""
        choice = self.choice
        if choice is OnClose.BACKGROUND and has_tray() and not self._program.is_leaving:
            self._window.hide()
        else:
            self._end(OnClose.ASK if choice is OnClose.BACKGROUND else choice)

    def quit(self) -> None:
        """Handle a request to quit, where continuing in the background isn't an option."""
        self._end(OnClose.ASK if self.choice is OnClose.BACKGROUND else self.choice)

    def _end(self, choice: OnClose) -> None:
        unsaved = next((text for page in self._window.pages if (text := page.unsaved_changes())), "")
        if not unsaved or self._program.is_leaving:
            self._end_with_tasks(choice)
        elif not self._is_asking:
            self._is_asking = True
            self._window.context.bridge.run(self._ask_about(unsaved, choice), "asking before closing")

    async def _ask_about(self, unsaved: str, choice: OnClose) -> None:
        if not self._window.isVisible():  # requested from the tray
            self._window.bring_to_front()
        title, yes = self.tr("Close without saving?"), self.tr("Close without saving")
        try:
            agreed = await confirm(self._window, title, unsaved, yes)
        finally:
            self._is_asking = False
        if agreed:
            self._end_with_tasks(choice)

    def _end_with_tasks(self, choice: OnClose) -> None:
        services = self._window.services
        running = services.node.running if services is not None else 0
        if self._program.is_leaving or not running:
            self._program.quit()
        elif choice is OnClose.ASK:
            self._ask(running)
        else:
            self._carry_out(choice)

    def _ask(self, running: int) -> None:
        if self.dialog is None:
            if not self._window.isVisible():  # requested from the tray
                self._window.bring_to_front()
            self.dialog = CloseDialog(self._window, self._window.context.theme, running, can_hide=has_tray())
            self.dialog.chosen.connect(self._on_chosen)
            self.dialog.finished.connect(self._on_finished)
            self.dialog.open()

    def _on_chosen(self, choice: OnClose, always: bool) -> None:
        if always:
            self.choice = choice
        self._carry_out(choice)

    def _on_finished(self, _result: int) -> None:
        self.dialog = None

    def _dismiss_dialog(self) -> None:
        if self.dialog is not None:
            self.dialog.reject()

    def _carry_out(self, choice: OnClose) -> None:
        match choice:
            case OnClose.ASK:
                pass
            case OnClose.BACKGROUND:
                self._window.hide()
            case OnClose.FINISH:
                self._program.drain_and_quit()
            case OnClose.NOW:
                self._program.quit()
            case _:
                assert_never(choice)


class CloseDialog(QDialog):
    """Open it with `open()`. Emits `chosen` with an `OnClose` and whether to store it."""

    chosen = Signal(object, bool)

    def __init__(self, parent: QWidget, theme: Theme, running: int, *, can_hide: bool) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = (
            self.tr("A task is running on this computer")
            if running == 1
            else self.tr("{0} tasks are running on this computer").format(running)
        )
        self.setWindowTitle(self.tr("Close FFmate Desktop"))
        self.buttons: dict[OnClose, QPushButton] = {}
        self.always = QCheckBox(self.tr("Always do this"))
        self.cancel = QPushButton(self.tr("Cancel"))
        self.cancel.clicked.connect(self.reject)
        question = (
            self.tr("What should happen to them?") if running > 1 else self.tr("What should happen to it?")
        )
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(24, 22, 24, 20)
        self._column.setSpacing(10)
        self._column.addWidget(label(title, "heading"))
        self._column.addWidget(label(question, "second", wraps=True))
        if can_hide:
            self._offer(OnClose.BACKGROUND, self.tr("Keep working in the background"), "monitor")
        self._offer(OnClose.FINISH, self.tr("Finish running tasks, then quit"), "timer")
        self._offer(OnClose.NOW, self.tr("Return tasks to the queue and quit now"), "log-out")
        self._column.addWidget(self.always)
        self._column.addWidget(self.cancel)
        first = next(iter(self.buttons.values()))
        first.setDefault(True)
        first.setFocus()
        width = max(_WIDTH, self._column.totalMinimumSize().width())
        self.setFixedSize(width, self._column.totalHeightForWidth(width))

    def _offer(self, choice: OnClose, text: str, icon: str) -> None:
        button = QPushButton(text)
        is_first = not self.buttons
        if is_first:
            button.setProperty("class", "primary")
        self._theme.set_icon(button, icon, "on_accent" if is_first else "text_2")
        button.clicked.connect(lambda: self._choose(choice))
        self.buttons[choice] = button
        self._column.addWidget(button)

    def _choose(self, choice: OnClose) -> None:
        self.accept()
        self.chosen.emit(choice, self.always.isChecked())


def has_tray() -> bool:
    """Whether there is a tray, which can bring back a hidden window."""
    return QSystemTrayIcon.isSystemTrayAvailable()
