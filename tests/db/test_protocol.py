"""The protocol in every order: simulated nodes and people drive the real SQL, invariants hold after each step.

A longer run, by hand: FFMATE_MODEL_EXAMPLES=2000 python -m pytest tests/db/test_protocol.py
"""

import asyncio
import os

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
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
from tests.db.protocol import ACTIVE, Cluster, Sim

pytestmark = pytest.mark.db

EXAMPLES = int(os.environ.get("FFMATE_MODEL_EXAMPLES", "150"))
NODE = st.integers(0, 2)
PICK = st.integers(0, 1000)
WRITES = st.sampled_from(
    ["encode", "publish", "output", "log", "give_back", "delete", "finish", "finish", "cancelled"]
)
WORDS = st.sampled_from(["cancel", "pause", "resume", "restart", "delete"])


class Protocol(RuleBasedStateMachine):
    """Rules are steps of the cluster; `_before` is what every task was after the last one."""

    cluster: Cluster

    def __init__(self) -> None:
        super().__init__()
        self._cluster = self.cluster
        self._cluster.begin()
        self._before: dict[int, asyncpg.Record] = {}
        self._deleted: set[int] = set()
        self._cancelled: set[int] = set()
        self._permitted: dict[tuple[int, int], int] = {}

    def _rows(self) -> dict[int, asyncpg.Record]:
        return self._cluster.run(self._cluster.rows())

    def _sim(self, number: int) -> Sim:
        return self._cluster.sims[number]

    @initialize(priorities=st.lists(st.integers(0, 2), min_size=1, max_size=3))
    def begin(self, priorities: list[int]) -> None:
        for priority in priorities:
            self.submit(priority, ())

    @rule(priority=st.integers(0, 2), labels=st.sampled_from([(), (), ("gpu",), ("tape",)]))
    def submit(self, priority: int, labels: tuple[str, ...]) -> None:
        self._cluster.run(self._cluster.submit(priority, labels))

    @rule(node=NODE, slots=st.integers(1, 3), answered=st.booleans())
    def claim(self, node: int, slots: int, answered: bool) -> None:
        sim, before = self._sim(node), self._rows()
        good = self._cluster.run(self._cluster.is_good(sim))
        claimed = self._cluster.run(self._cluster.claim(sim, slots))
        assert good or not claimed, "a node without a good lease was given work"
        for claim in claimed:
            row = before[claim.id]
            assert (row["status"], row["desired"]) == ("QUEUED", "run")
            assert set(row["labels"]) <= set(sim.labels)
            assert claim.epoch == row["epoch"] + 1
            assert claim.id not in self._cancelled, "a cancelled task runs again"
        if not answered:
            sim.held = [(node_id, claim) for node_id, claim in sim.held if claim not in claimed]

    @precondition(lambda self: any(sim.held for sim in self._cluster.sims))
    @rule(pick=PICK, kind=WRITES, again=st.booleans())
    def write(self, pick: int, kind: str, again: bool) -> None:
        """Under a claim that a node holds or believes to hold; sometimes twice, as when the reply was lost."""
        held = [(sim, *entry) for sim in self._cluster.sims for entry in sim.held]
        self._write(*held[pick % len(held)], kind, again)

    @precondition(lambda self: any(sim.stale for sim in self._cluster.sims))
    @rule(pick=PICK, kind=WRITES)
    def write_late(self, pick: int, kind: str) -> None:
        """Under any claim that there ever was: the write of a frozen node that woke up."""
        stale = [(sim, *entry) for sim in self._cluster.sims for entry in sim.stale]
        self._write(*stale[pick % len(stale)], kind, False)

    def _write(self, sim: Sim, node_id: int, claim: Claim, kind: str, again: bool) -> None:
        for _ in range(1 + again):
            row = self._rows().get(claim.id)
            holds = (
                row is not None
                and row["status"] in ACTIVE
                and (row["epoch"], row["node_id"]) == (claim.epoch, node_id)
            )
            accepted = self._cluster.run(self._cluster.write(sim, node_id, claim, kind))
            self._check_write(kind, row, holds, accepted, node_id, claim)
            if accepted and kind == "delete":
                self._deleted.add(claim.id)

    def _check_write(
        self, kind: str, row: "asyncpg.Record | None", holds: bool, accepted: bool, node_id: int, claim: Claim
    ) -> None:
        if not holds:
            ended = row is not None and row["node_id"] == node_id and row["status"].startswith("DONE")
            again = (
                row is not None and row["node_id"] == node_id and kind == "give_back"
            )  # claimed anew by itself
            assert not accepted or again or (ended and kind in ("finish", "cancelled", "log", "delete")), (
                "a zombie wrote"
            )
            return
        assert row is not None
        if kind == "publish":
            alive = row["owner"] in ("online", "draining") and row["leased"]
            assert accepted == (alive and row["desired"] in ("run", "pause"))
            if accepted:
                key = (row["id"], row["epoch"])
                assert self._permitted.setdefault(key, node_id) == node_id, "two may publish under one epoch"
        elif kind == "delete":
            assert accepted == (row["desired"] == "delete")
        elif kind != "give_back":
            assert accepted

    @rule(node=NODE)
    def beat(self, node: int) -> None:
        sim, before = self._sim(node), self._rows()
        held = {claim.id: claim.epoch for _, claim in sim.held}
        self._cluster.run(self._cluster.beat(sim))
        for task, row in self._rows().items():
            if before[task]["status"] == "QUEUED" and row["status"] in ACTIVE:  # taken back
                assert task in held
                assert row["epoch"] in (before[task]["epoch"] + 1, held[task] + 1)
                assert task not in self._cancelled

    @rule(node=NODE)
    def expire(self, node: int) -> None:
        self._cluster.run(self._cluster.expire(self._sim(node)))

    @precondition(lambda self: any(sim.held for sim in self._cluster.sims))
    @rule(node=NODE)
    def lose(self, node: int) -> None:
        """A node sleeps and another one takes it for dead."""
        self.expire(node)
        self.sweep((node + 1) % 3)

    @rule(node=NODE)
    def die(self, node: int) -> None:
        self._cluster.run(self._cluster.die(self._sim(node)))

    @precondition(lambda self: any(sim.connection is None for sim in self._cluster.sims))
    @rule(node=NODE)
    def start(self, node: int) -> None:
        self._cluster.run(self._cluster.start(self._sim(node)))

    @rule(node=NODE)
    def leave(self, node: int) -> None:
        self._cluster.run(self._cluster.leave(self._sim(node)))

    @rule()
    def recover(self) -> None:
        """Everybody is back: whoever is dead starts again, all beat, all take work."""
        for node in range(3):
            self.start(node)
            self.beat(node)
            self.claim(node, 1, True)

    @rule(node=NODE)
    def drain(self, node: int) -> None:
        self._cluster.run(self._cluster.drain(self._sim(node)))

    @rule()
    def forget(self) -> None:
        self._cluster.run(self._cluster.forget())

    @rule(node=NODE)
    def sweep(self, node: int) -> None:
        """By whoever it is, even a node that is itself late: afterwards nobody waits for the dead."""
        sim = self._sim(node)
        self._cluster.run(self._cluster.sweep(sim))
        for row in self._rows().values():
            if row["status"] in ACTIVE:
                assert row["owner"] in ("online", "draining")
                assert row["leased"] or row["node_id"] == sim.id

    @rule(pick=PICK, word=WORDS)
    def command(self, pick: int, word: str) -> None:
        rows = list(self._rows().values())
        if not rows:
            return
        row = rows[pick % len(rows)]
        accepted = self._cluster.run(self._cluster.command(row["uuid"], word))
        if word == "delete":
            assert accepted
            self._deleted.add(row["id"])
        elif word == "restart":
            assert accepted == row["status"].startswith("DONE")
            if accepted:
                self._cancelled.discard(row["id"])
        elif word == "cancel":
            assert accepted != row["status"].startswith("DONE")
            if accepted:
                self._cancelled.add(row["id"])

    @invariant()
    def nothing_is_lost_and_nothing_goes_back(self) -> None:
        rows = self._rows()
        for task, old in self._before.items():
            row = rows.get(task)
            if row is None:
                assert task in self._deleted, "a task vanished"
                continue
            assert row["epoch"] >= old["epoch"], "an epoch fell"
            changed = any(
                row[key] != old[key] for key in ("status", "phase", "desired", "epoch", "node_id", "losses")
            )
            assert row["version"] > old["version"] or (row["version"] == old["version"] and not changed)
            if row["node_id"] != old["node_id"] and row["node_id"] is not None:
                assert row["epoch"] > old["epoch"], "a new holder under an old epoch"
        for row in rows.values():
            if row["status"] in ACTIVE:
                assert row["node_id"] is not None
            if row["status"] == "QUEUED":
                assert row["node_id"] is None
                assert row["desired"] in ("run", "pause")
            if row["status"].startswith("DONE"):
                assert row["desired"] in ("run", "delete", "pause")
            assert row["losses"] <= MAX_LOSSES
        self._before = rows


def _play(uri: str) -> None:
    class Here(Protocol):
        cluster = Cluster(uri)

    try:
        run_state_machine_as_test(
            Here,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=60,
                deadline=None,
                derandomize="FFMATE_MODEL_EXAMPLES" not in os.environ,
                database=None,
                print_blob=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        Here.cluster.close()


async def test_the_protocol_holds_in_every_order(database_uri: str) -> None:
    await asyncio.to_thread(_play, database_uri)
