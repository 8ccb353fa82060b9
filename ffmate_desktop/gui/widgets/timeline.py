"""The attempts of a task: node, time and outcome of each."""

from collections.abc import Sequence
from typing import assert_never

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from ffmate_desktop.domain.attempt import Attempt, AttemptEnd
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets import formatting
from ffmate_desktop.gui.widgets.labels import ElidedLabel, label
from ffmate_desktop.gui.widgets.plain_text import plain

MAX_ATTEMPTS = 12


class Timeline(QWidget):
    """Lists the newest attempts, newest first."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shown: list[Attempt] | None = None
        self._title = label(self.tr("Attempts"), "caption")
        self._list = QWidget()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._column.addWidget(self._title)
        self._column.addWidget(self._list)
        theme.changed.connect(lambda: self._rebuild(self._shown or []))

    def show_attempts(self, attempts: Sequence[Attempt]) -> None:
        if self._shown != list(attempts):
            self._rebuild(attempts)

    def _rebuild(self, attempts: Sequence[Attempt]) -> None:
        self._shown = list(attempts)
        rows = QWidget()
        grid = QGridLayout(rows)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(9)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        for line, attempt in enumerate(reversed(self._shown[-MAX_ATTEMPTS:])):
            icon, color, word = _appearance(attempt)
            icon_label = QLabel()
            icon_label.setPixmap(self._theme.pixmap(icon, color, 14, self.devicePixelRatioF()))
            text = ElidedLabel("second")
            text.setText(f"{word}  ·  {attempt.node or formatting.NOTHING}")
            text.setAccessibleDescription(plain(attempt.error or ""))
            text.tip = attempt.error or ""
            grid.addWidget(icon_label, line, 0)
            grid.addWidget(text, line, 1)
            grid.addWidget(label(_when(attempt), "third"), line, 2)
        self._column.replaceWidget(self._list, rows)
        self._list.deleteLater()
        self._list = rows
        self.setVisible(bool(self._shown))


def _when(attempt: Attempt) -> str:
    if attempt.started is None:
        return formatting.timestamp(attempt.ended)
    moment = formatting.timestamp(attempt.started)
    if attempt.ended is None:
        return moment
    return f"{moment}  ·  {formatting.duration((attempt.ended - attempt.started) / 1000)}"


def _appearance(attempt: Attempt) -> tuple[str, str, str]:  # noqa: PLR0911 - one per outcome
    """Icon, colour and text."""
    translate = QCoreApplication.translate
    match attempt.end:
        case AttemptEnd.RUNNING:
            return "circle-play", "running", translate("attempts", "Running")
        case AttemptEnd.DONE:
            return "circle-check", "done", translate("attempts", "Done")
        case AttemptEnd.FAILED:
            return "triangle-alert", "failed", translate("attempts", "Failed")
        case AttemptEnd.CANCELLED:
            return "ban", "canceled", translate("attempts", "Cancelled")
        case AttemptEnd.GIVEN_BACK:
            return "rotate-ccw", "text_2", translate("attempts", "Returned to the queue")
        case AttemptEnd.REFUSED:
            return "log-out", "text_2", translate("attempts", "Left to other nodes")
        case AttemptEnd.NODE_LOST:
            return "unplug", "warning", translate("attempts", "Node was lost")
        case AttemptEnd.TAKEN_BACK:
            return "history", "text_2", translate("attempts", "Reclaimed by its node")
        case AttemptEnd.UNKNOWN:
            return "history", "text_2", attempt.word or translate("attempts", "Other")
        case _:
            assert_never(attempt.end)
