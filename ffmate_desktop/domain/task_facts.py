"""Facts about one attempt at a task, as the task's row stores them: in `tasks.result`, and in the publishing record.

Programs of other releases write and read them too. A field that this release doesn't know, or whose value it can't
use, stays in `unknown` and is written back as it was. A field without a value isn't written: the statements of an
attempt merge what they write into what the row has.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ffmate_desktop.domain.stored_fields import StoredFields, without_none
from ffmate_desktop.domain.stored_values import as_integer, as_list, as_text, as_timestamp

JsonObject = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ProbedMedia:
    """The probe's facts about the input and the outputs, as the media layer writes them."""

    input: JsonObject | None = None
    outputs: tuple[JsonObject, ...] | None = None
    unknown: JsonObject = field(default_factory=dict)

    @classmethod
    def from_json(cls, stored: object) -> "ProbedMedia | None":
        """The inverse of `to_json`; None for anything but an object."""
        if not isinstance(stored, dict):
            return None
        fields = StoredFields(stored)
        return cls(fields.read("input", _object), fields.read("outputs", _objects), fields.unread)

    def to_json(self) -> dict[str, Any]:
        """As the row stores it."""
        outputs = None if self.outputs is None else list(self.outputs)
        return {**self.unknown, **without_none(input=self.input, outputs=outputs)}


@dataclass(frozen=True, slots=True)
class InputVersion:
    """Size and time (microseconds since 1970 UTC) of the input as the attempt read it."""

    size: int
    mtime: int
    unknown: JsonObject = field(default_factory=dict)

    @classmethod
    def from_json(cls, stored: object) -> "InputVersion | None":
        """The inverse of `to_json`; None for an object that lacks one of the two."""
        fields = StoredFields(stored)
        size, mtime = fields.read("size", as_integer), fields.read("mtime", as_integer)
        return None if size is None or mtime is None else cls(size, mtime, fields.unread)

    def to_json(self) -> dict[str, Any]:
        """As the row stores it."""
        return {**self.unknown, "size": self.size, "mtime": self.mtime}


@dataclass(frozen=True, slots=True)
class FirstOutput:
    """The main one of several outputs."""

    path: str
    size: int
    unknown: JsonObject = field(default_factory=dict)

    @classmethod
    def from_json(cls, stored: object) -> "FirstOutput | None":
        """The inverse of `to_json`; None for an object that lacks one of the two."""
        fields = StoredFields(stored)
        path, size = fields.read("path", as_text), fields.read("size", as_integer)
        return None if path is None or size is None else cls(path, size, fields.unread)

    def to_json(self) -> dict[str, Any]:
        """As the row stores it."""
        return {**self.unknown, "path": self.path, "size": self.size}


@dataclass(frozen=True, slots=True)
class ChangedInput:
    """An input that changed during the attempt; `how` is an `InputChangeKind`."""

    input: str
    how: str
    unknown: JsonObject = field(default_factory=dict)

    @classmethod
    def from_json(cls, stored: object) -> "ChangedInput | None":
        """The inverse of `to_json`; None for an object that lacks one of the two."""
        fields = StoredFields(stored)
        path, how = fields.read("input", as_text), fields.read("how", as_text)
        return None if path is None or how is None else cls(path, how, fields.unread)

    def to_json(self) -> dict[str, Any]:
        """As the row stores it."""
        return {**self.unknown, "input": self.input, "how": self.how}


@dataclass(frozen=True, slots=True)
class ScriptFacts:
    """A script before or after the encode: its resolved command line and sidecar, and how it ended.

    Times in milliseconds since 1970 UTC.
    """

    script: str | None = None
    sidecar: str | None = None
    started_at: int | None = None
    finished_at: int | None = None
    error: str | None = None
    unknown: JsonObject = field(default_factory=dict)

    @classmethod
    def from_json(cls, stored: object) -> "ScriptFacts | None":
        """The inverse of `to_json`; None for anything but an object."""
        if not isinstance(stored, dict):
            return None
        fields = StoredFields(stored)
        return cls(
            fields.read("script", as_text),
            fields.read("sidecar", as_text),
            fields.read("startedAt", as_timestamp),
            fields.read("finishedAt", as_timestamp),
            fields.read("error", as_text),
            fields.unread,
        )

    def to_json(self) -> dict[str, Any]:
        """As the row stores it."""
        known = without_none(
            script=self.script,
            sidecar=self.sidecar,
            startedAt=self.started_at,
            finishedAt=self.finished_at,
            error=self.error,
        )
        return {**self.unknown, **known}


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """What is known of an attempt, or a part of it to be merged into the row.

    `command` and `output` are resolved; `folders` hold the temporary files; `size` is that of all outputs together;
    `first` is there when there are several. `imported` are the fields of the spec that a sidecar changed, by their
    names in JSON.
    """

    command: str | None = None
    output: str | None = None
    media: ProbedMedia | None = None
    source: InputVersion | None = None
    folders: tuple[str, ...] | None = None
    size: int | None = None
    first: FirstOutput | None = None
    changed: ChangedInput | None = None
    pre_processing: ScriptFacts | None = None
    post_processing: ScriptFacts | None = None
    imported: JsonObject | None = None
    skipped: bool = False
    unknown: JsonObject = field(default_factory=dict)

    @classmethod
    def from_json(cls, stored: object) -> "TaskFacts":
        """The inverse of `to_json`; anything but an object has no facts."""
        fields = StoredFields(stored)
        return cls(
            command=fields.read("command", as_text),
            output=fields.read("output", as_text),
            media=fields.read("facts", ProbedMedia.from_json),
            source=fields.read("source", InputVersion.from_json),
            folders=fields.read("folders", _texts),
            size=fields.read("size", as_integer),
            first=fields.read("first", FirstOutput.from_json),
            changed=fields.read("changed", ChangedInput.from_json),
            pre_processing=fields.read("preProcessing", ScriptFacts.from_json),
            post_processing=fields.read("postProcessing", ScriptFacts.from_json),
            imported=fields.read("imported", _object),
            skipped=fields.read("skipped", _true) is not None,
            unknown=fields.unread,
        )

    def to_json(self) -> dict[str, Any]:
        """As the row stores it."""
        known = without_none(
            command=self.command,
            output=self.output,
            facts=None if self.media is None else self.media.to_json(),
            source=None if self.source is None else self.source.to_json(),
            folders=None if self.folders is None else list(self.folders),
            size=self.size,
            first=None if self.first is None else self.first.to_json(),
            changed=None if self.changed is None else self.changed.to_json(),
            preProcessing=None if self.pre_processing is None else self.pre_processing.to_json(),
            postProcessing=None if self.post_processing is None else self.post_processing.to_json(),
            imported=self.imported,
            skipped=True if self.skipped else None,
        )
        return {**self.unknown, **known}


def _object(value: object) -> JsonObject | None:
    return value if isinstance(value, dict) else None


def _objects(value: object) -> tuple[JsonObject, ...] | None:
    found = as_list(value)
    return (
        tuple(found) if isinstance(value, list) and all(isinstance(entry, dict) for entry in found) else None
    )


def _texts(value: object) -> tuple[str, ...] | None:
    found = as_list(value)
    return (
        tuple(found) if isinstance(value, list) and all(isinstance(entry, str) for entry in found) else None
    )


def _true(value: object) -> bool | None:
    return True if value is True else None
