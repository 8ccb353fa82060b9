"""Something that can be done by menu and by key."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget


def key_action(owner: QObject, place: QWidget, text: str, keys: str, act: Callable[[], object]) -> QAction:
    """An action of `owner` whose keys work in `place` and everything inside it."""
    action = QAction(text, owner)
    action.setShortcut(QKeySequence(keys))
    action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    action.triggered.connect(lambda _checked=False: act())
    place.addAction(action)
    return action
