"""A node: one running program in the cluster."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import assert_never
from uuid import UUID

from pydantic import Field

from ffmate_desktop.domain.encode_priority import EncodePriority
from ffmate_desktop.domain.status import NodeState
from ffmate_desktop.domain.wire import Wire

__all__ = [
    "Eligibility",
    "Load",
    "Node",
    "NodeFacts",
    "NodeState",
    "NodeTask",
    "Obstacle",
    "eligibility",
    "short_version",
    "state_word",
]


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What a node reports when it joins. `heartbeat` is in seconds; `machine` identifies the computer."""

    identifier: str
    heartbeat: float
    machine: str
    pid: int
    host: str
    os: str
    arch: str
    program: str
    ffmpeg: str
    ffmpeg_version: str
    cores: int
    slots: int
    labels: tuple[str, ...]
    paused: bool = False
    """The node claims no tasks."""
    encode_priority: str = EncodePriority.LOW

    @property
    def lease(self) -> float:
        """Seconds a node counts as alive without a heartbeat: three beats, minus the time a sweep may take."""
        return 2.9 * self.heartbeat


@dataclass(frozen=True, slots=True)
class Load:
    """How busy a computer is, in percent."""

    cpu: float
    memory: float


class NodeTask(Wire):
    """A task that a node runs; `progress` in percent and `remaining` in seconds, as of its last heartbeat."""

    id: int
    uuid: UUID
    name: str
    progress: float = 0.0
    fps: float | None = None
    remaining: float | None = None


class Node(Wire):
    """A node as it is shown, with FFmate's client fields first.

    `last_seen` is in milliseconds since 1970 UTC, `heartbeat_age` in seconds by the database's clock. Without another
    heartbeat, its tasks return to the queue in `lease_left` seconds. `cpu` and `memory` are percentages, `fps` is the
    total of its tasks. `encode_priority` is None for nodes of older releases.
    """

    identifier: str
    session: UUID
    cluster: UUID
    os: str
    arch: str
    version: str
    ffmpeg: str
    last_seen: int

    state: NodeState
    status: str
    heartbeat_age: float
    heartbeat: float
    host: str
    pid: int
    ffmpeg_version: str
    cores: int
    slots: int
    running: int
    labels: list[str]

    id: int
    paused: bool = False
    lease_left: float = 0.0
    cpu: float | None = None
    memory: float | None = None
    encode_priority: str | None = None
    fps: float = 0.0
    tasks: list[NodeTask] = Field(default_factory=list)


class Obstacle(Enum):
    """Why a node can't run a task now."""

    LABELS = auto()
    LEAVING = auto()
    PAUSED = auto()
    NO_SLOTS = auto()


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Whether a node could run a task now, and what is in the way. `missing` are the labels it lacks."""

    identifier: str
    obstacle: Obstacle | None = None
    missing: tuple[str, ...] = ()

    @property
    def can(self) -> bool:
        return self.obstacle is None


def eligibility(labels: Sequence[str], nodes: Sequence[Node]) -> list[Eligibility]:
    """For each live node, whether it could run a task that requires these labels."""
    return [_fitness(labels, node) for node in nodes if node.state in (NodeState.ONLINE, NodeState.DRAINING)]


def _fitness(labels: Sequence[str], node: Node) -> Eligibility:
    missing = tuple(sorted(set(labels) - set(node.labels)))
    name = node.identifier
    if missing:
        return Eligibility(name, Obstacle.LABELS, missing)
    if node.state is NodeState.DRAINING:
        return Eligibility(name, Obstacle.LEAVING)
    if node.paused:
        return Eligibility(name, Obstacle.PAUSED)
    if node.slots == 0:
        return Eligibility(name, Obstacle.NO_SLOTS)
    return Eligibility(name)


def state_word(state: NodeState, beat_age: float, heartbeat: float) -> str:
    """The state in one word: online, late (a heartbeat was missed), draining, left or lost."""
    match state:
        case NodeState.ONLINE:
            return "late" if beat_age > 1.5 * heartbeat else "online"
        case NodeState.DRAINING:
            return "draining"
        case NodeState.LEFT:
            return "left"
        case NodeState.DEAD:
            return "lost"
        case NodeState.UNKNOWN:
            return "unknown"
        case _:
            assert_never(state)


def short_version(version: str) -> str:
    """`9.0.2` for ffmpeg's `n9.0.2-17-g2a571b6068`; a version that doesn't begin with a number is left as it is."""
    number = re.match(r"n?(\d+(?:\.\d+)+)", version)
    return number[1] if number else version
