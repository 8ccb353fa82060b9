"""A card whose round corners stay free of what is in it."""

from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget


def card_around(content: QWidget) -> QFrame:
    """A card that holds `content`, which may paint up to its edges; a QStackedLayout would ignore the margins."""
    card = QFrame()
    card.setProperty("class", "card")
    inside = QVBoxLayout(card)
    inside.setContentsMargins(1, 5, 1, 5)
    inside.addWidget(content)
    return card
