"""A node: one running program in the cluster."""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from ffmate_desktop.domain.task import Wire


class NodeState(StrEnum):
    """What the database says of a node."""

    ONLINE = "online"
    DRAINING = "draining"
    LEFT = "left"
    DEAD = "dead"


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

    @property
    def lease(self) -> float:
        """Seconds that the node counts as alive without a heartbeat: three beats, less what their sweep may take."""
        return 2.9 * self.heartbeat


class Node(Wire):
    """A node as it is shown: FFmate's client fields first. `last_seen` in milliseconds since 1970 UTC,
    `heartbeat_age` in seconds by the database's clock."""

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


def describe(state: NodeState, beat_age: float, heartbeat: float) -> str:
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
        case _:
            assert_never(state)
