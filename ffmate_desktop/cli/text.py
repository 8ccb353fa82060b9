"""Numbers, times and names as people read them."""

import time

from rich.text import Text

from ffmate_desktop.domain.task import Task, TaskStatus

STATUS_COLOURS = {
    TaskStatus.QUEUED: "dim",
    TaskStatus.PRE_PROCESSING: "cyan",
    TaskStatus.RUNNING: "cyan",
    TaskStatus.POST_PROCESSING: "cyan",
    TaskStatus.DONE_SUCCESSFUL: "green",
    TaskStatus.DONE_ERROR: "red",
    TaskStatus.DONE_CANCELED: "yellow",
}


def format_duration(seconds: float) -> str:
    """`4.2 s`, `3:07`, `1:02:09`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    total = round(seconds)
    minutes, rest = divmod(total, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def ago(seconds: float) -> str:
    """`2 s ago`, `5 min ago`, `3 h ago`, `4 d ago`."""
    for limit, unit, size in ((90, "s", 1), (5400, "min", 60), (129_600, "h", 3600)):
        if seconds < limit:
            return f"{max(seconds, 0) / size:.0f} {unit} ago"
    return f"{seconds / 86_400:.0f} d ago"


def moment(milliseconds: int) -> str:
    """`2026-11-23 22:54:52`, in local time."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(milliseconds / 1000))


def format_size(count: int) -> str:
    """Bytes in binary units: `820 B`, `12.3 MiB`."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def printable(text: str) -> str:
    """One line for a table, with `?` for control characters and characters of uncertain width."""
    return text if text.isprintable() else "".join(char if char.isprintable() else "?" for char in text)


def colored_status(task: Task) -> Text:
    """The status in its color, with a note if the task is paused."""
    word = printable(task.status_word or task.status.value)
    notes = [note for note, is_so in (("paused", task.paused), ("unreadable", task.unreadable)) if is_so]
    return Text(f"{word} ({', '.join(notes)})" if notes else word, STATUS_COLOURS.get(task.status, ""))
