"""The protocol in every order: simulated nodes and people drive the real SQL; after each step answers and rows are
those of the reference, and the invariants hold, which do not trust the reference.

A longer run, by hand: FFMATE_MODEL_EXAMPLES=2000 python -m pytest tests/db/connection/test_protocol.py
Whether it finds defects: python -m tests.db.mutations
"""

import asyncio
import copy
import os
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ffmate_desktop.db.leases import MAX_LOSSES
from ffmate_desktop.domain.task import Claim
from tests.db.connection.protocol import WRITES, Cluster, Sim
from tests.db.reference import Task

pytestmark = pytest.mark.db

T = TypeVar("T")
EXAMPLES = int(os.environ.get("FFMATE_MODEL_EXAMPLES", "26"))
NODE = st.integers(0, 2)
PICK = st.integers(0, 1000)
LABELS = st.sampled_from([(), (), (), (), ("gpu",), ("gpu",), ("tape",)])
WORDS = ("cancel", "pause", "resume", "restart", "delete")
FAULTS = (
    "leave",
    "die",
    "sleep",
    "miss",
    "declare_dead",
    "sweep",
    "strays",
    "forget",
    "drain",
    "save",
    "fail over",
)
EVENTS = ("claim", "recover", "beat", "adopt", "usurp", "time", *WRITES, *WORDS, *FAULTS)
COMPOUND = {
    "kill": ("die", "declare_dead"),
    "vanish": ("leave", "forget"),
    "go home": ("drain", "give_back", "again"),
    "never come home": ("drain", "sleep", "sweep"),
    "oversleep": ("give_back", "sleep", "again"),
    "asleep": ("sleep", "publish"),
    "start over": ("finish", "restart"),
    "clear away": ("log", "finish", "delete"),
    "pass on": ("give_back", "claim", "give_back"),
    "come back and vanish": ("give_back", "again", "leave"),
    "cancelled and gone": ("cancel", "leave"),
    "cancelled in order": ("cancel", "cancelled"),
    "deleted while it is cancelled": ("delete", "cancelled"),
    "cancelled by nobody": ("cancelled", "again"),
    "held back": ("give_back", "pause", "again"),
    "postponed": ("later", "again"),
    "hand over": ("encode", "publish", "give_back", "again"),
    "killed and swept": ("die", "sweep"),
    "refuse and ask again": ("refuse", "again"),
    "refuse and be left alone": ("refuse", "alone", "again"),
    "nobody can": ("refuse", "claim", "refuse", "claim", "refuse", "claim"),
}
DISTURBANCES = (
    *(
        "cancel",
        "delete",
        "restart",
        "pause",
        "finish",
        "encode",
        "publish",
        "before",
        "give_back",
        "claim",
        "recover",
        "refuse",
    ),
    *(
        "leave",
        "leave",
        "die",
        "sleep",
        "sleep",
        "declare_dead",
        "sweep",
        "strays",
        "forget",
        "drain",
        "fail over",
    ),
    *COMPOUND,
)
ENDINGS = ("", "swept", "forgotten")
VOLLEY = (
    *("publish", "after", "adopt", "forge", "adopt", "usurp", "publish", "encode", "output", "log", "finish"),
    *("cancelled", "before"),
    *("output", "forge", "remove", "again", "refuse", "again"),
)


class Protocol(RuleBasedStateMachine):
    """Rules are steps of the cluster; `_before` is what every task was after the last one."""

    cluster: Cluster
    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self._cluster = self.cluster
        self._cluster.begin()
        self._before: dict[int, tuple[int, Task]] = {}
        self._deleted: set[int] = set()
        self._cancelled: set[int] = set()
        self._permitted: dict[tuple[int, int], int] = {}

    def _do(self, step: Coroutine[Any, Any, T]) -> T:
        type(self).steps += 1
        return self._cluster.run(step)

    def _sim(self, number: int) -> Sim:
        return self._cluster.sims[number]

    @initialize(priorities=st.lists(st.integers(0, 2), min_size=1, max_size=3), labels=LABELS)
    def begin(self, priorities: list[int], labels: tuple[str, ...]) -> None:
        for number, priority in enumerate(priorities):
            self._do(self._cluster.submit(priority, labels if number == 0 else ()))

    @precondition(lambda self: len(self._cluster.world.tasks) < 3)
    @rule(priority=st.integers(0, 2), labels=LABELS)
    def submit(self, priority: int, labels: tuple[str, ...]) -> None:
        self._do(self._cluster.submit(priority, labels))

    # Claims

    @rule(node=NODE, slots=st.integers(1, 3), answered=st.sampled_from([True, True, True, False]))
    def claim(self, node: int, slots: int, answered: bool) -> None:
        for task in self._do(self._cluster.claim(self._sim(node), slots, answered=answered)):
            assert task not in self._cancelled, "a cancelled task runs again"

    def _holders(self) -> list[tuple[int, Claim]]:
        """All valid claims, even those that no node knows about."""
        good = []
        for node_id, claim in self._cluster.stale[-60:]:
            if self._cluster.world.held(node_id, claim.id, claim.epoch) is not None:
                good.append((node_id, claim))
        return good

    @precondition(lambda self: self._holders())
    @rule(pick=PICK, kind=st.sampled_from(WRITES), again=st.sampled_from(WRITES))
    def write(self, pick: int, kind: str, again: str) -> None:
        """Write under a valid claim, repeat it as after a lost reply, then try `again`, which comes too late."""
        holders = self._holders()
        node_id, claim = holders[pick % len(holders)]
        for write_kind in (kind, kind, again):
            self._write(node_id, claim, write_kind)

    def _write(self, node_id: int, claim: Claim, kind: str) -> None:
        world = self._cluster.world
        holds = world.held(node_id, claim.id, claim.epoch) is not None
        row = copy.copy(world.tasks.get(claim.id))
        accepted = self._do(self._cluster.write(node_id, claim, kind))
        ended = row is not None and row.node_id == node_id and row.is_done and row.epoch == claim.epoch
        assert holds or kind == "refuse" or not accepted or (ended and kind in (
            "finish", "fail", "cancelled", "log", "remove")), "a zombie wrote"  # fmt: skip
        if accepted and kind == "publish":
            assert claim.id not in self._cancelled
            permitted = self._permitted.setdefault((claim.id, claim.epoch), node_id)
            assert permitted == node_id, "two may publish under one epoch"
        if accepted and kind == "remove":
            self._deleted.add(claim.id)

    @precondition(lambda self: self._holders())
    @rule(pick=PICK, postponed=st.booleans())
    def give_back(self, pick: int, postponed: bool) -> None:
        """A node gives back what it holds and what it does not."""
        holders = self._holders()
        node_id, claim = holders[pick % len(holders)]
        others = {task: row.epoch for task, row in self._cluster.world.tasks.items() if task != claim.id}
        held = {claim.id: claim.epoch, **dict(list(others.items())[:1])}
        self._do(self._cluster.give_back(node_id, held, postponed=postponed))

    # Nodes

    def _beat(self, node: int) -> None:
        self._do(self._cluster.beat(self._sim(node)))

    def _recover(self) -> None:
        """All nodes are back: dead ones start again, and postponed tasks are due."""
        self._do(self._cluster.time_passes())
        for node, sim in enumerate(self._cluster.sims):
            self._do(self._cluster.start(sim))
            self._beat(node)
            if self._cluster.world.nodes[sim.id].state == "draining":
                self._do(self._cluster.leave(sim))
                self._beat(node)

    def _sweep(self, node: int) -> None:
        """Afterwards no task waits for a dead node; but a node that is late or dead itself declares no node dead."""
        sim, world = self._sim(node), self._cluster.world
        alive = {node_id for node_id in world.nodes if world.lives(node_id)}
        judges = world.lives(sim.id) and not world.nodes[sim.id].late
        self._do(self._cluster.sweep(sim))
        assert judges or alive == {node_id for node_id in world.nodes if world.lives(node_id)}
        for task in world.tasks.values():
            if task.is_active and task.node_id != sim.id:
                assert task.node_id is not None
                assert world.may_publish(task.node_id) if judges else world.lives(task.node_id)

    # One task, and what happens to it

    @precondition(lambda self: self._cluster.world.tasks)
    @rule(pick=PICK, node=NODE, events=st.lists(st.sampled_from(EVENTS), min_size=1, max_size=3))
    def events(self, pick: int, node: int, events: list[str]) -> None:
        self._happen(self._pick(pick), node, events)

    @precondition(lambda self: self._cluster.world.tasks)
    @rule(
        pick=PICK,
        owner=NODE,
        other=NODE,
        disturbances=st.lists(st.sampled_from(DISTURBANCES), min_size=1, max_size=4),
        ending=st.sampled_from(["", *ENDINGS]),
    )
    def story(self, pick: int, owner: int, other: int, disturbances: list[str], ending: str) -> None:
        """A task that runs well, disturbances, and then everything that its node may still write, and others too."""
        task = self._pick(pick)
        self._recover()
        if self._cluster.world.tasks[task].is_done:
            self._command(task, "restart")
        self._command(task, "resume")
        if ending == "forgotten":
            self._fate(self._sim(owner), owner, "save")
        self._take(task, owner)
        self._happen(task, other, disturbances)
        if ending == "swept":
            self._happen(task, other, ["strays", "time"])
        elif ending == "forgotten":
            self._happen(task, other, ["fail over"])
        for event in VOLLEY:
            if task in self._cluster.world.tasks:
                self._event(task, other, event)
        self._beat(other)

    def _take(self, task: int, node: int) -> None:
        """The node, or another one, gets the task after all more urgent ones."""
        for number in (node, node, node, (node + 1) % 3, (node + 2) % 3):
            if task in self._cluster.world.tasks and self._cluster.world.tasks[task].status == "QUEUED":
                self.claim(number, 3, True)

    def _pick(self, number: int) -> int:
        return sorted(self._cluster.world.tasks)[number % len(self._cluster.world.tasks)]

    def _happen(self, task: int, node: int, events: Sequence[str]) -> None:
        for event in events:
            for step in COMPOUND.get(event, (event,)):
                if task in self._cluster.world.tasks:
                    self._event(task, node, step)
                    self.the_rows_are_right()

    def _event(self, task: int, node: int, event: str) -> None:
        """An event for a task or for its last node (`node` if it had none); `node` is another node."""
        cluster = self._cluster
        entries = [entry for entry in cluster.stale if entry[1].id == task][-3:]
        holder = next(
            (n for n, sim in enumerate(cluster.sims) if entries and entries[-1][0] in sim.past), node
        )
        sim, other = self._sim(holder), self._sim(node)
        match event:
            case _ if event in WORDS:
                self._command(task, event)
            case _ if event in WRITES:
                for node_id, claim in entries:
                    self._write(node_id, claim, event)
            case "forge":
                self._forge(task, other)
            case "claim" | "again":
                self._take(task, node if event == "claim" else holder)
            case "later":
                for node_id, claim in entries[-1:]:
                    self._do(cluster.give_back(node_id, {task: claim.epoch}, postponed=True))
            case "recover":
                self._recover()
            case "beat":
                self._beat(holder)
            case "adopt" | "usurp":
                for node_id, claim in entries:
                    held = [(task, claim.epoch, node_id, claim.uuid)]
                    self._do(cluster.adopt(sim if event == "adopt" else other, held))
            case _:
                self._fate(sim, holder, event)

    def _forge(self, task_id: int, other: Sim) -> None:
        """The epoch of the claim with another incarnation, and the other way round, as after a failover."""
        like = next((claim for _, claim in self._cluster.stale if claim.id == task_id), None)
        task = self._cluster.world.tasks[task_id]
        if like is None:
            return
        for kind in WRITES:
            self._write(other.id if other.id != task.node_id else 1, replace(like, epoch=task.epoch), kind)
            self._write(task.node_id or other.id, replace(like, epoch=task.epoch - 1), kind)
            if task_id not in self._cluster.world.tasks:
                return
        self._do(self._cluster.adopt(other, [(task_id, task.epoch, 1, task.uuid)]))

    def _fate(self, sim: Sim, number: int, event: str) -> None:
        cluster = self._cluster
        steps: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "leave": lambda: cluster.leave(sim, in_order=False),
            "sleep": lambda: cluster.fall_behind(sim, 4.0),
            "miss": lambda: cluster.fall_behind(sim, 1.5),
            "declare_dead": lambda: cluster.declare_dead(self._sim((number + 1) % 3)),
            "strays": cluster.requeue_strays,
            "time": cluster.time_passes,
            "forget": cluster.forget,
            "drain": lambda: cluster.drain(sim),
            "save": cluster.save,
        }
        match event:
            case "alone":
                for other in cluster.sims:
                    if other is not sim:
                        self._do(cluster.leave(other))
            case "die":
                self._do(cluster.die(sim))
                self._do(cluster.fall_behind(sim, 1.5))
            case "sweep":
                self._sweep(number)
                self._sweep((number + 1) % 3)
            case "fail over":
                self._fail_over()
            case _:
                self._do(steps[event]())
        if event == "save":
            self._saved = (copy.deepcopy(self._before), set(self._deleted), set(self._cancelled))

    def _fail_over(self) -> None:
        """Epochs may come again; incarnations do not."""
        if self._do(self._cluster.fail_over()):
            before, deleted, cancelled = self._saved
            self._before, self._deleted, self._cancelled = copy.deepcopy(before), set(deleted), set(cancelled)
            self._permitted.clear()

    def _command(self, task_id: int, word: str) -> None:
        accepted = self._do(self._cluster.command(task_id, word))
        if word == "delete":
            assert accepted
            self._deleted.add(task_id)
        elif word == "restart" and accepted:
            self._cancelled.discard(task_id)
        elif word == "cancel" and accepted:
            self._cancelled.add(task_id)

    @invariant()
    def the_rows_are_right(self) -> None:
        self._cluster.run(self._cluster.compare())
        self._nothing_is_lost_and_nothing_goes_back()

    def _nothing_is_lost_and_nothing_goes_back(self) -> None:
        rows, versions = self._cluster.world.tasks, self._cluster.versions
        for task_id, (version, old) in self._before.items():
            task = rows.get(task_id)
            if task is None:
                assert task_id in self._deleted, "a task vanished"
                continue
            assert task.epoch >= old.epoch, "an epoch fell"
            assert versions[task_id] > version or (versions[task_id] == version and task == old)
            if task.node_id != old.node_id and task.node_id is not None:
                assert task.epoch > old.epoch, "a new holder under an old epoch"
        for task in rows.values():
            assert (task.node_id is not None) or not task.is_active
            if task.status == "QUEUED":
                assert task.node_id is None
                assert task.desired in ("run", "pause")
            if task.is_done:
                assert task.desired in ("run", "delete", "pause")
            assert task.losses <= MAX_LOSSES
        self._before = {task_id: (versions[task_id], copy.copy(task)) for task_id, task in rows.items()}


def tell(machine: type[Protocol]) -> None:
    """Every story of one disturbance, which chance might leave out; raises what goes wrong first."""
    for disturbance in dict.fromkeys(DISTURBANCES):
        for ending in ENDINGS:
            forgetful = machine()
            forgetful.begin(priorities=[1, 0], labels=("gpu",))
            forgetful.story(pick=0, owner=0, other=1, disturbances=[disturbance], ending=ending)
            forgetful.the_rows_are_right()


def play(machine: type[Protocol], *, examples: int = EXAMPLES, shrink: bool = True) -> None:
    """Run the model; raises what went wrong first."""
    phases = [Phase.generate, Phase.shrink] if shrink else [Phase.generate]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            derandomize="FFMATE_MODEL_EXAMPLES" not in os.environ,
            database=None,
            print_blob=True,
            phases=phases,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


@contextmanager
def protocol(uri: str) -> Iterator[type[Protocol]]:
    """The model on this database."""

    class Here(Protocol):
        cluster = Cluster(uri)

    try:
        yield Here
    finally:
        Here.cluster.close()


def _with(uri: str, check: Callable[[type[Protocol]], None]) -> None:
    with protocol(uri) as machine:
        check(machine)


async def test_the_protocol_holds_in_every_story(database_uri: str) -> None:
    await asyncio.to_thread(_with, database_uri, tell)


async def test_the_protocol_holds_in_every_order(database_uri: str) -> None:
    await asyncio.to_thread(_with, database_uri, play)
