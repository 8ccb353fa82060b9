"""Asks, without a nested event loop, what to do with running tasks when the node has to leave."""

import asyncio

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QPushButton, QVBoxLayout, QWidget

from ffmate_desktop.gui.preferences.switching import Answer
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.labels import label

_WIDTH = 460


class RestartQuestion(QDialog):
    """Await `answer`. Escape and closing keep the settings. `moves`: to another queue, not only a restart."""

    def __init__(self, parent: QWidget, theme: Theme, running: int, *, moves: bool) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Change settings"))
        self._given: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        title = (
            self.tr("A task is running on this computer")
            if running == 1
            else self.tr("{0} tasks are running on this computer").format(running)
        )
        words = (
            self.tr("With the new settings it leaves this queue. What should happen first?")
            if moves
            else self.tr("With the new settings its node has to restart. What should happen first?")
        )
        self.buttons: dict[Answer, QPushButton] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(24, 22, 24, 20)
        self._column.setSpacing(10)
        self._column.addWidget(label(title, "heading"))
        self._column.addWidget(label(words, "second", wraps=True))
        self._column.addSpacing(4)
        self._offer(Answer.FINISH, self.tr("Finish running tasks, then change"), "timer")
        self._offer(Answer.NOW, self.tr("Return tasks to the queue and change now"), "log-out")
        self._offer(Answer.STAY, self.tr("Keep current settings"), "x")
        width = max(_WIDTH, self._column.totalMinimumSize().width())
        self.setFixedSize(width, self._column.totalHeightForWidth(width))
        self.finished.connect(lambda _result: self._give(Answer.STAY))

    async def answer(self) -> Answer:
        """Open it and wait for the answer."""
        self.open()
        try:
            return await self._given
        finally:
            self.close()

    def _offer(self, answer: Answer, text: str, icon: str) -> None:
        button = QPushButton(text)
        is_first = not self.buttons
        if is_first:
            button.setProperty("class", "primary")
            button.setDefault(True)
        self._theme.set_icon(button, icon, "on_accent" if is_first else "text_2")
        button.clicked.connect(lambda: self._give(answer))
        self.buttons[answer] = button
        self._column.addWidget(button)

    def _give(self, answer: Answer) -> None:
        if not self._given.done():
            self._given.set_result(answer)
