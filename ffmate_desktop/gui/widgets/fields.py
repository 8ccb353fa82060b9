"""A grid of titles and fields, as the pages of dialogs and forms have them."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.gui.widgets.number_field import NumberField
from ffmate_desktop.gui.widgets.plain_text import painter_text, plain

_TOP = Qt.AlignmentFlag.AlignTop


class Fields(QWidget):
    """A grid of titles and fields. `edited` comes with every change."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setHorizontalSpacing(14)
        self.grid.setVerticalSpacing(10)
        self.grid.setColumnStretch(1, 1)
        self._row = 0

    def row(self, text: str, field: QWidget, beside: QWidget | None = None, *, is_tall: bool = False) -> None:
        """A field with its title, which is its name for screen readers too, and perhaps a button. A tall one takes
        what height there is."""
        title = label(text, "caption")
        title.setBuddy(field)
        field.setAccessibleName(plain(text))
        if is_tall:
            title.setContentsMargins(0, 8, 0, 0)
            self.grid.addWidget(title, self._row, 0, _TOP)
            self.grid.setRowStretch(self._row, 1)
        else:
            self.grid.addWidget(title, self._row, 0)
        if isinstance(field, NumberField):
            field.setFixedWidth(180)
            self.grid.addWidget(field, self._row, 1, Qt.AlignmentFlag.AlignLeft)
        else:
            self.grid.addWidget(field, self._row, 1, 1, 1 if beside else 2)
        if beside is not None:
            self.grid.addWidget(beside, self._row, 2)
        self._row += 1

    def note(self, below: QWidget) -> None:
        """Something below the last field."""
        self.grid.addWidget(below, self._row, 1, 1, 2, _TOP)
        self._row += 1

    def wide(self, widget: QWidget) -> None:
        """Something over the whole width."""
        self.grid.addWidget(widget, self._row, 0, 1, 3)
        self._row += 1

    def end(self) -> None:
        """The rest of the height stays empty."""
        self.grid.setRowStretch(self._row, 1)

    def line(self, placeholder: str = "") -> QLineEdit:
        """A field for text that takes no drops."""
        field = QLineEdit()
        field.setPlaceholderText(painter_text(placeholder))
        field.setAcceptDrops(False)
        field.textChanged.connect(lambda _text: self.edited.emit())
        return field

    def number(self, least: int, most: int, name: str, unit: str = "", nothing: str = "") -> NumberField:
        """A field for a number with its unit, or a word for the least one."""
        field = NumberField(least, most, name)
        field.setSuffix(f" {unit}" if unit else "")
        field.setSpecialValueText(nothing)
        field.setKeyboardTracking(True)
        field.valueChanged.connect(lambda _value: self.edited.emit())
        return field
