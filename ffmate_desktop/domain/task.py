"""A task: one ffmpeg job, its states, and its JSON for people and programs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import Field, JsonValue, field_serializer

from ffmate_desktop.domain.errors import RetryElsewhereError
from ffmate_desktop.domain.processing import DirectWebhook, NewProcessing, Processing, ProcessingSpec
from ffmate_desktop.domain.publishing import PublishingRecord
from ffmate_desktop.domain.status import (
    ACTIVE,
    DONE,
    Desired,
    Epoch,
    IfExists,
    LiveProgress,
    LogChunk,
    TaskStatus,
)
from ffmate_desktop.domain.stored_values import Unreadable, read_valid_fields
from ffmate_desktop.domain.task_facts import TaskFacts
from ffmate_desktop.domain.wire import ForwardCompatible, RawResolved, Wire

__all__ = [
    "ACTIVE",
    "DONE",
    "Claim",
    "Client",
    "Desired",
    "Epoch",
    "IfExists",
    "LiveProgress",
    "LogChunk",
    "NewTask",
    "Outcome",
    "PresetName",
    "RawResolved",
    "Task",
    "TaskSpec",
    "TaskStatus",
    "Wire",
]


class NewTask(Wire):
    """A task as it is submitted: FFmate's fields, and ours."""

    input_file: str
    command: str | None = None
    preset: UUID | None = None
    name: str | None = None
    output_file: str | None = None
    priority: int | None = Field(default=None, ge=0, le=2_147_483_647)
    labels: tuple[str, ...] = ()
    metadata: dict[str, JsonValue] = Field(default_factory=dict)
    if_exists: IfExists = IfExists.RENAME
    pre_processing: NewProcessing | None = None
    post_processing: NewProcessing | None = None
    webhooks: tuple[DirectWebhook, ...] | None = None


class TaskSpec(ForwardCompatible):
    """What a node needs to run a task. Written at submit and never changed.

    `clock_ns` (nanoseconds since 1970 UTC) and `utc_offset` (seconds) are the one clock reading that all date and
    time wildcards of the task use. `output` is the resolved path, or None while it depends on the node;
    `output_mount` is the mount point above it on the computer that submitted the task. `if_exists` is never SKIP:
    that is stored as FAIL with `skip_existing`, so that nodes of an older release fail the task.

    What an imported sidecar changes for one attempt is in the task's result (`TaskFacts.imported`). Fields of a newer
    release are ignored, so that nodes of two releases can share a queue, and kept in copies and changes.
    """

    command: str
    tokens: list[list[str]] = Field(min_length=1)
    input: str
    output_pattern: str
    output: str | None = None
    output_mount: str | None = None
    if_exists: IfExists
    skip_existing: bool | None = None
    clock_ns: int = Field(ge=0, lt=2**63)
    utc_offset: int = Field(gt=-86_400, lt=86_400)
    source: str  # a TaskSource, or the word of another version
    metadata: dict[str, JsonValue] = Field(default_factory=dict)
    client: str = ""
    pre_processing: ProcessingSpec | None = None
    post_processing: ProcessingSpec | None = None
    webhooks: tuple[DirectWebhook, ...] | None = None

    @property
    def policy(self) -> IfExists:
        """The submitter's choice for an output that exists."""
        return IfExists.SKIP if self.skip_existing else self.if_exists

    def changed(self, fields: Mapping[str, Any] | None) -> "TaskSpec":
        """A copy with other values for some fields, by their names in JSON."""
        return TaskSpec.model_validate(self.to_json() | dict(fields)) if fields else self


def readable_part(stored: object) -> TaskSpec:
    """The readable part of a spec, to be shown and never run."""
    return read_valid_fields(TaskSpec, stored, _NEEDED)


_NEEDED = {
    "command": "",
    "tokens": [[]],
    "input": "",
    "outputPattern": "",
    "ifExists": "fail",
    "clockNs": 0,
    "utcOffset": 0,
    "source": "",
}


class Client(Wire):
    """The node of a task's current or last attempt, as FFmate shows it; `last_seen` in ms since 1970 UTC."""

    identifier: str
    session: UUID | None = None
    cluster: UUID | None = None
    os: str | None = None
    arch: str | None = None
    version: str | None = None
    ffmpeg: str | None = None
    last_seen: int | None = None


class PresetName(Wire):
    """The preset that a task was made from."""

    uuid: UUID
    name: str


class Task(Wire):
    """A task as people and programs see it: FFmate's fields, then ours. Times in milliseconds since 1970 UTC.

    `status_word` is the stored status, which may be one of a newer release. `unreadable` says why this release can't
    read the task's spec; the fields that come from it are then empty or incomplete.
    """

    uuid: UUID
    name: str
    status: TaskStatus
    command: RawResolved
    input_file: RawResolved
    output_file: RawResolved
    priority: int
    progress: float
    remaining: float
    error: str | None = None
    batch: UUID | None = None
    source: str
    metadata: dict[str, JsonValue] = Field(default_factory=dict)
    client: Client | None = None
    pre_processing: Processing | None = None
    post_processing: Processing | None = None
    webhooks: tuple[DirectWebhook, ...] | None = None
    created_at: int
    updated_at: int
    started_at: int | None = None
    finished_at: int | None = None

    id: int
    version: int
    epoch: Epoch
    attempts: int
    phase: str | None = None
    paused: bool = False
    preset: PresetName | None = None
    labels: list[str] = Field(default_factory=list)
    fps: float | None = None
    speed: float | None = None
    size: int | None = None
    frame: int | None = None
    facts: dict[str, JsonValue] | None = None
    skipped: bool | None = None
    """The output existed before the task ran; it ended as cancelled."""
    unreadable: str | None = None
    status_word: str = Field(default="", exclude=True)

    @field_serializer("status")
    def _word(self, value: TaskStatus) -> str:
        return self.status_word or value.value

    @field_serializer("progress", "remaining", "fps", "speed")
    def _round(self, value: float | None) -> float | None:
        return None if value is None else round(value, 2)


@dataclass(frozen=True, slots=True)
class Claim:
    """A task that this node has claimed, and the epoch that every later write must name."""

    id: int
    uuid: UUID
    epoch: Epoch
    priority: int
    name: str
    attempts: int
    spec: TaskSpec
    publishing: PublishingRecord | None = None
    """What an earlier attempt was publishing when its node died: finish that instead of encoding."""
    unreadable: Unreadable | None = None
    """Why this release can't read the task; `spec` is then only a part of it."""

    def check_readable(self) -> None:
        """Raises RetryElsewhereError if this release can't read the task: another node may be newer."""
        if self.unreadable is None:
            return
        raise RetryElsewhereError(
            f"This release can't read this task ({self.unreadable.why}).",
            "A newer release wrote it, or it was edited by hand. Update FFmate Desktop, or delete the task.",
            everywhere_message=f"No node can read this task ({self.unreadable.why}): not {{nodes}}.",
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended: status, percent, and for an error a sentence for people, perhaps with ffmpeg's lines."""

    status: TaskStatus
    progress: float
    error: str | None = None
    facts: TaskFacts = field(default_factory=TaskFacts)
