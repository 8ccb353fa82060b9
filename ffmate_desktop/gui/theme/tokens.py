"""The colours of the dark and the light theme. Text has a contrast of at least 4.5:1 on every surface."""

from dataclasses import dataclass

from PySide6.QtGui import QColor

from ffmate_desktop.domain.status import TaskStatus


@dataclass(frozen=True, slots=True)
class Tokens:
    """Colours by purpose. `text_2` is for explanations, `text_3` for the least important text."""

    is_dark: bool
    window: str
    sidebar: str
    surface: str
    raised: str
    line: str
    line_strong: str
    track: str
    hover: str
    selected: str
    nav_selected: str
    text: str
    text_2: str
    text_3: str
    accent: str
    accent_hover: str
    on_accent: str
    link: str
    spark: str
    running: str
    queued: str
    done: str
    failed: str
    canceled: str
    paused: str
    warning: str

    def color(self, name: str) -> QColor:
        return QColor(getattr(self, name))

    def tint(self, name: str, alpha: float | None = None) -> QColor:
        """The colour, mostly transparent: for chips and tiles."""
        color = QColor(getattr(self, name))
        color.setAlphaF(alpha if alpha is not None else (0.16 if self.is_dark else 0.10))
        return color


DARK = Tokens(
    is_dark=True,
    window="#0f1217",
    sidebar="#0b0e12",
    surface="#161b22",
    raised="#1d232c",
    line="#262d38",
    line_strong="#323b48",
    track="#272f3b",
    hover="#1a2029",
    selected="#1c2744",
    nav_selected="#161d3a",
    text="#e9edf4",
    text_2="#a9b3c2",
    text_3="#8792a4",
    accent="#4966f0",
    accent_hover="#3d59e4",
    on_accent="#ffffff",
    link="#8fa2ff",
    spark="#8094ff",
    running="#79bcff",
    queued="#a9b3c2",
    done="#2fd9a8",
    failed="#ff8f52",
    canceled="#ee86d8",
    paused="#d9ae4a",
    warning="#d9ae4a",
)

LIGHT = Tokens(
    is_dark=False,
    window="#f4f6fa",
    sidebar="#eceff5",
    surface="#ffffff",
    raised="#f1f4f9",
    line="#e0e5ed",
    line_strong="#ccd4e0",
    track="#e4e9f1",
    hover="#f6f8fc",
    selected="#e7ecff",
    nav_selected="#d8dff4",
    text="#151b26",
    text_2="#4a5567",
    text_3="#566074",
    accent="#4262eb",
    accent_hover="#3350d4",
    on_accent="#ffffff",
    link="#2f4bd0",
    spark="#3f56d8",
    running="#0f4fa8",
    queued="#4a5567",
    done="#0a6b4e",
    failed="#a93a06",
    canceled="#9c1487",
    paused="#7d5a06",
    warning="#7d5a06",
)

STATUS_TOKENS: dict[TaskStatus, str] = {
    TaskStatus.QUEUED: "queued",
    TaskStatus.PRE_PROCESSING: "running",
    TaskStatus.RUNNING: "running",
    TaskStatus.POST_PROCESSING: "running",
    TaskStatus.DONE_SUCCESSFUL: "done",
    TaskStatus.DONE_ERROR: "failed",
    TaskStatus.DONE_CANCELED: "canceled",
}
