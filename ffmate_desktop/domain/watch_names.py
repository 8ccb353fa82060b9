"""Names that no person gave a finished file: ours while they are written, and those of browsers and copy tools."""

import re

OURS = ".ffd-"
"""Unfinished outputs and copies of this program begin so."""

LOCK = ".lock"
"""FFmate writes an empty file `<name>.lock` beside what it has taken."""

_ENDINGS = """
    !qb !ut aria2 bc! crdownload download downloading filepart ftmp incomplete inprogress opdownload part partial
    partfile swp td temp tmp ut! xdownload xltd
"""
_UNFINISHED = frozenset(_ENDINGS.split())
_UNFINISHED_NAME = re.compile(r"~\$|~syncthing~|unconfirmed \d+\.crdownload|\.~lock\.|pspbrwse\.jbf$")
_OF_SYSTEMS = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r"})
_FOLDERS_OF_SYSTEMS = frozenset(
    {
        "$recycle.bin", "system volume information", "lost+found", "#recycle", "#snapshot", "@eadir", "@recycle",
        "@recently-snapshot", "@tmp", "__macosx",
    }
)  # fmt: skip


def is_passed_over(name: str) -> bool:
    """Names that are not even told of: unfinished outputs of ours, and locks."""
    return name.startswith(OURS) or name.endswith(LOCK)


def why_not_name(name: str) -> str:
    """Why a file of this name is nothing to encode, in a sentence; empty when the name says nothing against it."""
    low = name.lower()
    if name.startswith("."):
        return "A hidden file."
    if low in _OF_SYSTEMS:
        return "A file of the operating system."
    if low.rpartition(".")[2] in _UNFINISHED or _UNFINISHED_NAME.match(low):
        return "Another program is still writing it: its name is that of an unfinished file."
    return ""


def is_hidden_folder(name: str) -> bool:
    """Folders that nobody puts films in: hidden ones, trash cans, thumbnails of a NAS."""
    return name.startswith(".") or name.lower() in _FOLDERS_OF_SYSTEMS
