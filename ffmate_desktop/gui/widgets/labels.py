"""Labels that take their look from the style sheet, and one that shortens its text in the middle."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from ffmate_desktop.gui.widgets.plain_text import label_text, painter_text, tool_tip


class PlainLabel(QLabel):
    """Shows any text as it is."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    def setText(self, text: str) -> None:
        """Without control characters, and cut when it is too long."""
        super().setText(label_text(text))


def label(text: str = "", look: str = "", *, wraps: bool = False, selectable: bool = False) -> QLabel:
    """A plain-text label with the class `look` of the style sheet."""
    made = PlainLabel(text)
    made.setWordWrap(wraps)
    if look:
        made.setProperty("class", look)
    if selectable:
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


class ElidedLabel(PlainLabel):
    """One line that never asks for more room than there is.

    The tool tip is `tip`, or the whole text when it was cut.
    """

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
        """It can be cut down to nothing."""
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The part of the text that fits."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        cut = self.fontMetrics().elidedText(painter_text(self.text()), self._mode, self.width())
        self.setToolTip(tool_tip(self.tip or (self.text() if cut != self.text() else "")))
        painter.drawText(self.rect(), self.alignment(), cut)
