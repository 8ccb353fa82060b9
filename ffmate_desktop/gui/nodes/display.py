"""What cards and table show of a node, and the texts for its health and what comes next."""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from PySide6.QtCore import QCoreApplication

from ffmate_desktop.domain.encode_priority import EncodePriority
from ffmate_desktop.domain.node import Node, NodeState, NodeTask, short_version, state_word
from ffmate_desktop.gui.widgets import formatting

translate = QCoreApplication.translate


class NodeHealth(StrEnum):
    """The state of a node as people see it."""

    ONLINE = "online"
    PAUSED = "paused"
    DRAINING = "draining"
    LATE = "late"
    LOST = "lost"
    LEFT = "left"
    UNKNOWN = "unknown"
    """A state from a newer release; `Node.status` holds its name."""

    @property
    def is_alive(self) -> bool:
        """Whether it is a member of the cluster and its tasks count as running."""
        return self not in (NodeHealth.LOST, NodeHealth.LEFT, NodeHealth.UNKNOWN)


@dataclass(frozen=True, slots=True)
class NodeDisplay:
    """A node at one moment. `age` is seconds since its last heartbeat, `lease_left` seconds until its tasks return to
    the queue. `fps` is None if unknown; `samples` holds one value per second, the latest last. `last_running` is how
    many tasks it ran when this window last saw it alive, None if it never did."""

    node: Node
    health: NodeHealth
    is_here: bool
    age: float
    lease_left: float
    fps: float | None
    samples: tuple[float, ...]
    tasks: tuple[NodeTask, ...]
    last_running: int | None

    @property
    def name(self) -> str:
        return self.node.identifier


def health_of(node: Node) -> NodeHealth:
    """The health of a node when it was read. A silent node is late even if it is paused or draining."""
    match node.state:
        case NodeState.DEAD:
            return NodeHealth.LOST
        case NodeState.LEFT:
            return NodeHealth.LEFT
        case NodeState.UNKNOWN:
            return NodeHealth.UNKNOWN
        case NodeState.ONLINE | NodeState.DRAINING:
            if state_word(NodeState.ONLINE, node.heartbeat_age, node.heartbeat) == "late":
                return NodeHealth.LATE
            if node.state is NodeState.DRAINING:
                return NodeHealth.DRAINING
            return NodeHealth.PAUSED if node.paused else NodeHealth.ONLINE
        case _:
            assert_never(node.state)


HEALTH_STYLES: dict[NodeHealth, tuple[str, str]] = {
    NodeHealth.ONLINE: ("", "done"),
    NodeHealth.PAUSED: ("circle-pause", "paused"),
    NodeHealth.DRAINING: ("log-out", "link"),
    NodeHealth.LATE: ("triangle-alert", "warning"),
    NodeHealth.LOST: ("x", "failed"),
    NodeHealth.LEFT: ("power", "text_3"),
    NodeHealth.UNKNOWN: ("clock", "text_3"),
}
"""Icon (empty: a dot) and color."""

SYSTEMS = {"linux": "Linux", "windows": "Windows", "darwin": "macOS"}


def node_health_text(display: NodeDisplay) -> str:  # noqa: PLR0911 - one case per state
    """The health in one word."""
    match display.health:
        case NodeHealth.ONLINE:
            return translate("nodes", "Online")
        case NodeHealth.PAUSED:
            return translate("nodes", "Paused")
        case NodeHealth.DRAINING:
            return translate("nodes", "Draining")
        case NodeHealth.LATE:
            return translate("nodes", "Late")
        case NodeHealth.LOST:
            return translate("nodes", "Lost")
        case NodeHealth.LEFT:
            return translate("nodes", "Left")
        case NodeHealth.UNKNOWN:
            return display.node.status
        case _:
            assert_never(display.health)


def heartbeat_text(display: NodeDisplay) -> str:
    """When the last heartbeat was."""
    if display.health.is_alive:
        return translate("nodes", "heartbeat {0} ago").format(formatting.duration(int(display.age)))
    return translate("nodes", "last seen {0}").format(formatting.timestamp(display.node.last_seen))


def machine_text(display: NodeDisplay) -> str:
    """System, ffmpeg version, cores and encode priority in one line."""
    node = display.node
    cores = (
        translate("nodes", "1 core")
        if node.cores == 1
        else translate("nodes", "{0} cores").format(node.cores)
    )
    parts = [SYSTEMS.get(node.os, node.os), f"ffmpeg {short_version(node.ffmpeg_version)}", cores]
    return "  ·  ".join([*parts, *_priority(node.encode_priority)])


def _priority(word: str | None) -> list[str]:
    """Empty for a node of an older release; a priority from a newer release is shown as stored."""
    names = {
        EncodePriority.LOW: translate("nodes", "low priority"),
        EncodePriority.NORMAL: translate("nodes", "normal priority"),
    }
    return (
        [] if word is None else [next((text for priority, text in names.items() if priority == word), word)]
    )


def outlook_text(display: NodeDisplay) -> str:  # noqa: PLR0911 - one case per state
    """What the node waits for or does next. Empty if all its slots are in use."""
    count = len(display.tasks)
    match display.health:
        case NodeHealth.LATE:
            return _requeue_text(count, int(display.lease_left))
        case NodeHealth.LOST:
            return _requeued_text(display.last_running)
        case NodeHealth.LEFT:
            return translate("nodes", "Left the cluster")
        case NodeHealth.PAUSED:
            return translate("nodes", "Takes no new tasks")
        case NodeHealth.DRAINING:
            return (
                translate("nodes", "Leaves when these tasks finish")
                if count
                else translate("nodes", "Leaving")
            )
        case NodeHealth.ONLINE:
            return _free_slots_text(display.node.slots, count)
        case NodeHealth.UNKNOWN:
            return ""
        case _:
            assert_never(display.health)


def _requeue_text(count: int, seconds: int) -> str:
    when = formatting.duration(seconds)
    if count == 0:
        return translate("nodes", "Counts as lost in {0}").format(when)
    if count == 1:
        return translate("nodes", "1 task returns to the queue in {0}").format(when)
    return translate("nodes", "{0} tasks return to the queue in {1}").format(count, when)


def _requeued_text(count: int | None) -> str:
    if count is None:
        return translate("nodes", "Its tasks are back in the queue")
    if count == 0:
        return translate("nodes", "No tasks were running")
    if count == 1:
        return translate("nodes", "Its task is back in the queue")
    return translate("nodes", "Its {0} tasks are back in the queue").format(count)


def _free_slots_text(slots: int, count: int) -> str:
    if slots == 0 and count == 0:
        return translate("nodes", "No slots  ·  takes no tasks")
    if count == 0:
        return translate("nodes", "Idle  ·  ready for tasks")
    free = slots - count
    if free <= 0:
        return ""
    return (
        translate("nodes", "1 slot free") if free == 1 else translate("nodes", "{0} slots free").format(free)
    )


def alert_text(display: NodeDisplay) -> tuple[str, str]:
    """Title and text of the banner for a late or lost node."""
    if display.health is NodeHealth.LOST:
        title = translate("nodes", "{0} is lost").format(display.name)
        if display.last_running == 1:
            return title, translate(
                "nodes", "Its running task is back in the queue, and another node will take it."
            )
        if display.last_running:
            text = translate(
                "nodes", "Its {0} running tasks are back in the queue, and other nodes will take them."
            )
            return title, text.format(display.last_running)
        return title, translate("nodes", "No tasks were running. The node rejoins when it is started again.")
    title = translate("nodes", "No heartbeat from {0} for {1}").format(
        display.name, _seconds(int(display.age))
    )
    count, when = len(display.tasks), _seconds(int(display.lease_left))
    if count == 1:
        text = translate(
            "nodes", "Its running task returns to the queue in {0}, and another node will take it."
        ).format(when)
    elif count:
        text = translate(
            "nodes",
            "Its {0} running tasks return to the queue in {1}, and other nodes will take them.",
        ).format(count, when)
    else:
        text = translate(
            "nodes", "It isn't running any tasks. Without a heartbeat, it counts as lost in {0}."
        ).format(when)
    return title, text


def _seconds(count: int) -> str:
    if count >= 120:
        return formatting.duration(count)
    return translate("nodes", "1 second") if count == 1 else translate("nodes", "{0} seconds").format(count)
