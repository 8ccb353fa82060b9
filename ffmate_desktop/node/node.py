"""A cluster node: joins, keeps its duties alive, and leaves in order. The duties are in the files beside this one."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any

from ffmate_desktop import logs
from ffmate_desktop.db import claims, file_records, leases
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.leases import Beat, Held
from ffmate_desktop.domain.change import AnythingChanged, Change, NodeChanged, TasksChanged
from ffmate_desktop.domain.node import NodeFacts
from ffmate_desktop.domain.retention import Retention
from ffmate_desktop.domain.task import Claim
from ffmate_desktop.node.after_beat import AfterBeat
from ffmate_desktop.node.batch_ends import BatchEnds
from ffmate_desktop.node.bus import Bus
from ffmate_desktop.node.desired_state import DesiredState
from ffmate_desktop.node.heartbeat import Heartbeat
from ffmate_desktop.node.load import LoadMeter
from ffmate_desktop.node.log_feed import LogFeed
from ffmate_desktop.node.progress_sender import ProgressSender
from ffmate_desktop.node.retention import RetentionDuty
from ffmate_desktop.node.retry import retry_until_answered
from ffmate_desktop.node.running_tasks import RunningTasks
from ffmate_desktop.node.scheduler import Scheduler
from ffmate_desktop.node.task.interrupt import InterruptReason
from ffmate_desktop.node.task.resources import EncodeResources
from ffmate_desktop.node.task.slots import Slots
from ffmate_desktop.node.task.task_run import TaskRun
from ffmate_desktop.node.watchfolders.scan_duty import ScanDuty
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.throttle import Throttle

REMEMBERED = timedelta(days=30)
"""How long a node that ended is kept for the history of its tasks."""

OUTPUTS_REMEMBERED = timedelta(days=365)
"""How long a file that the cluster wrote is known as an output, wherever it turns up."""

DAY = 86400.0
"""Seconds between two times that a node forgets."""

HINTS = 0.25
"""Seconds between two beats that notifications ask for, which anybody can send."""

CLAIM_HINTS = 0.02
"""Seconds between two claims that they ask for: submits that follow each other closely are claimed without delay."""

GIVE_BACK_SECONDS = 15.0
"""How long a stopping node tries to give its tasks back; after that its lease runs out and others take them."""


class ClusterNode:
    """One node. `start` joins the cluster, `run` works until `stop` or a drain ends it.

    `facts.slots` tasks run at once. What `feed` collects is shipped to the cluster's log; with `presets` it scans
    watchfolders. `keep()` limits its log files and the queue's finished tasks. The node owns every task it
    starts; its database pool and workshop are its own to use but not to close.
    """

    def __init__(
        self,
        uri: str,
        database: Database,
        facts: NodeFacts,
        resources: EncodeResources,
        bus: Bus,
        feed: LogFeed | None = None,
        presets: PresetService | None = None,
        keep: Callable[[], Retention] = Retention,
    ) -> None:
        self._database = database
        self._identifier = facts.identifier
        self._feed = feed
        self._resources = resources
        self._bus = bus
        self._runs = RunningTasks()
        self._slots = Slots(facts.slots)
        self._standing = DesiredState(facts, running=lambda: len(self._runs), on_change=self._on_orders)
        self._over = self._standing.over
        self._group: asyncio.TaskGroup | None = None
        self._retiring: asyncio.Task[None] | None = None
        self._heartbeat = Heartbeat(
            uri,
            facts,
            bus,
            progress=self._runs.live,
            load=LoadMeter().load,
            on_beat=self._on_beat,
            on_adopted=lambda asked, adopted: self._runs.adopt(asked, adopted, self._node_id()),
            on_expelled=lambda: self._runs.end(InterruptReason.LOST),
            on_silence=database.cut,
        )
        self._scheduler = Scheduler(
            database, node_id=self._node_id, wanted=self._wanted, start=self._start_task
        )
        self._asks = Throttle(self._heartbeat.hurry, HINTS)
        self._claims = Throttle(self._scheduler.wake, CLAIM_HINTS)
        self._batch_ends = BatchEnds(database)
        self._aftercare = AfterBeat(
            database, facts, node_id=self._node_id, connected_for=self._heartbeat.connected_for
        )
        self._sender = ProgressSender(database, node_id=self._node_id, progress=self._runs.live)
        self._retention = RetentionDuty(database, resources.logs, keep)
        self._watching = (
            None
            if presets is None
            else ScanDuty(database, presets, node_id=self._node_id, may_scan=lambda: self._standing.may_claim)
        )

    async def start(self) -> None:
        """Join the cluster; raises UserError when that cannot be."""
        await self._heartbeat.start()
        logs.cluster.info("ClusterNode %s joined; slots: %d", self._identifier, self.slots)

    def stop(self) -> None:
        """End `run` in order: kill what runs here, give it back to the queue, leave."""
        self._over.set()

    @property
    def running(self) -> int:
        """How many tasks run here."""
        return len(self._runs)

    @property
    def slots(self) -> int:
        """How many tasks it runs at once."""
        return self._standing.facts.slots

    @property
    def paused(self) -> bool:
        """Whether it claims nothing for now."""
        return self._standing.facts.paused

    @property
    def draining(self) -> bool:
        """Whether it leaves when what it runs is finished."""
        return self._standing.draining

    def drain(self) -> None:
        """Claim nothing new; `run` ends when everything that runs here is finished."""
        self._standing.drain()

    def retire(self, seconds: float) -> None:
        """Drain for at most `seconds`; what still runs then goes back to the queue, for others to take at once."""
        self._standing.drain_for_good()
        if self._group is not None and not self._over.is_set():
            self._retiring = self._group.create_task(
                self._standing.end_within(seconds, self._database), name="retiring"
            )

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
                        (self._aftercare.run, "aftercare"),
                        (self._aftercare.clean_up, "cleaning up"),
                        (self._ship_lines, "log feed"),
                        (self._watch_folders, "watchfolders"),
                        (self._batch_ends.run, "batches"),
                        (self._forget, "forgetting"),
                        (self._retention.run, "retention"),
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
            self._asks.close()
            self._claims.close()
            await self._heartbeat.close()
        logs.cluster.info("ClusterNode %s left", self._identifier)

    async def _give_everything_back(self, duties: Sequence[asyncio.Task[None]]) -> None:
        for duty in duties:
            duty.cancel()
        self._runs.end(InterruptReason.GIVE_BACK)
        try:
            async with asyncio.timeout(GIVE_BACK_SECONDS):
                await asyncio.wait(duties)
                await self._runs.ended()
                await retry_until_answered(self._leave, "leaving")
        except TimeoutError:
            logs.cluster.warning("The database is away: our tasks will be taken over when our lease runs out")
            self._runs.abandon()
            await self._runs.ended()

    async def _leave(self) -> None:
        await claims.give_back(self._database, self._node_id())  # a claim whose answer never came, too
        await self._batch_ends.finish()
        self._heartbeat.leave()
        await leases.leave(self._database, self._node_id())
        if self._feed is not None:
            await self._feed.flush_now(self._database, self._identifier, self._node_id())

    async def _forget(self) -> None:
        """What is of no use any more, at the start and once a day."""
        while True:
            await retry_until_answered(
                lambda: leases.forget_nodes(self._database, REMEMBERED), "forgetting nodes"
            )
            await retry_until_answered(
                lambda: file_records.forget_outputs(self._database, OUTPUTS_REMEMBERED), "forgetting outputs"
            )
            await asyncio.sleep(DAY)

    async def _ship_lines(self) -> None:
        if self._feed is None:
            await self._over.wait()
        else:
            await self._feed.run(self._database, self._identifier, self._node_id)

    async def _watch_folders(self) -> None:
        if self._watching is None:
            await self._over.wait()
        else:
            await self._watching.run()

    def _node_id(self) -> int:
        return self._heartbeat.membership.id

    def _wanted(self) -> tuple[int, int]:
        return self._runs.wanted(self.slots, self._slots.ahead()) if self._standing.may_claim else (0, 0)

    def _start_task(self, claim: Claim, node_id: int) -> None:
        if self._over.is_set():  # it came beside the end of another task; `_leave` gives it back
            return
        assert self._group is not None  # noqa: S101 - only the scheduler calls it, inside the group
        if self._runs.take_back(claim, node_id):  # our own task came back: it keeps its encode
            return
        run = TaskRun(
            claim,
            node_id,
            self._database,
            self._resources,
            self._slots,
            finish=self._scheduler.finish,
            confirm=self._heartbeat.beat_now,
            on_encoded=self._scheduler.wake,
        )
        self._runs.add(run)
        task = self._group.create_task(run.run(), name=f"task {claim.uuid}")
        task.add_done_callback(lambda _task: self._on_task_end(run))
        self._sender.wake()

    def _on_task_end(self, run: TaskRun) -> None:
        self._batch_ends.add(run.claim.uuid)
        self._runs.remove(run)
        self._standing.end_if_drained()
        self._scheduler.wake()

    def _on_change(self, change: Change) -> None:
        """Look at the rows that may concern this node; nothing that a notification says is obeyed."""
        match change:
            case TasksChanged(ids=ids, queued=queued):
                if ids is not None and self._runs.has(ids):
                    self._asks.request()
                if queued:
                    self._claims.request()
            case NodeChanged() if change.id == self._node_id():
                self._asks.request()
            case AnythingChanged():
                self._asks.request()
                self._claims.request()
            case _:
                pass

    def _on_orders(self) -> None:
        self._heartbeat.facts = self._standing.facts
        self._slots.resize(self.slots)
        self._scheduler.wake()
        if self._watching is not None:
            self._watching.wake()

    def _on_beat(self, beat: Beat, sent: float) -> Sequence[Held]:
        if beat.state is not None:
            self._standing.obey(self._node_id(), state=beat.state, slots=beat.slots, paused=beat.paused)
        quiet = self._scheduler.was_quiet_since(sent)  # no claim was on its way
        held = self._runs.believe(beat, self._node_id(), sent=sent, quiet=quiet)
        # Ours in the database, unknown here, and no claim was on its way: its answer was lost.
        self._aftercare.hear(beat, self._runs.unknown(beat) if quiet else {})
        if beat.work:
            self._scheduler.wake()
        return held


async def _keep_alive(duty: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
    """Run a duty for ever: a defect in it is told and costs a second, never the node."""
    while True:
        try:
            await duty()
        except Exception:  # noqa: BLE001 - whatever it is, the other duties and the running encodes go on
            logs.root.exception("The duty %s failed and starts again", name)
        await asyncio.sleep(1)
