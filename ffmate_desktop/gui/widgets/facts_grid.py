"""A grid of names and values."""

from collections.abc import Sequence

from PySide6.QtWidgets import QGridLayout, QWidget

from ffmate_desktop.gui.widgets.labels import ElidedLabel, label
from ffmate_desktop.gui.widgets.plain_text import plain


class FactsGrid(QWidget):
    """A fixed set of names; `show_values` sets their values in the same order."""

    def __init__(self, names: Sequence[str], columns: int = 3) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(2)
        self._values: list[ElidedLabel] = []
        self._names = list(names)
        for number, name in enumerate(names):
            row, column = divmod(number, columns)
            grid.addWidget(label(name, "third"), 3 * row, column)
            value = ElidedLabel("fact")
            self._values.append(value)
            grid.addWidget(value, 3 * row + 1, column)
            grid.setRowMinimumHeight(3 * row + 2, 8)
        for column in range(columns):
            grid.setColumnStretch(column, 1)

    def show_values(self, values: Sequence[str]) -> None:
        for name, value, value_label in zip(self._names, values, self._values, strict=True):
            value_label.setText(value)
            value_label.setAccessibleName(plain(f"{name}: {value}"))
