"""Actions with a keyboard shortcut."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget


def key_action(owner: QObject, place: QWidget, text: str, keys: str, act: Callable[[], object]) -> QAction:
    """An action of `owner` whose shortcut works in `place` and its children."""
    action = QAction(text, owner)
    action.setShortcut(QKeySequence(keys))
    action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    action.triggered.connect(lambda _checked=False: act())
    place.addAction(action)
    return action
