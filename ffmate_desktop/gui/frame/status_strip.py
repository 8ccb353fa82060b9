"""The bottom edge of the window: database connection, ffmpeg, and a notice."""

import re
import time

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy

from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets import formatting
from ffmate_desktop.gui.widgets.labels import ElidedLabel
from ffmate_desktop.gui.widgets.meter import StateDot
from ffmate_desktop.gui.widgets.plain_text import plain
from ffmate_desktop.services.cluster_services import WindowServices


class StatusStrip(QFrame):
    """`notice` is a label at the right end for any part of the window to use."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("class", "strip")
        self.setFixedHeight(30)
        self._services: WindowServices | None = None
        self._outage_since: float | None = None
        self._dot = StateDot(theme)
        self.database = _shrinking_label()
        self._ffmpeg = ElidedLabel("third")
        self.notice = _shrinking_label()
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(8)
        row.addWidget(self._dot)
        row.addWidget(self.database)
        row.addSpacing(14)
        row.addWidget(self._ffmpeg, 1)
        row.addWidget(self.notice)
        self._clock = QTimer(self, interval=1000)
        self._clock.timeout.connect(self._show)
        self.set_starting(self.tr("Opening the queue …"))

    def set_starting(self, text: str) -> None:
        """Show why no cluster is open."""
        self._services = None
        self._clock.stop()
        self._dot.set_state("idle")
        self.database.setText(text)
        self._ffmpeg.setText("")

    def attach(self, services: WindowServices) -> None:
        self._services = services
        self._ffmpeg.setText(short_ffmpeg_version(services.ffmpeg))
        self._ffmpeg.setToolTip(plain(services.ffmpeg))
        self._show()

    def set_outage(self, since: float | None) -> None:
        """The database is unreachable since this Unix time, or connected (None)."""
        self._outage_since = since
        if since is None:
            self._clock.stop()
        else:
            self._clock.start()
        self._show()

    def _show(self) -> None:
        if self._services is None:
            return
        if self._outage_since is None:
            name = self._services.address
            text = (
                self.tr("Connected to {0}").format(name)
                if name
                else self.tr("This computer's queue is ready")
            )
        else:
            ago = formatting.duration(time.time() - self._outage_since)
            text = self.tr("Database unreachable for {0}. Encodes continue; reconnecting …").format(ago)
        self._dot.set_state("good" if self._outage_since is None else "care")
        self.database.setText(text)


def _shrinking_label() -> ElidedLabel:
    """As wide as its text, and elided in a narrow window."""
    label = ElidedLabel("third")
    label.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    return label


_BUILD = re.compile(r"ffmpeg n?(\d+(?:\.\d+)+)\S*")


def short_ffmpeg_version(ffmpeg: str) -> str:
    """`ffmpeg 9.0.2` from a full build name. Other texts, such as “not found”, are returned unchanged."""
    return _BUILD.sub(r"ffmpeg \1", ffmpeg)
