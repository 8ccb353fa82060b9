"""Which files of a watchfolder are taken, by name and size; the same on every operating system."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cached_property

from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.media_files import ENDINGS
from ffmate_desktop.domain.watch_names import is_hidden_folder, why_not_name
from ffmate_desktop.domain.watchfolder import FileFilter

_UNITS = (("KiB", 10), ("MiB", 20), ("GiB", 30))


def folded(text: str) -> str:
    """What names have in common that differ by case only, or by how an accent is written (macOS)."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text).casefold()


class Pattern:
    """A glob: `*` and `?` stand for anything but `/`, `**` for any number of folders, `[abc]` for one of them.

    Without a `/` it is tried on the name alone, otherwise on the path below the watchfolder. One that ends with `/`
    means a folder and everything in it. Case does not matter. Raises UsageError.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        body = folded(text.strip().replace("\\", "/"))
        self.is_folder = body.endswith("/")
        body = body.strip("/")
        self._whole = "/" in body
        try:
            self._regex = re.compile(_translated(body), re.DOTALL)
        except re.error as error:
            raise UsageError(
                f"The pattern {text} cannot be read: {error}.", "For example *_proxy.*"
            ) from error

    def matches(self, path: str, name: str) -> bool:
        """`path` is the folded path below the watchfolder, `name` its last part."""
        return self._regex.fullmatch(path if self._whole else name) is not None


def _translated(glob: str) -> str:
    regex, position = "", 0
    while position < len(glob):
        if glob.startswith("**/", position):
            regex, position = regex + "(?:.*/)?", position + 3
        elif glob.startswith("**", position):
            regex, position = regex + ".*", position + 2
        elif (klass := re.compile(r"\[(!?)([^\]/]+)\]").match(glob, position)) is not None:
            inside = klass[2].replace("\\", r"\\").replace("^", r"\^").replace("[", r"\[")
            regex, position = f"{regex}[{'^/' if klass[1] else ''}{inside}]", klass.end()
        else:
            char = glob[position]
            regex += {"*": "[^/]*", "?": "[^/]"}.get(char, re.escape(char))
            position += 1
    return regex


class FileRules:
    """The rules of one watchfolder. `outside` are folders below it (paths with `/`) that are not entered."""

    def __init__(self, wanted: FileFilter, *, recursive: bool = True, outside: Iterable[str] = ()) -> None:
        self._recursive = recursive
        self._outside = frozenset(folded(path.strip("/")) for path in outside)
        self._include = tuple(map(Pattern, wanted.globs.include))
        exclude = tuple(map(Pattern, wanted.globs.exclude))
        self._exclude = tuple(pattern for pattern in exclude if not pattern.is_folder)
        self._exclude_folders = tuple(pattern for pattern in exclude if pattern.is_folder)
        self._endings = frozenset(map(_ending, wanted.extensions.include))
        self._no_endings = frozenset(map(_ending, wanted.extensions.exclude))
        self._min_size = wanted.min_size

    def enters(self, path: str, name: str) -> bool:
        """Whether files below this folder can be taken."""
        if not self._recursive or is_hidden_folder(name):
            return False
        path, name = folded(path), folded(name)
        return path not in self._outside and not any(
            pattern.matches(path, name) for pattern in self._exclude_folders
        )

    def why_not(self, path: str, name: str, size: int) -> str:
        """Why the file is not taken, in a sentence; empty when it is. What is excluded wins over what is included."""
        if why := why_not_name(name):
            return why
        low_path, low_name = folded(path), folded(name)
        ending = low_name.rpartition(".")[2] if "." in low_name else ""
        if ending in self._no_endings:
            return f"Files that end in .{ending} are excluded."
        for pattern in self._exclude:
            if pattern.matches(low_path, low_name):
                return f"Excluded by the pattern {pattern.text}"
        return self._why_not_included(low_path, low_name, ending) or self._why_not_size(size)

    def _why_not_included(self, path: str, name: str, ending: str) -> str:
        if not self._endings and not self._include:
            return "" if ending in ENDINGS else "Not a media file, by its name."
        if "*" in self._endings or ending in self._endings:
            return ""
        if any(pattern.matches(path, name) for pattern in self._include):
            return ""
        return f"Only these are taken: {self._included}"

    @cached_property
    def _included(self) -> str:
        return ", ".join(
            [*(f".{ending}" for ending in sorted(self._endings)), *(one.text for one in self._include)]
        )

    def _why_not_size(self, size: int) -> str:
        return f"Smaller than {_size(self._min_size)}." if size < self._min_size else ""


def _ending(word: str) -> str:
    """`mov` of `mov`, `.MOV` and `*.mov`."""
    return folded(word.strip().removeprefix("*") or "*").removeprefix(".")


def _size(count: int) -> str:
    for unit, shift in reversed(_UNITS):
        if count >= 1 << shift:
            return f"{count / (1 << shift):g} {unit}"
    return f"{count} bytes"
