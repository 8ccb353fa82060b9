"""Ask before an action that can't be undone, without a nested event loop."""

import asyncio

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from ffmate_desktop.gui.widgets.plain_text import painter_text, plain


async def confirm(parent: QWidget, title: str, text: str, yes: str) -> bool:
    """True if the user clicked the button labelled `yes`; Escape and closing mean no."""
    answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    box = QMessageBox(parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(painter_text(title))
    box.setText(plain(title))
    box.setInformativeText(plain(text))
    box.setProperty("class", "question")  # the style sheet writes the title in bold
    agree = box.addButton(yes, QMessageBox.ButtonRole.DestructiveRole)
    no = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(no)
    box.setEscapeButton(no)

    def on_end(_result: int) -> None:
        if not answer.done():
            answer.set_result(box.clickedButton() is agree)

    box.finished.connect(on_end)
    box.open()
    try:
        return await answer
    finally:
        box.close()
        box.deleteLater()
