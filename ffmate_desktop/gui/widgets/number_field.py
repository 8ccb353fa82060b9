"""A field for a whole number, with the distance to its edge that other fields have."""

from PySide6.QtWidgets import QSpinBox

from ffmate_desktop.gui.widgets.plain_text import plain


class NumberField(QSpinBox):
    """Tells its value when the typing is over, not at every digit."""

    def __init__(self, least: int, most: int, name: str) -> None:
        super().__init__()
        self.setRange(least, most)
        self.setKeyboardTracking(False)
        self.setAccessibleName(plain(name))
        self.lineEdit().setTextMargins(11, 0, 0, 0)  # style sheets do not reach it
