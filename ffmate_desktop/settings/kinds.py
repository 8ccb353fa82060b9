"""Kinds of setting values: how each is read from words and from JSON, and written again."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.labels import check_labels
from ffmate_desktop.domain.node_name import check_node_name

LARGEST = 2**31 - 1
"""The largest number that the database stores."""


class Kind:
    """What all kinds share. `read` and `from_json` raise UsageError, or ValueError with the end of a sentence."""

    is_list = False
    """Whether the option may be repeated."""
    may_be_empty = False
    """Whether an empty word, as in `--database=`, means the default; else it is read, and mostly refused."""

    @property
    def limits(self) -> str:
        """A sentence for the help, or empty."""
        return ""

    def split(self, variable: str) -> list[str]:
        """The words in an environment variable."""
        return [variable]

    def read(self, words: Sequence[str]) -> Any:
        """The value of an option or a variable. Of a repeated option that isn't a list, the last word counts."""
        raise NotImplementedError

    def words(self, value: Any) -> list[str]:
        """Words that `read` turns into this value."""
        return [str(value)]

    def text(self, value: Any) -> str:
        """A value for people; empty if there is none."""
        return " ".join(self.words(value))

    def from_json(self, value: object) -> Any:
        """The value of a key in settings.json."""
        raise NotImplementedError

    def to_json(self, value: Any) -> object:
        """The value for settings.json."""
        return value


class Text(Kind):
    """Any text but an empty one."""

    may_be_empty = True

    def read(self, words: Sequence[str]) -> str:
        return words[-1]

    def from_json(self, value: object) -> str:
        if not (isinstance(value, str) and value):
            raise ValueError("this isn't text")
        return value


class NodeName(Text):
    """The name of a node."""

    def read(self, words: Sequence[str]) -> str:
        return check_node_name(words[-1])

    def from_json(self, value: object) -> str:
        try:
            return check_node_name(super().from_json(value))
        except UsageError as error:
            raise ValueError("this can't be the name of a node") from error


@dataclass(frozen=True)
class Number(Kind):
    """A number from `least` to `most`."""

    least: float = 0
    most: float = LARGEST
    is_whole: bool = False

    @property
    def limits(self) -> str:
        return f"From {self.least:.10g} to {self.most:.10g}."

    @property
    def noun(self) -> str:
        """The kind of number with its limits."""
        kind = "a whole number" if self.is_whole else "a number"
        if self.most == LARGEST:
            return f"{kind}, {self.least:.10g} or more"
        return f"{kind} from {self.least:.10g} to {self.most:.10g}"

    def read(self, words: Sequence[str]) -> float:
        text = words[-1]
        try:
            value = int(text) if self.is_whole else float(text)
        except ValueError:
            value = math.nan
        if self.most == LARGEST and value > LARGEST:
            raise ValueError(f"takes {LARGEST} at most, not “{text}”")
        if not self.least <= value <= self.most:
            raise ValueError(f"takes {self.noun}, not “{text}”")
        return value

    def words(self, value: float) -> list[str]:
        return [str(value)]  # a window of another release compares these words: 5.0, not 5

    def text(self, value: float) -> str:
        return f"{value:.10g}"

    def from_json(self, value: object) -> float:
        number: Any = value
        types = (int,) if self.is_whole else (int, float)
        if type(value) not in types or not self.least <= number <= self.most:  # bool is a subclass of int
            raise ValueError(f"this isn't {self.noun}")
        return float(number) if isinstance(number, float) else int(number)


@dataclass(frozen=True)
class Choice(Kind):
    """One of the words of an enum."""

    choices: type[StrEnum]

    def read(self, words: Sequence[str]) -> StrEnum:
        try:
            return self.choices(words[-1])
        except ValueError:
            raise ValueError(f"takes {' or '.join(self.choices)}, not “{words[-1]}”") from None

    def from_json(self, value: object) -> StrEnum:
        if not isinstance(value, str) or value not in list(self.choices):
            raise ValueError(f"this isn't one of {', '.join(self.choices)}")
        return self.choices(value)


class Labels(Kind):
    """Labels, separated by spaces or commas."""

    is_list = True

    def read(self, words: Sequence[str]) -> tuple[str, ...]:
        return check_labels(label for word in words for label in word.replace(",", " ").split())

    def words(self, value: tuple[str, ...]) -> list[str]:
        return list(value)

    def from_json(self, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
            raise ValueError("this isn't a list of labels")
        try:
            return check_labels(value)
        except UsageError as error:
            raise ValueError(str(error)) from error

    def to_json(self, value: tuple[str, ...]) -> list[str]:
        return list(value)


class NewFolder(Kind):
    """A folder that is made if it is missing."""

    may_be_empty = True

    def read(self, words: Sequence[str]) -> Path:
        path = _absolute(words[-1])
        if os.path.isfile(path):  # noqa: PTH113 - answers in a folder that may not be entered, too
            raise ValueError(f"needs a folder, and “{words[-1]}” is a file")
        return path

    def from_json(self, value: object) -> Path:
        return self.read([Text().from_json(value)])

    def to_json(self, value: Path) -> str:
        return str(value)


class Folders(Kind):
    """Folders that exist, since a limit to a missing folder would allow nothing."""

    is_list = True

    def split(self, variable: str) -> list[str]:
        return variable.split(os.pathsep)

    def read(self, words: Sequence[str]) -> tuple[Path, ...]:
        if not all(map(str.strip, words)):
            raise ValueError("has an empty part, which would mean the current folder")
        folders = tuple(_absolute(word) for word in words)
        for folder in folders:
            if folder.is_file():
                raise ValueError(f"needs a folder, and “{folder}” is a file")
            if not folder.is_dir():
                raise ValueError(f"needs a folder that exists, and “{folder}” doesn't")
        return folders

    def words(self, value: tuple[Path, ...]) -> list[str]:
        return [str(folder) for folder in value]

    def from_json(self, value: object) -> tuple[Path, ...]:
        if not isinstance(value, list) or not all(isinstance(folder, str) for folder in value):
            raise ValueError("this isn't a list of folders")
        return self.read(value)

    def to_json(self, value: tuple[Path, ...]) -> list[str]:
        return self.words(value)


def _absolute(path: str) -> Path:
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError as error:  # ~name of a user who doesn't exist
        raise ValueError(f"has no home folder for “{path}”") from error
