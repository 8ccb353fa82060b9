"""Plain-text labels styled by the style sheet, and one that elides its text."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from ffmate_desktop.gui.widgets.plain_text import label_text, painter_text, tool_tip


class PlainLabel(QLabel):
    """Never interprets its text as markup."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    def setText(self, text: str) -> None:
        super().setText(label_text(text))


def label(text: str = "", look: str = "", *, wraps: bool = False, selectable: bool = False) -> QLabel:
    """A plain-text label with the class `look` of the style sheet."""
    widget = PlainLabel(text)
    widget.setWordWrap(wraps)
    if look:
        widget.setProperty("class", look)
    if selectable:
        widget.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return widget


class ElidedLabel(PlainLabel):
    """One line, elided to the available width. Its tool tip is `tip`, or the full text if it is elided."""

    def __init__(
        self,
        look: str = "",
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent=parent)
        self._mode = mode
        self.tip = ""
        if look:
            self.setProperty("class", look)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        cut = self.fontMetrics().elidedText(painter_text(self.text()), self._mode, self.width())
        self.setToolTip(tool_tip(self.tip or (self.text() if cut != self.text() else "")))
        painter.drawText(self.rect(), self.alignment(), cut)
