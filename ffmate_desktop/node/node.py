"""A cluster node: joins, keeps its duties alive, and leaves in order. The duties are in the files beside this one."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ffmate_desktop import logs
from ffmate_desktop.db import claims, leases, nodes
from ffmate_desktop.db.connection import CONNECTION_LOST, Database
from ffmate_desktop.db.leases import Beat, Held
from ffmate_desktop.domain.change import AnythingChanged, Change, NodeChanged, TasksChanged
from ffmate_desktop.domain.node import NodeFacts, NodeState
from ffmate_desktop.domain.task import Claim, Desired, Epoch, LiveProgress
from ffmate_desktop.node.batch_ends import BatchEnds
from ffmate_desktop.node.bus import Bus
from ffmate_desktop.node.computer import Computer
from ffmate_desktop.node.heartbeat import Heartbeat
from ffmate_desktop.node.insist import insist
from ffmate_desktop.node.janitor import Janitor
from ffmate_desktop.node.log_feed import LogFeed
from ffmate_desktop.node.order import Order
from ffmate_desktop.node.progress_sender import ProgressSender
from ffmate_desktop.node.recovery import recover
from ffmate_desktop.node.scheduler import Scheduler
from ffmate_desktop.node.slots import Slots
from ffmate_desktop.node.task_run import TaskRun
from ffmate_desktop.node.watching import Watching
from ffmate_desktop.node.workshop import Workshop
from ffmate_desktop.services.presets import PresetService

REMEMBERED = timedelta(days=30)
"""How long a node that ended is kept for the history of its tasks."""

GIVE_BACK_SECONDS = 15.0
"""How long a stopping node tries to give its tasks back; after that its lease runs out and others take them."""


class Node:
    """One node. `start` joins the cluster, `run` works until `stop` or a drain ends it.

    `facts.slots` tasks run at once. What `feed` collects is shipped to the cluster's log; with `presets` it scans
    watchfolders. The node owns every task it starts; its database pool and workshop are its own to use but not to
    close.
    """

    def __init__(
        self,
        uri: str,
        database: Database,
        facts: NodeFacts,
        shop: Workshop,
        bus: Bus,
        feed: LogFeed | None = None,
        presets: PresetService | None = None,
    ) -> None:
        self._database = database
        self._feed = feed
        self._facts = facts
        self._shop = shop
        self._bus = bus
        self._runs: dict[int, TaskRun] = {}
        self._slots = Slots(facts.slots)
        self._draining = False
        self._drained_as: int | None = None
        self._heard = (0, 0)
        self._over = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._last_beat: Beat | None = None
        self._beat_came = asyncio.Event()
        self._orphaned: dict[int, Epoch] = {}
        self._group: asyncio.TaskGroup | None = None
        self._retiring: asyncio.Task[None] | None = None
        self._heartbeat = Heartbeat(
            uri,
            facts,
            bus,
            progress=self._live,
            load=Computer().load,
            on_beat=self._on_beat,
            on_adopted=self._on_adopted,
            on_expelled=self._on_expelled,
            on_silence=database.cut,
        )
        self._scheduler = Scheduler(
            database, node_id=self._node_id, wanted=self._wanted, start=self._start_task
        )
        self._batch_ends = BatchEnds(database)
        self._janitor = Janitor(database, facts.machine)
        self._sender = ProgressSender(database, node_id=self._node_id, progress=self._live)
        self._watching = (
            None
            if presets is None
            else Watching(database, presets, node_id=self._node_id, may_scan=self._may_scan)
        )

    async def start(self) -> None:
        """Join the cluster; raises UserError when that cannot be."""
        await self._heartbeat.start()
        await leases.forget_nodes(self._database, REMEMBERED)
        logs.cluster.info("Node %s joined; slots: %d", self._facts.identifier, self._facts.slots)

    def stop(self) -> None:
        """End `run` in order: kill what runs here, give it back to the queue, leave."""
        self._over.set()

    @property
    def running(self) -> int:
        """How many tasks run here."""
        return len(self._runs)

    def retire(self, seconds: float) -> None:
        """Drain for at most `seconds`; what still runs then goes back to the queue, for others to take at once."""
        self._drained_as = None
        self.drain()
        if self._group is not None and not self._over.is_set():
            self._retiring = self._group.create_task(self._retire(seconds), name="retiring")

    async def _retire(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                telling = insist(lambda: nodes.drain(self._database, self._facts.identifier), "draining")
                await telling  # the others see it, and that the work that comes now is theirs
                await self._over.wait()
        except TimeoutError:
            logs.cluster.info(
                "Not finished in %.0f s: %d tasks go back to the queue", seconds, len(self._runs)
            )
            self.stop()

    @property
    def slots(self) -> int:
        """How many tasks it runs at once."""
        return self._facts.slots

    @property
    def paused(self) -> bool:
        """Whether it claims nothing for now."""
        return self._facts.paused

    @property
    def draining(self) -> bool:
        """Whether it leaves when what it runs is finished."""
        return self._draining

    def _obey(self, node_id: int, version: int, state: str, slots: int | None, paused: bool) -> None:
        """Be what the database wants of this node; `version` tells older orders from newer ones."""
        if node_id != self._node_id() or (node_id == self._heard[0] and version < self._heard[1]):
            return
        self._heard = (node_id, version)
        if slots is not None and (slots, paused) != (self.slots, self.paused):
            logs.cluster.info(
                "This node has %s now%s",
                "1 slot" if slots == 1 else f"{slots} slots",
                ", and is paused" if paused else "",
            )
            self._facts = self._heartbeat.facts = replace(self._facts, slots=slots, paused=paused)
            self._slots.resize(slots)
            self._scheduler.wake()
        if state == NodeState.DRAINING and not self._draining:
            self._drained_as = node_id
            self.drain()
        elif state == NodeState.ONLINE and self._drained_as == node_id and not self._over.is_set():
            # Who drains of its own accord, to stop, goes on with it.
            logs.cluster.info("No longer draining")
            self._draining, self._drained_as = False, None
            self._scheduler.wake()

    def drain(self) -> None:
        """Claim nothing new; `run` ends when everything that runs here is finished."""
        if not self._draining:
            logs.cluster.info("Draining: %d tasks are still running here", len(self._runs))
        self._draining = True
        if not self._runs:
            self._over.set()

    async def run(self) -> None:
        """Work until `stop`, or until a drain is complete. Cancelling it ends everything at once."""
        unsubscribe = self._bus.subscribe(self._on_change)
        unhear = self._bus.subscribe(self._watching.hear) if self._watching is not None else lambda: None
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                beating = group.create_task(_keep_alive(self._heartbeat.run, "heartbeat"))
                duties = [
                    group.create_task(_keep_alive(duty, name))
                    for duty, name in (
                        (self._scheduler.run, "scheduler"),
                        (self._sender.run, "progress"),
                        (self._reconcile, "reconcile"),
                        (self._ship_lines, "log feed"),
                        (self._watch_folders, "watchfolders"),
                        (self._batch_ends.run, "batches"),
                    )
                ]
                self._scheduler.wake()
                await self._over.wait()
                if self._retiring is not None:
                    self._retiring.cancel()
                await self._give_everything_back(duties)
                beating.cancel()
        finally:
            self._group = None
            unsubscribe()
            unhear()
            await self._heartbeat.close()
        logs.cluster.info("Node %s left", self._facts.identifier)

    async def _give_everything_back(self, duties: Sequence[asyncio.Task[None]]) -> None:
        for duty in duties:
            duty.cancel()
        for run in self._runs.values():
            run.end(Order.GIVE_BACK)
        try:
            async with asyncio.timeout(GIVE_BACK_SECONDS):
                await asyncio.wait(duties)
                await self._idle.wait()
                await insist(self._leave, "leaving")
        except TimeoutError:
            logs.cluster.warning("The database is away: our tasks will be taken over when our lease runs out")
            for run in self._runs.values():
                run.abandon()
            await self._idle.wait()

    async def _leave(self) -> None:
        await claims.give_back(self._database, self._node_id())  # a claim whose answer never came, too
        await self._batch_ends.finish()
        self._heartbeat.leave()
        await leases.leave(self._database, self._node_id())
        if self._feed is not None:
            await self._feed.flush_now(self._database, self._facts.identifier, self._node_id())

    async def _ship_lines(self) -> None:
        if self._feed is None:
            await self._over.wait()
        else:
            await self._feed.run(self._database, self._facts.identifier, self._node_id)

    async def _watch_folders(self) -> None:
        if self._watching is None:
            await self._over.wait()
        else:
            await self._watching.run()

    def _may_scan(self) -> bool:
        return not (self._draining or self.paused or self._over.is_set())

    def _node_id(self) -> int:
        return self._heartbeat.membership.id

    def _wanted(self) -> tuple[int, int]:
        """Slots that nobody encodes in or makes ready for, and how many tasks are wanted ahead of them.

        As many tasks as there are slots may be published beside the encodes; whose last write is on its way counts
        no more, since it travels with the claim.
        """
        if self._draining or self.paused or self._over.is_set():
            return 0, 0
        runs = [run for run in self._runs.values() if not run.ending]
        encoded = sum(run.encoded for run in runs)
        free = self._facts.slots - len(runs) + min(encoded, self._facts.slots)
        ahead = self._slots.ahead()
        return max(free, 0), max(min(ahead, ahead + free), 0)

    def _live(self) -> list[LiveProgress]:
        return [run.live() for run in self._runs.values()]

    def _start_task(self, claim: Claim, node_id: int) -> None:
        if self._over.is_set():  # it came beside the end of another task; `_leave` gives it back
            return
        assert self._group is not None  # noqa: S101 - only the scheduler calls it, inside the group
        former = self._runs.get(claim.id)
        if former is not None and former.may_adopt(claim.epoch):  # our own task came back: keep its encode
            former.adopt(claim.epoch, node_id)
            return
        run = TaskRun(
            claim,
            node_id,
            self._database,
            self._shop,
            self._slots,
            finish=self._scheduler.finish,
            confirm=self._heartbeat.beat_now,
            on_encoded=self._scheduler.wake,
        )
        self._runs[claim.id] = run
        self._idle.clear()
        task = self._group.create_task(run.run(), name=f"task {claim.uuid}")
        task.add_done_callback(lambda _task: self._on_task_end(run))
        self._sender.wake()

    def _on_task_end(self, run: TaskRun) -> None:
        self._batch_ends.add(run.claim.uuid)
        if self._runs.get(run.claim.id) is run:
            del self._runs[run.claim.id]
        if not self._runs:
            self._idle.set()
            if self._draining:
                self._over.set()
        self._scheduler.wake()

    def _on_change(self, change: Change) -> None:
        match change:
            case TasksChanged(rows=rows, queued=queued):
                for row in rows or ():
                    run = self._runs.get(row.id)
                    if run is not None and row.node_id == run.node_id and row.epoch == run.claim.epoch:
                        run.obey(row.desired)
                if rows is None and self._runs:
                    self._heartbeat.hurry()  # some of the unnamed may be ours
                if queued:
                    self._scheduler.wake()
            case NodeChanged(id=node_id, version=version, state=state, slots=slots, paused=paused):
                self._obey(node_id, version, state, slots, paused)
            case AnythingChanged():
                self._scheduler.wake()
            case _:
                pass

    def _on_beat(self, beat: Beat, sent: float) -> Sequence[Held]:
        """Make our belief that of the database, where the answer is newer than what we did since.

        Returns what runs here although the database does not count it as ours: perhaps it can be taken back.
        """
        if beat.state is not None:
            self._obey(self._node_id(), beat.version, beat.state, beat.slots, beat.paused)
        quiet = self._scheduler.was_quiet_since(sent)  # no claim was on its way
        held: list[Held] = []
        for run in self._runs.values():
            belief = beat.mine.get(run.claim.id)
            if belief is not None and belief[0] == run.claim.epoch and run.node_id == self._node_id():
                run.obey(belief[1])
            elif run.claimed_at >= sent:
                pass  # claimed after the question: the next answer knows it
            elif belief is not None and quiet and run.may_adopt(belief[0]):
                run.adopt(belief[0], self._node_id())  # taken back, and the answer was lost
                run.obey(belief[1])
            elif run.may_adopt(run.claim.epoch):
                held.append((run.claim.id, run.claim.epoch, run.node_id))
            else:
                run.end(Order.LOST)
        # Ours in the database, unknown here, and no claim was on its way: its answer was lost.
        unknown = beat.mine.keys() - self._runs.keys() if quiet else ()
        self._orphaned = {task_id: beat.mine[task_id][0] for task_id in unknown}
        if beat.work:
            self._scheduler.wake()
        self._last_beat = beat
        self._beat_came.set()
        return held

    def _on_adopted(self, asked: Sequence[Held], adopted: Mapping[int, tuple[Epoch, Desired]]) -> None:
        for task_id, epoch, _ in asked:
            run = self._runs.get(task_id)
            if run is None or run.claim.epoch != epoch:
                continue  # it ended, or was claimed again meanwhile
            if task_id in adopted:
                new_epoch, desired = adopted[task_id]
                run.adopt(new_epoch, self._node_id())
                run.obey(desired)
            else:
                logs.cluster.info(
                    "Task %s cannot be taken back: it is somebody else's, or ended", run.claim.uuid
                )
                run.end(Order.LOST)

    def _on_expelled(self) -> None:
        for run in self._runs.values():
            run.end(Order.LOST)

    async def _reconcile(self) -> None:
        """After each beat: give back what we never heard of, and look after the tasks of the dead."""
        while True:
            await self._beat_came.wait()
            self._beat_came.clear()
            orphaned, self._orphaned = self._orphaned, {}
            if orphaned:
                await self._give_back_orphaned(orphaned)
            if self._last_beat is not None and self._last_beat.leftovers:
                await self._janitor.clean()
            if self._last_beat is not None:
                await recover(
                    self._database,
                    self._node_id(),
                    self._last_beat,
                    connected_for=self._heartbeat.connected_for(),
                    lease=self._facts.lease,
                )

    async def _give_back_orphaned(self, held: Mapping[int, Epoch]) -> None:
        try:
            given = await claims.give_back(self._database, self._node_id(), held)
        except CONNECTION_LOST:
            return  # the next beat finds them again
        if given:
            logs.cluster.info("%d claims whose answer was lost were given back", len(given))


async def _keep_alive(duty: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
    """Run a duty for ever: a defect in it is told and costs a second, never the node."""
    while True:
        try:
            await duty()
        except Exception:  # noqa: BLE001 - whatever it is, the other duties and the running encodes go on
            logs.root.exception("The duty %s failed and starts again", name)
        await asyncio.sleep(1)
