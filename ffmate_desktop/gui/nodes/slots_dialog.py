"""Asks how many tasks a node runs at once."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ffmate_desktop.domain.slots import MAX_SLOTS
from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.gui.widgets.number_field import NumberField
from ffmate_desktop.gui.widgets.plain_text import painter_text

_WIDTH = 420


class SlotsDialog(QDialog):
    """Emits `chosen` with the number of slots when accepted."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget, name: str, slots: int, cores: int) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(painter_text(self.tr("Slots of {0}").format(name)))
        self.slots = NumberField(0, MAX_SLOTS, self.tr("Tasks at once"))
        self.slots.setValue(slots)
        self.slots.selectAll()
        row = QHBoxLayout()
        row.addWidget(label(self.tr("Tasks at once")), 1)
        row.addWidget(self.slots)
        self.ok = QPushButton(self.tr("Set"))
        self.ok.setProperty("class", "primary")
        self.ok.setDefault(True)
        self.ok.clicked.connect(self.accept)
        cancel = QPushButton(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.ok)
        words = self.tr(
            "Takes effect immediately. Running tasks above the new number still finish. This node has "
            "{0} cores; about half as many slots is typical."
        ).format(cores)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 22, 24, 20)
        column.setSpacing(14)
        column.addWidget(label(self.tr("Slots of {0}").format(name), "heading"))
        column.addWidget(label(words, "second", wraps=True))
        column.addLayout(row)
        column.addLayout(buttons)
        self.setFixedSize(_WIDTH, column.heightForWidth(_WIDTH))
        self.accepted.connect(self._emit_chosen)

    def _emit_chosen(self) -> None:
        self.slots.interpretText()  # include what was typed but not committed
        self.chosen.emit(self.slots.value())
