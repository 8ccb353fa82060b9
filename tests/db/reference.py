"""What every statement of the protocol must do, in plain Python: how the rows must be, which answers must come.

One statement at a time, and time only as far as it matters: a lease is good or not, a beat was missed or not, a task
is postponed or not. `tests/db/connection/protocol.py` takes each step here and on the real server, and compares.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ffmate_desktop.db.leases import MAX_LOSSES, Beat, Held

ACTIVE = ("PRE_PROCESSING", "RUNNING", "POST_PROCESSING")
LIVE = ("online", "draining")


@dataclass
class Task:
    """A row of `tasks`."""

    uuid: UUID
    priority: int
    labels: tuple[str, ...]
    status: str = "QUEUED"
    phase: str = ""
    desired: str = "run"
    epoch: int = 0
    node_id: int | None = None
    node_name: str | None = None
    attempts: int = 0
    losses: int = 0
    postponed: bool = False
    progress: float = 0
    output_key: str | None = None
    error: str | None = None
    result: dict[str, Any] | None = None
    publishing: dict[str, Any] | None = None
    refused: dict[str, list[str]] = field(default_factory=dict)
    started: bool = False
    finished: bool = False

    @property
    def is_active(self) -> bool:
        """A node holds it, or died while it did."""
        return self.status in ACTIVE

    @property
    def is_done(self) -> bool:
        """Only a restart leaves this status."""
        return self.status.startswith("DONE")

    def end(self, status: str) -> None:
        """No node runs it any more. Of the desired states, only a deletion remains."""
        self.status, self.phase, self.finished = status, "", status.startswith("DONE")
        if self.desired == "cancel":
            self.desired = "run"

    def loosen(self, status: str) -> None:
        """The claim ends. Nothing that its holder does after that counts."""
        self.end("DONE_CANCELED" if self.desired in ("cancel", "delete") else status)
        self.epoch, self.node_id, self.progress = self.epoch + 1, None, 0


@dataclass
class Node:
    """A row of `nodes`: one incarnation."""

    name: str
    labels: tuple[str, ...]
    state: str = "online"
    leased: bool = True
    late: bool = False

    @property
    def is_live(self) -> bool:
        """It has not left and was not declared dead."""
        return self.state in LIVE


@dataclass
class World:
    """The whole database."""

    tasks: dict[int, Task] = field(default_factory=dict)
    nodes: dict[int, Node] = field(default_factory=dict)
    logs: set[tuple[int, int, int]] = field(default_factory=set)
    """(task, epoch, sequence)."""
    leftovers: dict[tuple[UUID, int], tuple[str | None, list[str]]] = field(default_factory=dict)
    """(task, epoch): machine and folders."""
    locks: set[int] = field(default_factory=set)
    """Incarnations whose session lock is held."""

    # Nodes

    def lives(self, node_id: int | None) -> bool:
        """Whether this incarnation is one of the living."""
        return node_id in self.nodes and self.nodes[node_id].is_live

    def may_publish(self, node_id: int) -> bool:
        """Alive and on a good lease."""
        return self.lives(node_id) and self.nodes[node_id].leased

    def may_claim(self, node_id: int) -> bool:
        """That, and not on its way home."""
        return self.may_publish(node_id) and self.nodes[node_id].state == "online"

    def join(self, node_id: int, name: str, labels: tuple[str, ...]) -> int:
        """Add a new incarnation; returns how many tasks of its dead predecessor were requeued."""
        predecessors = [node for node in self.nodes.values() if node.name == name and node.is_live]
        for node in predecessors:
            node.state = "dead"
        moved = self.requeue_strays() if predecessors else []
        self.nodes[node_id] = Node(name, labels)
        self.locks.add(node_id)
        return len(moved)

    def beat(self, node_id: int) -> Beat:
        """Renew the lease, unless the node was declared dead."""
        node, live = self.nodes.get(node_id), self.lives(node_id)
        others = [other for other_id, other in self.nodes.items() if other_id != node_id]
        if live and node is not None:
            node.leased, node.late = True, False
        return Beat(
            state=node.state if live and node is not None else None,
            work=any(live and self._fits(task, node_id) for task in self.tasks.values()),
            mine={
                task_id: (task.epoch, task.desired)  # type: ignore[misc]  # the model knows words only as text
                for task_id, task in self.tasks.items()
                if task.is_active and task.node_id == node_id
            },
            late=any(other.is_live and other.late for other in others),
            stray=any(task.is_active and not self.lives(task.node_id) for task in self.tasks.values()),
            leftovers=bool(self.leftovers),
        )

    def declare_late_dead(self, node_id: int) -> set[str]:
        """Late nodes whose lease expired or whose session lock is free are dead. A late node declares none dead."""
        if not self.lives(node_id) or self.nodes[node_id].late:
            return set()
        dead = {
            other: node
            for other, node in self.nodes.items()
            if other != node_id
            and node.is_live
            and (not node.leased or (node.late and other not in self.locks))
        }
        for node in dead.values():
            node.state = "dead"
        return {node.name for node in dead.values()}

    def requeue_strays(self) -> list[tuple[UUID, str, str | None]]:
        """Requeue tasks without a live owner: (task, new status, last node)."""
        moved = []
        for task_id, task in list(self.tasks.items()):
            if not task.is_active or self.lives(task.node_id):
                continue
            place = [node.name for node in self.nodes.values() if node.name == task.node_name]
            folders = (task.result or {}).get("folders", ["/"])
            self.leftovers.setdefault(
                (task.uuid, task.epoch), (f"machine of {place[0]}" if place else None, folders)
            )
            task.postponed = task.losses > 0
            task.losses += 1
            given_up = task.losses >= MAX_LOSSES
            task.error = None
            if given_up and task.desired not in ("cancel", "delete"):
                task.error = (
                    f"{task.losses} nodes were lost while they worked on this task; "
                    f"the last one was {task.node_name}."
                )
            task.loosen("DONE_ERROR" if given_up else "QUEUED")
            moved.append((task.uuid, task.status, task.node_name))
            if task.desired == "delete":
                self._remove(task_id)
        return moved

    def leave(self, node_id: int) -> None:
        """In order."""
        if self.lives(node_id):
            self.nodes[node_id].state, self.nodes[node_id].leased = "left", False

    def drain(self, name: str) -> None:
        """It is sent home."""
        for node in self.nodes.values():
            if node.name == name and node.is_live:
                node.state = "draining"

    def forget_nodes(self) -> None:
        """Forget ended nodes."""
        self.nodes = {node_id: node for node_id, node in self.nodes.items() if node.is_live}

    def leftovers_of_ended(self) -> set[tuple[UUID, int]]:
        """Leftovers of tasks that no node will continue."""
        unfinished = {task.uuid for task in self.tasks.values() if not task.is_done}
        return {key for key in self.leftovers if key[0] not in unfinished}

    def forget_leftovers(self, uuids: Iterable[UUID]) -> None:
        """They were removed."""
        gone = set(uuids)
        self.leftovers = {key: leftover for key, leftover in self.leftovers.items() if key[0] not in gone}

    # Claims and what follows them

    def eligible(self, node_id: int) -> list[int]:
        """What the node may be given, in the order in which it must be given."""
        if not self.may_claim(node_id):
            return []
        fitting = [
            (-task.priority, task_id)
            for task_id, task in self.tasks.items()
            if self._fits(task, node_id) and (str(node_id) not in task.refused or not self._untried(task))
        ]
        return [task_id for _, task_id in sorted(fitting)]

    def _untried(self, task: Task) -> set[int]:
        """Nodes that could run the task and have not refused it."""
        return {
            node_id
            for node_id, node in self.nodes.items()
            if self.may_claim(node_id)
            and set(task.labels) <= set(node.labels)
            and str(node_id) not in task.refused
        }

    def _fits(self, task: Task, node_id: int) -> bool:
        waits = (task.status, task.desired, task.postponed) == ("QUEUED", "run", False)
        return waits and set(task.labels) <= set(self.nodes[node_id].labels)

    def claim(self, node_id: int, task_id: int) -> Task:
        """One task is given."""
        task = self.tasks[task_id]
        task.status, task.phase, task.node_id = "RUNNING", "encode", node_id
        task.node_name = self.nodes[node_id].name
        task.epoch, task.attempts, task.progress = task.epoch + 1, task.attempts + 1, 0
        task.error = task.result = None
        task.postponed, task.started, task.finished = False, True, False
        return task

    def held(self, node_id: int, task_id: int, epoch: int) -> Task | None:
        """The task, when exactly this claim holds it."""
        task = self.tasks.get(task_id)
        if task is None or not task.is_active or (task.epoch, task.node_id) != (epoch, node_id):
            return None
        return task

    def set_phase(
        self, node_id: int, task_id: int, epoch: int, phase: str, facts: Mapping[str, Any], record: Any
    ) -> str | None:
        """What is wanted of the task, None when the write is refused."""
        task = self.held(node_id, task_id, epoch)
        if task is None:
            return None
        if phase == "publish" and (task.desired not in ("run", "pause") or not self.may_publish(node_id)):
            return None
        task.phase = phase
        task.result = (task.result or {}) | dict(facts)
        task.publishing = task.publishing if record is None else record
        return task.desired

    def enter_stage(
        self, node_id: int, task_id: int, epoch: int, status: str, facts: Mapping[str, Any], record: Any
    ) -> str | None:
        """What is wanted of the task, None when its script may not run."""
        task = self.held(node_id, task_id, epoch)
        if task is None or task.desired not in ("run", "pause") or not self.may_publish(node_id):
            return None
        task.status, task.phase = status, ""
        task.result = (task.result or {}) | dict(facts)
        if record is not None:
            task.publishing = (task.publishing or {}) | record
        return task.desired

    def set_output(self, node_id: int, task_id: int, epoch: int, key: str) -> bool:
        """Whether the holder reserved it."""
        task = self.held(node_id, task_id, epoch)
        if task is not None:
            task.output_key = key
        return task is not None

    def finish(
        self,
        node_id: int,
        task_id: int,
        epoch: int,
        status: str,
        error: str | None,
        result: Mapping[str, Any],
    ) -> str | None:
        """What is still wanted of it, None when the claim is lost; a repetition is answered as the first was."""
        task = self.held(node_id, task_id, epoch)
        if task is None:
            task = self.tasks.get(task_id)
            is_same_stage = task is not None and (task.epoch, task.node_id, task.status) == (
                epoch,
                node_id,
                status,
            )
            return task.desired if is_same_stage and task is not None else None
        if status == "DONE_CANCELED" and task.desired not in ("cancel", "delete"):
            return None
        task.end(status)
        task.desired = task.desired if task.desired == "delete" else "run"
        task.error, task.progress, task.publishing = error, 100, None
        task.result = (task.result or {}) | dict(result)
        return task.desired

    def adopt(self, node_id: int, held: Sequence[Held]) -> dict[int, tuple[int, str]]:
        """What it takes back: new epoch and what is wanted."""
        adopted = {}
        for task_id, epoch, holder, uuid in held:
            task = self.tasks.get(task_id)
            if (
                task is None
                or task.uuid != uuid
                or task.desired not in ("run", "pause")
                or not self.may_publish(node_id)
            ):
                continue
            waits = task.status == "QUEUED" and task.epoch <= epoch + 1
            if not waits and (self.held(holder, task_id, epoch) is None or self.lives(holder)):
                continue
            task.losses = max(task.losses - (task.status == "QUEUED"), 0)
            task.status, task.phase, task.node_id = "RUNNING", "encode", node_id
            task.node_name = self.nodes[node_id].name
            task.epoch = max(task.epoch, epoch) + 1
            task.postponed, task.error, task.started = False, None, True
            adopted[task_id] = (task.epoch, task.desired)
            self.forget_leftovers([task.uuid])
        return adopted

    def give_back(self, node_id: int, held: Mapping[int, int] | None, *, postponed: bool = False) -> set[int]:
        """What it gave back: what it has of these ids and epochs, or all that it has."""
        if held is None:
            held = {task_id: task.epoch for task_id, task in self.tasks.items()}
        returned = set()
        for task_id, epoch in held.items():
            task = self.held(node_id, task_id, epoch)
            if task is None:
                continue
            task.loosen("QUEUED")
            task.started, task.postponed = False, postponed
            returned.add(task_id)
            if task.desired == "delete":
                self._remove(task_id)
        return returned

    def refuse(self, node_id: int, task_id: int, epoch: int, why: str, most: int) -> tuple[bool, set[str]]:
        """Whether others may try, and who could not."""
        task = self.tasks.get(task_id)
        if task is None:
            return False, set()
        others = {other: name for other, (name, _) in task.refused.items() if other != str(node_id)}
        if self.held(node_id, task_id, epoch) is None:  # perhaps asked again
            return task.epoch > epoch and str(node_id) in task.refused, set(others.values())
        is_last = len(others) + 1 >= most or not self._untried(task) - {node_id}
        if is_last or task.desired not in ("run", "pause"):
            return False, set(others.values())
        task.refused = task.refused | {str(node_id): [str(task.node_name), why]}
        task.loosen("QUEUED")
        task.started = False
        return True, set(others.values())

    def delete_claimed(self, node_id: int, task_id: int, epoch: int) -> bool:
        """Whether its last holder removed it."""
        task = self.tasks.get(task_id)
        if task is None or (task.epoch, task.node_id, task.desired) != (epoch, node_id, "delete"):
            return False
        self._remove(task_id)
        return True

    def append_log(self, node_id: int, task_id: int, epoch: int, seq: int) -> None:
        """The last holder may still send lines when the task has ended."""
        task = self.tasks.get(task_id)
        if task is not None and (task.epoch, task.node_id) == (epoch, node_id):
            self.logs.add((task_id, epoch, seq))

    def _remove(self, task_id: int) -> None:
        del self.tasks[task_id]
        self.logs = {line for line in self.logs if line[0] != task_id}

    # People

    def command(self, task_id: int, word: str) -> bool:
        """Whether the command did something."""
        task = self.tasks[task_id]
        match word:
            case "cancel" if task.status == "QUEUED":
                task.status, task.desired, task.finished = "DONE_CANCELED", "run", True
                task.epoch += 1
            case "cancel" if task.is_active:
                task.desired = "delete" if task.desired == "delete" else "cancel"
            case "pause" | "resume" if not task.is_done and task.desired in ("run", "pause"):
                task.desired = "pause" if word == "pause" else "run"
            case "restart" if task.is_done:
                restarted = Task(task.uuid, task.priority, task.labels, epoch=task.epoch + 2)
                restarted.output_key = task.output_key
                self.tasks[task_id] = restarted
            case "delete" if task.is_active:
                task.desired = "delete"
            case "delete":
                self._remove(task_id)
            case _:
                return False
        return True
