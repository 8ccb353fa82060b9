"""Paths that the user hands over by dropping or pasting: files as a file manager gives them, or plain text."""

from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl

from ffmate_desktop.domain.paths import is_absolute

_QUOTES = "\"'"


def has_paths(data: QMimeData) -> bool:
    """Whether a drag over the window can become tasks; text is only looked at when it is dropped or pasted."""
    return any(url.isLocalFile() for url in data.urls())


def paths_in(data: QMimeData) -> list[str]:
    """The files and folders in it, in their order; of text every line that is a whole path or a file URL."""
    files = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
    if files or not data.hasText():
        return files
    return [path for line in data.text().splitlines() if (path := _path_of(line.strip()))]


def _path_of(line: str) -> str:
    if len(line) > 1 and line[0] in _QUOTES and line[-1] == line[0]:
        line = line[1:-1]
    if line.startswith("file:"):
        return QUrl(line).toLocalFile()
    if line.startswith("~"):
        try:
            line = str(Path(line).expanduser())
        except RuntimeError:  # there is no such user
            return ""
    return line if is_absolute(line) else ""
