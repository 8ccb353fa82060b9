"""A card with rounded corners."""

from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget


def card_around(content: QWidget) -> QFrame:
    """Wrap `content` in a card. A layout of its own keeps content that paints to its edges off the round corners."""
    card = QFrame()
    card.setProperty("class", "card")
    inside = QVBoxLayout(card)
    inside.setContentsMargins(1, 5, 1, 5)
    inside.addWidget(content)
    return card
