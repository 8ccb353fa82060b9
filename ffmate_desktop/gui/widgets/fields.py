"""The grid of titles and fields in dialogs and forms."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.gui.widgets.number_field import NumberField
from ffmate_desktop.gui.widgets.plain_text import painter_text, plain

_TOP = Qt.AlignmentFlag.AlignTop


class Fields(QWidget):
    """Emits `edited` on every change."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setHorizontalSpacing(14)
        self.grid.setVerticalSpacing(10)
        self.grid.setColumnStretch(1, 1)
        self._row = 0

    def row(self, text: str, field: QWidget, button: QWidget | None = None, *, is_tall: bool = False) -> None:
        """Add a field with its title, which is also its accessible name. A tall field takes the remaining height."""
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
            self.grid.addWidget(field, self._row, 1, 1, 1 if button else 2)
        if button is not None:
            self.grid.addWidget(button, self._row, 2)
        self._row += 1

    def note(self, widget: QWidget) -> None:
        """Add a widget below the last field."""
        self.grid.addWidget(widget, self._row, 1, 1, 2, _TOP)
        self._row += 1

    def wide(self, widget: QWidget) -> None:
        """Add a widget that spans the whole width."""
        self.grid.addWidget(widget, self._row, 0, 1, 3)
        self._row += 1

    def end(self) -> None:
        """Leave the remaining height empty."""
        self.grid.setRowStretch(self._row, 1)

    def line(self, placeholder: str = "") -> QLineEdit:
        """A text field. It doesn't accept drops, which belong to the window."""
        field = QLineEdit()
        field.setPlaceholderText(painter_text(placeholder))
        field.setAcceptDrops(False)
        field.textChanged.connect(lambda _text: self.edited.emit())
        return field

    def number(self, minimum: int, maximum: int, name: str, unit: str = "", special: str = "") -> NumberField:
        """A number field. `special` replaces the minimum, such as “none” for 0."""
        field = NumberField(minimum, maximum, name)
        field.setSuffix(f" {unit}" if unit else "")
        field.setSpecialValueText(special)
        field.setKeyboardTracking(True)
        field.valueChanged.connect(lambda _value: self.edited.emit())
        return field
