"""A node: one running program in the cluster."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never
from uuid import UUID

from pydantic import Field

from ffmate_desktop.domain.encode_priority import EncodePriority
from ffmate_desktop.domain.status import NodeState
from ffmate_desktop.domain.wire import Wire

__all__ = ["Eligibility", "Load", "Node", "NodeFacts", "NodeState", "NodeTask", "eligibility", "state_word"]


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What a node tells of itself when it joins. `heartbeat` in seconds; `machine` tells computers apart."""

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
    """Claims nothing for now."""
    encode_priority: str = EncodePriority.LOW

    @property
    def lease(self) -> float:
        """Seconds that the node counts as alive without a heartbeat: three beats, less what their sweep may take."""
        return 2.9 * self.heartbeat


@dataclass(frozen=True, slots=True)
class Load:
    """How busy a computer is, in percent of the whole."""

    cpu: float
    memory: float


class NodeTask(Wire):
    """What a node runs; `progress` in percent, `remaining` in seconds, as of its last heartbeat."""

    id: int
    uuid: UUID
    name: str
    progress: float = 0.0
    fps: float | None = None
    remaining: float | None = None


class Node(Wire):
    """A node as it is shown: FFmate's client fields first. `last_seen` in milliseconds since 1970 UTC,
    `encode_priority` as the node says it, None for one of an older release;
    `heartbeat_age` in seconds by the database's clock; its tasks go back to the queue in `lease_left` seconds if
    nothing is heard of it. `cpu` and `memory` in percent of the computer, `fps` frames/s of all it runs."""

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


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Whether a node could run a task now, and otherwise why not: a sentence, and the labels that it lacks."""

    identifier: str
    can: bool
    missing: tuple[str, ...] = ()
    reason: str = ""


def eligibility(labels: Sequence[str], nodes: Sequence[Node]) -> list[Eligibility]:
    """For each node that is there: could it run a task that requires these labels?"""
    return [_fitness(labels, node) for node in nodes if node.state in (NodeState.ONLINE, NodeState.DRAINING)]


def _fitness(labels: Sequence[str], node: Node) -> Eligibility:
    missing = tuple(sorted(set(labels) - set(node.labels)))
    name = node.identifier
    if missing:
        return Eligibility(name, False, missing, f"{name} lacks {', '.join(missing)}.")
    if node.state is NodeState.DRAINING:
        return Eligibility(name, False, reason=f"{name} finishes what it runs, then leaves.")
    if node.paused:
        return Eligibility(name, False, reason=f"{name} is paused.")
    if node.slots == 0:
        return Eligibility(name, False, reason=f"{name} has no slots.")
    return Eligibility(name, True)


def state_word(state: NodeState, beat_age: float, heartbeat: float) -> str:
    """One word for people: online, late (a beat was missed), draining, left, lost."""
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
