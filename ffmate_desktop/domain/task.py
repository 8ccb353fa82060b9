"""A task: one ffmpeg job, its states, and the shape in which people and programs see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue, field_serializer

from ffmate_desktop.domain.processing import DirectWebhook, NewProcessing, Processing, ProcessingSpec
from ffmate_desktop.domain.wire import RawResolved, Wire

Epoch = int
"""A claim's number: it grows with every claim of a task and whenever a claim is taken away."""


class TaskStatus(StrEnum):
    """FFmate's words for the states of a task."""

    QUEUED = "QUEUED"
    PRE_PROCESSING = "PRE_PROCESSING"
    RUNNING = "RUNNING"
    POST_PROCESSING = "POST_PROCESSING"
    DONE_SUCCESSFUL = "DONE_SUCCESSFUL"
    DONE_ERROR = "DONE_ERROR"
    DONE_CANCELED = "DONE_CANCELED"

    @property
    def is_done(self) -> bool:
        """Ended, for better or worse; only a restart leaves these states."""
        return self in DONE

    @property
    def is_active(self) -> bool:
        """A node holds a claim on it."""
        return self in ACTIVE


ACTIVE = frozenset({TaskStatus.PRE_PROCESSING, TaskStatus.RUNNING, TaskStatus.POST_PROCESSING})
DONE = frozenset({TaskStatus.DONE_SUCCESSFUL, TaskStatus.DONE_ERROR, TaskStatus.DONE_CANCELED})

Desired = Literal["run", "pause", "cancel", "delete"]
"""What is wanted of a task by whoever commands it; its owner acts on it."""


class IfExists(StrEnum):
    """What the submitter wants when the output path is taken, on disk or by another active task."""

    FAIL = "fail"
    RENAME = "rename"
    REPLACE = "replace"


class NewTask(Wire):
    """What a submitter asks for: FFmate's new task, with our fields beside it."""

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


class TaskSpec(Wire):
    """What a node needs to run a task; written at submit and never changed.

    What an imported sidecar changes for one attempt stands in the task's result, under "imported".

    `clock_ns` (nanoseconds since 1970 UTC) and `utc_offset` (seconds) are the one clock reading that all date and
    time wildcards of the task use. `output` is the resolved path, or None while it depends on the node. What a newer
    program added is passed over, so that nodes of two releases can share a queue.
    """

    model_config = ConfigDict(extra="ignore")

    command: str
    tokens: list[list[str]]
    input: str
    output_pattern: str
    output: str | None = None
    if_exists: IfExists
    clock_ns: int
    utc_offset: int
    source: str
    metadata: dict[str, JsonValue] = Field(default_factory=dict)
    client: str = ""
    pre_processing: ProcessingSpec | None = None
    post_processing: ProcessingSpec | None = None
    webhooks: tuple[DirectWebhook, ...] | None = None

    def changed(self, fields: Mapping[str, Any] | None) -> "TaskSpec":
        """The same with other values for some of its fields, by their names in JSON."""
        return TaskSpec.model_validate(self.to_json() | dict(fields)) if fields else self


class Client(Wire):
    """The node that works, or worked, on a task, as FFmate shows it; `last_seen` in milliseconds since 1970 UTC."""

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
    """A task as it is shown: FFmate's fields first, ours after them. Times in milliseconds since 1970 UTC."""

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

    @field_serializer("progress", "remaining", "fps", "speed")
    def _round(self, value: float | None) -> float | None:
        return None if value is None else round(value, 2)


@dataclass(frozen=True, slots=True)
class LiveProgress:
    """How far a running attempt is: percent 0 to 99.9, seconds remaining, bytes written."""

    task_id: int
    epoch: Epoch
    percent: float
    remaining: float | None = None
    fps: float | None = None
    speed: float | None = None
    size: int | None = None
    frame: int | None = None

    def to_row(self) -> list[float | int | None]:
        """The short form that notifications and heartbeats carry."""
        return [
            self.task_id,
            self.epoch,
            round(self.percent, 2),
            None if self.remaining is None else round(self.remaining, 1),
            None if self.fps is None else round(self.fps, 2),
            None if self.speed is None else round(self.speed, 3),
            self.size,
            self.frame,
        ]

    @classmethod
    def from_row(cls, row: list[Any]) -> "LiveProgress":
        """The inverse of `to_row`."""
        return cls(*row)


@dataclass(frozen=True, slots=True)
class Claim:
    """A task that this node was given, and the epoch that every later write must name."""

    id: int
    uuid: UUID
    epoch: Epoch
    priority: int
    name: str
    attempts: int
    spec: TaskSpec
    publishing: Mapping[str, Any] | None = None
    """What an earlier attempt was allowed to move into place before its node died: finish that, do not encode."""


@dataclass(frozen=True, slots=True)
class LogChunk:
    """Some lines of a task's log, of one attempt."""

    epoch: Epoch
    at: datetime
    lines: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended: status, percent, one plain sentence for an error, and facts about the result."""

    status: TaskStatus
    progress: float
    error: str | None
    result: Mapping[str, Any]
