"""What a node records before it publishes, so that a successor can finish when the node dies: `tasks.publishing`.

Releases share these records. Unknown fields are kept; a record with a field that a successor needs and this release
can't use is `Unreadable`, and the task is left to other nodes.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ffmate_desktop.domain.stored_fields import StoredFields, WrongFieldError
from ffmate_desktop.domain.stored_values import Unreadable, as_integer, as_text
from ffmate_desktop.domain.task_facts import JsonObject, TaskFacts

MOST_FILES = 1000
"""The files of a larger set are not recorded; it is encoded again when its node dies while publishing it."""


class RecordedFile(NamedTuple):
    """A file by its path in its output ("" for the output itself), with its size and time."""

    name: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class RecordedOutput:
    """One output that is about to be moved from its temporary to its final name.

    `side` marks files other than media, such as logs of passes. `real_target` is the target behind all links, if that
    is another path; it is for the table of outputs and isn't recorded.
    """

    temporary: str
    target: str
    files: tuple[RecordedFile, ...]
    side: bool = False
    real_target: str | None = None
    unknown: JsonObject = field(default_factory=dict)

    @classmethod
    def from_json(cls, stored: object) -> "RecordedOutput":
        """The inverse of `to_json`; raises WrongFieldError."""
        fields = StoredFields(stored)
        return cls(
            fields.require("temporary", as_text),
            fields.require("target", as_text),
            fields.require("files", _files),
            side=fields.read("side", lambda value: True if value is True else None) is not None,
            unknown=fields.unread,
        )

    def to_json(self) -> dict[str, Any]:
        """As the row stores it."""
        files = [] if len(self.files) > MOST_FILES else [list(file) for file in self.files]
        recorded = {**self.unknown, "temporary": self.temporary, "target": self.target, "files": files}
        return recorded | {"side": True} if self.side else recorded


@dataclass(frozen=True, slots=True)
class Published:
    """Where the outputs are now, the main one first; the bytes of all of them, and of the first alone."""

    paths: tuple[Path, ...]
    size: int
    first_size: int
    unknown: JsonObject = field(default_factory=dict)

    @classmethod
    def from_json(cls, stored: object) -> "Published":
        """The inverse of `to_json`; raises WrongFieldError."""
        fields = StoredFields(stored)
        return cls(
            fields.require("paths", _paths),
            fields.require("size", as_integer),
            fields.require("first", as_integer),
            fields.unread,
        )

    def to_json(self) -> dict[str, Any]:
        """As the row stores it."""
        paths = [str(path) for path in self.paths]
        return {**self.unknown, "paths": paths, "size": self.size, "first": self.first_size}


@dataclass(frozen=True, slots=True)
class PublishingRecord:
    """The whole record: `facts` are the task's result so far; `published` is set once the outputs are in place."""

    outputs: tuple[RecordedOutput, ...]
    facts: TaskFacts
    published: Published | None = None
    unknown: JsonObject = field(default_factory=dict)

    @classmethod
    def from_json(cls, stored: object) -> "PublishingRecord | Unreadable":
        """The inverse of `to_json`."""
        if isinstance(stored, Unreadable):
            return stored
        if not isinstance(stored, dict):
            return Unreadable("it isn't an object")
        fields = StoredFields(stored)
        try:
            return cls(
                fields.require("outputs", _outputs),
                fields.require("result", _facts),
                fields.read_strictly("published", Published.from_json),
                fields.unread,
            )
        except WrongFieldError as error:
            return Unreadable(f"{error}: missing or of the wrong type")

    def to_json(self) -> dict[str, Any]:
        """As the row stores it."""
        recorded = {
            **self.unknown,
            "outputs": [output.to_json() for output in self.outputs],
            "result": self.facts.to_json(),
        }
        return recorded if self.published is None else recorded | {"published": self.published.to_json()}


def _outputs(value: object) -> tuple[RecordedOutput, ...] | None:
    return tuple(map(RecordedOutput.from_json, value)) if isinstance(value, list) else None


def _files(value: object) -> tuple[RecordedFile, ...] | None:
    if not isinstance(value, list):
        return None
    return tuple(map(_file, value))


def _file(value: object) -> RecordedFile:
    if not isinstance(value, list) or len(value) != 3:
        raise WrongFieldError("[name, size, time]")
    name, size, mtime_ns = as_text(value[0]), as_integer(value[1]), as_integer(value[2])
    if name is None or size is None or mtime_ns is None:
        raise WrongFieldError("[name, size, time]")
    return RecordedFile(name, size, mtime_ns)


def _paths(value: object) -> tuple[Path, ...] | None:
    if not isinstance(value, list) or not all(isinstance(path, str) for path in value):
        return None
    return tuple(map(Path, value))


def _facts(value: object) -> TaskFacts | None:
    """A successor needs `output` and `imported`; everything else is only kept."""
    if not isinstance(value, dict):
        return None
    facts = TaskFacts.from_json(value)
    for name in ("output", "imported"):
        if facts.unknown.get(name) is not None:
            raise WrongFieldError(name)
    return facts
