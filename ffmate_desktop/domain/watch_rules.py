"""Decides by name and size which files of a watchfolder are queued; the same on every operating system."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cached_property

from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.media_files import ENDINGS
from ffmate_desktop.domain.watchfolder import FileFilter

OURS = ".ffd-"
"""The prefix of this program's unfinished outputs and copies."""

LOCK = ".lock"
"""FFmate writes an empty file `<name>.lock` next to a file that it has queued."""

_UNFINISHED_EXTENSIONS = """
    !qb !ut aria2 bc! crdownload download downloading filepart ftmp incomplete inprogress opdownload part partial
    partfile swp td temp tmp ut! xdownload xltd
"""
_UNFINISHED = frozenset(_UNFINISHED_EXTENSIONS.split())
_UNFINISHED_NAME = re.compile(r"~\$|~syncthing~|unconfirmed \d+\.crdownload|\.~lock\.|pspbrwse\.jbf$")
_SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r"})
_SYSTEM_FOLDERS = frozenset(
    {
        "$recycle.bin", "system volume information", "lost+found", "#recycle", "#snapshot", "@eadir", "@recycle",
        "@recently-snapshot", "@tmp", "__macosx",
    }
)  # fmt: skip

_UNITS = (("KiB", 10), ("MiB", 20), ("GiB", 30))


def folded(text: str) -> str:
    """The same text for names that differ only in case, or in how accents are written (macOS)."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text).casefold()


class Pattern:
    """A glob: `*` and `?` match anything but `/`, `**` any number of folders, `[abc]` one of these characters.

    Without a `/` it is matched against the name, otherwise against the path below the watchfolder. A pattern that
    ends with `/` matches a folder and everything in it. Case is ignored. Raises UsageError.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        body = folded(text.strip().replace("\\", "/"))
        self.is_folder = body.endswith("/")
        body = body.strip("/")
        self._is_path = "/" in body
        try:
            self._regex = re.compile(_translated(body), re.DOTALL)
        except re.error as error:
            raise UsageError(
                f"The pattern {text} is invalid: {error}.", "A valid one is, for example, *_proxy.*"
            ) from error

    def matches(self, path: str, name: str) -> bool:
        """`path` is the folded path below the watchfolder, `name` its last part."""
        return self._regex.fullmatch(path if self._is_path else name) is not None


def _translated(glob: str) -> str:
    regex, position = "", 0
    while position < len(glob):
        if glob.startswith("**/", position):
            regex, position = regex + "(?:.*/)?", position + 3
        elif glob.startswith("**", position):
            regex, position = regex + ".*", position + 2
        elif (characters := re.compile(r"\[(!?)([^\]/]+)\]").match(glob, position)) is not None:
            inside = characters[2].replace("\\", r"\\").replace("^", r"\^").replace("[", r"\[")
            regex, position = f"{regex}[{'^/' if characters[1] else ''}{inside}]", characters.end()
        else:
            char = glob[position]
            regex += {"*": "[^/]*", "?": "[^/]"}.get(char, re.escape(char))
            position += 1
    return regex


def is_ignored(name: str) -> bool:
    """Whether files of this name aren't even listed: this program's unfinished outputs, and locks."""
    return name.startswith(OURS) or name.endswith(LOCK)


def why_not_by_name(name: str) -> str:
    """Why a file of this name isn't encoded, in a sentence; empty if the name is fine."""
    low = name.lower()
    if name.startswith("."):
        return "A hidden file."
    if low in _SYSTEM_FILES:
        return "A file of the operating system."
    if low.rpartition(".")[2] in _UNFINISHED or _UNFINISHED_NAME.match(low):
        return "Another program is still writing it, judging by its name."
    return ""


def is_hidden_folder(name: str) -> bool:
    """Hidden folders, trash cans, thumbnails of a NAS."""
    return name.startswith(".") or name.lower() in _SYSTEM_FOLDERS


class FileRules:
    """The rules of one watchfolder. `outside` are folders below it (paths with `/`) that aren't scanned."""

    def __init__(
        self, file_filter: FileFilter, *, recursive: bool = True, outside: Iterable[str] = ()
    ) -> None:
        self._recursive = recursive
        self._outside = frozenset(folded(path.strip("/")) for path in outside)
        self._include = tuple(map(Pattern, file_filter.globs.include))
        exclude = tuple(map(Pattern, file_filter.globs.exclude))
        self._exclude = tuple(pattern for pattern in exclude if not pattern.is_folder)
        self._exclude_folders = tuple(pattern for pattern in exclude if pattern.is_folder)
        self._extensions = frozenset(map(_extension, file_filter.extensions.include))
        self._excluded_extensions = frozenset(map(_extension, file_filter.extensions.exclude))
        self._min_size = file_filter.min_size

    def enters(self, path: str, name: str) -> bool:
        """Whether to scan this folder."""
        if not self._recursive or is_hidden_folder(name):
            return False
        path, name = folded(path), folded(name)
        return path not in self._outside and not any(
            pattern.matches(path, name) for pattern in self._exclude_folders
        )

    def why_not(self, path: str, name: str, size: int) -> str:
        """Why the file is skipped, in a sentence; empty if it isn't. Exclusion wins over inclusion."""
        if why := why_not_by_name(name):
            return why
        low_path, low_name = folded(path), folded(name)
        ending = low_name.rpartition(".")[2] if "." in low_name else ""
        if ending in self._excluded_extensions:
            return f"The extension .{ending} is excluded."
        for pattern in self._exclude:
            if pattern.matches(low_path, low_name):
                return f"Excluded by the pattern {pattern.text}"
        return self._why_not_included(low_path, low_name, ending) or self._why_not_size(size)

    def _why_not_included(self, path: str, name: str, ending: str) -> str:
        if not self._extensions and not self._include:
            return "" if ending in ENDINGS else "Not a media file, by its extension."
        if "*" in self._extensions or ending in self._extensions:
            return ""
        if any(pattern.matches(path, name) for pattern in self._include):
            return ""
        return f"Not among the included files: {self._included}"

    @cached_property
    def _included(self) -> str:
        return ", ".join(
            [
                *(f".{ending}" for ending in sorted(self._extensions)),
                *(pattern.text for pattern in self._include),
            ]
        )

    def _why_not_size(self, size: int) -> str:
        return f"Smaller than {_size(self._min_size)}." if size < self._min_size else ""


def _extension(word: str) -> str:
    """`mov` of `mov`, `.MOV` and `*.mov`."""
    return folded(word.strip().removeprefix("*") or "*").removeprefix(".")


def _size(count: int) -> str:
    for unit, shift in reversed(_UNITS):
        if count >= 1 << shift:
            return f"{count / (1 << shift):g} {unit}"
    return f"{count} bytes"
