"""A segmented control with a count per segment: the filters above a list."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
)

from ffmate_desktop.gui.widgets import formatting
from ffmate_desktop.gui.widgets.plain_text import plain


class Segments(QFrame):
    """Emits `chosen` with the index of the segment the user clicks."""

    chosen = Signal(int)

    def __init__(self, titles: Sequence[str], name: str) -> None:
        super().__init__()
        self.setProperty("class", "segments")
        self.setAccessibleName(plain(name))
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._titles = list(titles)
        self._counts: list[int | None] = [None] * len(self._titles)
        self._is_short = False
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(3, 3, 3, 3)
        row.setSpacing(2)
        for number, title in enumerate(titles):
            button = _Segment(title)
            button.setCheckable(True)
            button.setProperty("class", "segment")
            button.setAccessibleName(plain(title))
            self._group.addButton(button, number)
            row.addWidget(button)
        self._group.button(0).setChecked(True)
        self._group.idClicked.connect(self.chosen)

    @property
    def current(self) -> int:
        """The index of the selected segment."""
        return self._group.checkedId()

    def choose(self, number: int) -> None:
        """Select a segment without emitting `chosen`."""
        self._group.button(number).setChecked(True)

    def set_short(self, short: bool) -> None:
        """Hide the counts to save space."""
        if short != self._is_short:
            self._is_short = short
            self.set_counts(self._counts)

    def press(self, number: int) -> None:
        """Click a segment."""
        self._group.button(number).click()

    def set_counts(self, counts: Sequence[int | None]) -> None:
        self._counts = list(counts)
        for number, count in enumerate(counts):
            text = self._titles[number]
            self._group.button(number).setText(
                text if count is None or self._is_short else f"{text}  {formatting.number(count)}"
            )


class _Segment(QPushButton):
    """Elides its text; the tool tip then shows it in full."""

    def minimumSizeHint(self) -> QSize:
        return QSize(min(_MIN_WIDTH, super().minimumSizeHint().width()), super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        room = self.width() - _FRAME
        option.text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        self.setToolTip(plain("" if option.text == self.text() else self.text()))
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)


_MIN_WIDTH = 40
_FRAME = 20
"""Pixels of horizontal padding and border, as in the style sheet."""
