"""Paths in dropped or pasted data: files from a file manager, or plain text."""

from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl

from ffmate_desktop.domain.paths import is_absolute

_QUOTES = "\"'"


def has_paths(data: QMimeData) -> bool:
    """Whether a drag contains files. Text is examined only when dropped or pasted."""
    return any(url.isLocalFile() for url in data.urls())


def paths_from(data: QMimeData) -> list[str]:
    """Files and folders, in order. In text, every line that is an absolute path or a file URL."""
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
        except RuntimeError:  # no such user
            return ""
    return line if is_absolute(line) else ""
