"""A cluster node: joins, keeps its duties running, and leaves. Each duty has a file of its own in this folder."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import Any

from ffmate_desktop import logs
from ffmate_desktop.db import claims, file_records, leases
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.leases import Beat, Held
from ffmate_desktop.domain.change import AnythingChanged, Change, NodeChanged, TasksChanged
from ffmate_desktop.domain.node import Load, NodeFacts
from ffmate_desktop.domain.retention import Retention
from ffmate_desktop.domain.task import Claim, Desired, Epoch, LiveProgress
from ffmate_desktop.node.after_beat import AfterBeat
from ffmate_desktop.node.batch_finisher import BatchFinisher
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
from ffmate_desktop.node.task.context import NodeLink, TaskContext
from ffmate_desktop.node.task.interrupt import InterruptReason
from ffmate_desktop.node.task.resources import EncodeResources
from ffmate_desktop.node.task.slots import Slots
from ffmate_desktop.node.task.task_run import TaskRun
from ffmate_desktop.node.watchfolders.scan_duty import ScanDuty
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.throttle import Throttle

NODES_KEPT = timedelta(days=30)
"""How long a node that ended is kept for the history of its tasks."""

OUTPUTS_KEPT = timedelta(days=365)
"""How long a file that the cluster wrote is known as an output, in any folder."""

DAY = 86400.0
"""Seconds between two removals of old records."""

BEAT_PAUSE = 0.25
"""Seconds between two beats that notifications cause. Any database user can send notifications."""

CLAIM_PAUSE = 0.02
"""Seconds between two claims that notifications cause: submits in quick succession are claimed without delay."""

RELEASE_TIMEOUT = 15.0
"""How long a stopping node tries to release its tasks; after that its lease expires and other nodes take them."""


class ClusterNode:
    """One node. `start` joins the cluster, `run` works until `stop` or a drain ends it.

    It runs `facts.slots` tasks at once. It sends the lines that `feed` collects to the cluster's log, and scans
    watchfolders if it has `presets`. `retention()` limits its log files and the queue's finished tasks. The node owns
    every task it starts. It uses its database pool and resources, but does not close them.
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
        retention: Callable[[], Retention] = Retention,
    ) -> None:
        self._database = database
        self._identifier = facts.identifier
        self._feed = feed
        self._resources = resources
        self._bus = bus
        self._runs = RunningTasks()
        self._slots = Slots(facts.slots)
        self._desired = DesiredState(
            facts, running=lambda: len(self._runs), on_change=self._on_desired_change
        )
        self._stopping = self._desired.stopping
        self._group: asyncio.TaskGroup | None = None
        self._retiring: asyncio.Task[None] | None = None
        self._load_meter = LoadMeter()
        self._heartbeat = Heartbeat(uri, facts, bus, self)
        self._scheduler = Scheduler(
            database, node_id=self._node_id, free_slots=self._free_slots, start=self._start_task
        )
        self._beat_requests = Throttle(self._heartbeat.beat_soon, BEAT_PAUSE)
        self._claim_requests = Throttle(self._scheduler.wake, CLAIM_PAUSE)
        self._batches = BatchFinisher(database)
        self._after_beat = AfterBeat(
            database, facts, node_id=self._node_id, connected_for=self._heartbeat.connected_for
        )
        self._sender = ProgressSender(database, node_id=self._node_id, progress=self._runs.live_progress)
        self._retention = RetentionDuty(database, resources.logs, retention)
        self._scan_duty = (
            None
            if presets is None
            else ScanDuty(database, presets, node_id=self._node_id, may_scan=lambda: self._desired.may_claim)
        )

    async def start(self) -> None:
        """Join the cluster; raises UserError when that is not possible."""
        await self._heartbeat.start()
        logs.cluster.info("Node %s joined; slots: %d", self._identifier, self.slots)

    def stop(self) -> None:
        """End `run` in order: kill what runs here, release it to the queue, leave."""
        self._stopping.set()

    @property
    def running(self) -> int:
        """How many tasks run here."""
        return len(self._runs)

    @property
    def slots(self) -> int:
        """How many tasks the node runs at once."""
        return self._desired.facts.slots

    @property
    def paused(self) -> bool:
        """Whether the node claims nothing for now."""
        return self._desired.facts.paused

    @property
    def draining(self) -> bool:
        """Whether the node leaves when its tasks have finished."""
        return self._desired.draining

    def drain(self) -> None:
        """Claim nothing new; `run` ends when everything that runs here has finished."""
        self._desired.drain()

    def retire(self, seconds: float) -> None:
        """Drain for at most `seconds`; what still runs then goes back to the queue, for other nodes to claim."""
        self._desired.drain_for_good()
        if self._group is not None and not self._stopping.is_set():
            self._retiring = self._group.create_task(
                self._desired.stop_within(seconds, self._database), name="retiring"
            )

    async def run(self) -> None:
        """Work until `stop`, or until a drain is complete. Cancelling it ends everything at once."""
        unsubscribe = [self._bus.subscribe(self._on_change)]
        if self._scan_duty is not None:
            unsubscribe.append(self._bus.subscribe(self._scan_duty.on_change))
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                beating = group.create_task(_keep_running(self._heartbeat.run, "heartbeat"))
                duties = [
                    group.create_task(_keep_running(duty, name))
                    for duty, name in (
                        (self._scheduler.run, "scheduler"),
                        (self._sender.run, "progress"),
                        (self._after_beat.run, "after beat"),
                        (self._after_beat.clean_up, "cleaning up"),
                        (self._send_logs, "log feed"),
                        (self._scan_watchfolders, "watchfolders"),
                        (self._batches.run, "batches"),
                        (self._forget_old_records, "old records"),
                        (self._retention.run, "retention"),
                    )
                ]
                self._scheduler.wake()
                await self._stopping.wait()
                if self._retiring is not None:
                    self._retiring.cancel()
                await self._shut_down(duties)
                beating.cancel()
        finally:
            self._group = None
            for end in unsubscribe:
                end()
            self._beat_requests.close()
            self._claim_requests.close()
            await self._heartbeat.close()
        logs.cluster.info("Node %s left", self._identifier)

    async def _shut_down(self, duties: Sequence[asyncio.Task[None]]) -> None:
        for duty in duties:
            duty.cancel()
        self._runs.interrupt(InterruptReason.GIVE_BACK)
        try:
            async with asyncio.timeout(RELEASE_TIMEOUT):
                await asyncio.wait(duties)
                await self._runs.wait_until_empty()
                await retry_until_answered(self._leave, "leaving the cluster")
        except TimeoutError:
            logs.cluster.warning(
                "The database is away: other nodes take over this node's tasks when its lease expires"
            )
            self._runs.abandon()
            await self._runs.wait_until_empty()

    async def _leave(self) -> None:
        await claims.give_back(self._database, self._node_id())  # also a claim whose answer never arrived
        await self._batches.finish()
        self._heartbeat.stop_rejoining()
        await leases.leave(self._database, self._node_id())
        if self._feed is not None:
            await self._feed.flush_now(self._database, self._identifier, self._node_id())

    async def _forget_old_records(self) -> None:
        """At the start and once a day."""
        while True:
            await retry_until_answered(
                lambda: leases.forget_nodes(self._database, NODES_KEPT), "forgetting nodes"
            )
            await retry_until_answered(
                lambda: file_records.forget_outputs(self._database, OUTPUTS_KEPT), "forgetting outputs"
            )
            await asyncio.sleep(DAY)

    async def _send_logs(self) -> None:
        if self._feed is None:
            await self._stopping.wait()
        else:
            await self._feed.run(self._database, self._identifier, self._node_id)

    async def _scan_watchfolders(self) -> None:
        if self._scan_duty is None:
            await self._stopping.wait()
        else:
            await self._scan_duty.run()

    def _node_id(self) -> int:
        return self._heartbeat.membership.id

    def _free_slots(self) -> tuple[int, int]:
        if not self._desired.may_claim:
            return 0, 0
        return self._runs.free_slots(self.slots, self._slots.ahead())

    def _start_task(self, claim: Claim, node_id: int) -> None:
        if self._stopping.is_set():  # claimed together with the end of another task; `_leave` releases it
            return
        assert self._group is not None  # noqa: S101 - only the scheduler calls it, inside the group
        if self._runs.continue_under(claim, node_id):  # this node's own task came back: its encode continues
            return
        link = NodeLink(self._scheduler.finish, self._heartbeat.beat_now, self._scheduler.wake)
        task = TaskContext.open(claim, node_id, self._database, self._resources, self._slots, link)
        run = TaskRun(task)
        self._runs.add(run)
        running = self._group.create_task(run.run(), name=f"task {claim.uuid}")
        running.add_done_callback(lambda _task: self._on_task_end(run))
        self._sender.wake()

    def _on_task_end(self, run: TaskRun) -> None:
        self._batches.on_task_ended(run.claim.uuid)
        self._runs.remove(run)
        self._desired.stop_if_drained()
        self._scheduler.wake()

    def _on_change(self, change: Change) -> None:
        """Read the rows that may concern this node. A notification itself is never a command."""
        match change:
            case TasksChanged(ids=ids, queued=queued):
                if ids is not None and self._runs.has_any(ids):
                    self._beat_requests.request()
                if queued:
                    self._claim_requests.request()
            case NodeChanged() if change.id == self._node_id():
                self._beat_requests.request()
            case AnythingChanged():
                self._beat_requests.request()
                self._claim_requests.request()
            case _:
                pass

    def _on_desired_change(self) -> None:
        self._heartbeat.facts = self._desired.facts
        self._slots.resize(self.slots)
        self._scheduler.wake()
        if self._scan_duty is not None:
            self._scan_duty.wake()

    # -- HeartbeatListener -----------------------------------------------------------------------------------------

    def live_progress(self) -> list[LiveProgress]:
        """How far each running task is."""
        return self._runs.live_progress()

    def load(self) -> Load:
        """How busy this computer is."""
        return self._load_meter.measure()

    def on_beat(self, beat: Beat, sent: float) -> Sequence[Held]:
        """Apply the desired state, and compare the running tasks with what the database says."""
        if beat.state is not None:
            self._desired.apply(self._node_id(), state=beat.state, slots=beat.slots, paused=beat.paused)
        quiet = self._scheduler.was_quiet_since(sent)
        held = self._runs.reconcile(beat, self._node_id(), sent=sent, quiet=quiet)
        # A claim that does not run here although no claim was under way: its answer was lost.
        self._after_beat.on_beat(beat, self._runs.not_running(beat) if quiet else {})
        if beat.work:
            self._scheduler.wake()
        return held

    def on_adopted(self, held: Sequence[Held], adopted: Mapping[int, tuple[Epoch, Desired]]) -> None:
        """Continue the adopted tasks, and interrupt the others."""
        self._runs.on_adopted(held, adopted, self._node_id())

    def on_expelled(self) -> None:
        """Interrupt every task: other nodes own them now."""
        self._runs.interrupt(InterruptReason.LOST)

    def on_silence(self) -> None:
        """End the pool's connections, too: nothing answers on them."""
        self._database.cut()


async def _keep_running(duty: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
    """Run a duty forever. A defect in it is logged and costs a second, but does not end the node."""
    while True:
        try:
            await duty()
        except Exception:  # noqa: BLE001 - the other duties and the running encodes must continue
            logs.root.exception("The duty %s failed and starts again", name)
        await asyncio.sleep(1)
