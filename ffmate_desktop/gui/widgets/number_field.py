"""A field for whole numbers, with the same padding as other fields."""

from PySide6.QtWidgets import QSpinBox

from ffmate_desktop.gui.widgets.plain_text import plain


class NumberField(QSpinBox):
    """Emits `valueChanged` when typing is finished, not after every digit."""

    def __init__(self, minimum: int, maximum: int, name: str) -> None:
        super().__init__()
        self.setRange(minimum, maximum)
        self.setKeyboardTracking(False)
        self.setAccessibleName(plain(name))
        self.lineEdit().setTextMargins(11, 0, 0, 0)  # style sheets don't apply to it
