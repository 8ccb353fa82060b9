"""The control connection: joins the cluster, renews the node's lease, and listens for notifications."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from ffmate_desktop import logs
from ffmate_desktop.db import leases
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, STILL_CONNECTED, connect, reason
from ffmate_desktop.db.connection.outages import MissingTablesError, to_user_error
from ffmate_desktop.db.health import check_for_node
from ffmate_desktop.db.leases import Beat, Held, Membership
from ffmate_desktop.db.listener import NODE_CHANNEL, listen
from ffmate_desktop.db.repair import repair
from ffmate_desktop.domain.change import AnythingChanged
from ffmate_desktop.domain.counts import counted
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.node import Load, NodeFacts
from ffmate_desktop.domain.task import Desired, Epoch, LiveProgress
from ffmate_desktop.node.bus import Bus
from ffmate_desktop.node.log_once import LogOnce
from ffmate_desktop.node.retry import database_backoff
from ffmate_desktop.node.sleep_detector import SleepDetector

if TYPE_CHECKING:
    from ffmate_desktop.db.leases import Connection

ANSWER_TIMEOUT = 4.0
"""Seconds after which an unanswered beat means that the connection is dead, even if it was never closed."""

DECLARED_DEAD = "The cluster declared this node dead; it rejoins as a new one"

ROUNDING = 0.02
"""Seconds added to a moment that has to be over, however the clocks round."""


class HeartbeatListener(Protocol):
    """What a heartbeat asks its node for and reports to it, on the event loop."""

    def live_progress(self) -> list[LiveProgress]:
        """The progress of every running task, sent with each beat."""

    def load(self) -> Load:
        """How busy this computer is, sent with each beat."""

    def on_beat(self, beat: Beat, sent: float) -> Sequence[Held]:
        """A beat was answered; `sent` is the loop's time of the question.

        Returns the tasks that run here although the database no longer counts them as this node's.
        """

    def on_adopted(self, held: Sequence[Held], adopted: Mapping[int, tuple[Epoch, Desired]]) -> None:
        """Of the tasks that `on_beat` returned, these belong to this node again, under new epochs."""

    def on_expelled(self) -> None:
        """The node cannot rejoin after it was declared dead, or the database is a different one."""

    def on_silence(self) -> None:
        """The database stopped answering although the connection was never closed."""


class Heartbeat:
    """One connection that listens and beats, never inside a transaction.

    A node that was declared dead rejoins under a new id. Set `facts` to what it should report then.
    """

    def __init__(self, uri: str, facts: NodeFacts, bus: Bus, listener: HeartbeatListener) -> None:
        self._uri = uri
        self.facts = facts
        self._bus = bus
        self._listener = listener
        self._membership: Membership | None = None
        self._connection: Connection | None = None
        self._connected_at: float | None = None
        self._sleep = SleepDetector(facts)
        self._has_lock = True
        self._is_leaving = False
        self._missing_tables = LogOnce(logs.cluster, logging.WARNING)
        self._outage = LogOnce(logs.cluster, logging.INFO)
        self._beat_soon = asyncio.Event()
        self._answered = asyncio.Condition()
        self._beats_since_connecting = 0
        self._last_asked = 0
        self._last_answered = 0

    @property
    def membership(self) -> Membership:
        """This incarnation; RuntimeError before `start`."""
        if self._membership is None:
            raise RuntimeError("the node has not joined yet")
        return self._membership

    def connected_for(self) -> float:
        """Seconds since this connection was made, or since a sleep was noticed; 0 while there is none."""
        if self._connected_at is None:
            return 0.0
        return asyncio.get_running_loop().time() - self._connected_at

    @property
    def _beat_timeout(self) -> float:
        return min(ANSWER_TIMEOUT, self.facts.heartbeat)

    async def start(self) -> None:
        """Connect and join for the first time; raises UserError when that is not possible."""
        await check_for_node(self._uri)
        self._connection = await self._connect()
        try:
            self._membership = await leases.join(self._connection, self.facts)
        except BaseException:
            self._connection.terminate()
            raise
        logs.cluster.debug(
            "Joined cluster %s as incarnation %d; a beat every %.1f s, a lease of %.1f s, labels: %s",
            self._membership.cluster,
            self._membership.id,
            self.facts.heartbeat,
            self.facts.lease,
            " ".join(self.facts.labels) or "none",
        )
        if self._membership.requeued:
            logs.cluster.info(
                "Requeued %s of this node's previous run", counted(self._membership.requeued, "task")
            )

    async def run(self) -> None:
        """Beat until cancelled; reconnect with growing delays."""
        backoff = database_backoff()
        while True:
            try:
                await self._beat_until_disconnected(self._connection or await self._reconnect())
            except MissingTablesError as error:
                await self._repair(error)
                self._keep_connection()
            except STILL_CONNECTED as error:
                self._outage.log(f"The database does not answer this node: {reason(error)}")
                self._keep_connection()
            except (UserError, ConnectionError) as error:
                self._outage.log(f"No connection to the database: {error}")
                self._drop_connection()
            except CONNECTION_LOST as error:
                self._outage.log(f"The connection to the database was lost: {reason(error)}")
                self._drop_connection()
                if isinstance(error, TimeoutError):
                    self._listener.on_silence()
            except BaseException:
                self._drop_connection()
                raise
            if self._beats_since_connecting:
                self._beats_since_connecting = 0
                backoff.reset()
            delay = backoff.next_delay()
            logs.cluster.debug("Next attempt in %.1f s", delay)
            await asyncio.sleep(delay)

    async def beat_now(self) -> None:
        """Beat at once, and wait for an answer to a question that was sent after this call."""
        async with self._answered:
            needed = self._last_asked + 1
            self._beat_soon.set()
            await self._answered.wait_for(lambda: self._last_answered >= needed)

    def beat_soon(self) -> None:
        """Beat as soon as possible instead of after the usual interval."""
        self._beat_soon.set()

    def stop_rejoining(self) -> None:
        """This node leaves the cluster: a beat that finds it gone must not rejoin."""
        self._is_leaving = True

    async def close(self) -> None:
        """Close the connection, which also releases the session lock."""
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            try:
                await connection.close(timeout=2)
            except CONNECTION_LOST:
                connection.terminate()

    async def _connect(self) -> "Connection":
        connection = await connect(self._uri, application=f"ffmate-desktop {self.facts.identifier}"[:63])
        connection.add_termination_listener(lambda _connection: self._beat_soon.set())
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT):
                await listen(connection, self._bus.publish, NODE_CHANNEL)
                await leases.limit_answer_time(connection, self._beat_timeout)
        except BaseException:
            connection.terminate()
            raise
        logs.cluster.debug("Listening on channel %s", NODE_CHANNEL)
        self._connected_at = asyncio.get_running_loop().time()
        self._bus.publish(AnythingChanged())
        return connection

    async def _reconnect(self) -> "Connection":
        self._connection = connection = await self._connect()
        await self._take_session_lock(connection)
        logs.cluster.info("Connected to the database again")
        if not self._has_lock:
            logs.cluster.debug("The previous connection still holds this node's session lock")
        return connection

    async def _take_session_lock(self, connection: "Connection") -> None:
        async with asyncio.timeout(ANSWER_TIMEOUT):
            self._has_lock = await leases.take_session_lock(connection, self.membership.id)

    async def _repair(self, missing: MissingTablesError) -> None:
        """Create the tables again if possible; otherwise log the reason once."""
        try:
            await repair(self._uri)
        except UserError as error:
            self._missing_tables.log(str(error))
        except CONNECTION_LOST as error:
            self._missing_tables.log(str(to_user_error(error)))
        else:
            logs.cluster.debug("%s", missing)

    def _keep_connection(self) -> None:
        """Keep the connection if it is still open: a new one would get the same answer."""
        if self._connection is None or self._connection.is_closed():
            self._drop_connection()
        else:
            self._wait_a_lease()  # the other nodes could not beat either

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.terminate()  # close() would wait for a server that may be gone
        self._connection = self._connected_at = None
        self._sleep.reset()

    def _wait_a_lease(self) -> None:
        """Declare no other node dead for a whole lease, as after connecting."""
        self._connected_at = asyncio.get_running_loop().time()
        self._sleep.reset()

    async def _beat_until_disconnected(self, connection: "Connection") -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._beat_soon.clear()
            sent = loop.time()
            self._last_asked += 1
            async with asyncio.timeout(self._beat_timeout):
                beat = await leases.beat(
                    connection,
                    self.membership.id,
                    self.facts.lease,
                    self._listener.live_progress(),
                    self._listener.load(),
                )
            if beat.state is None and self._is_leaving:
                await asyncio.Event().wait()  # keep the connection, and its lock, until cancelled
            if beat.state is None:
                await self._rejoin(connection)
                continue
            await self._handle_answer(connection, beat, sent)
            await self._wait_for_next_beat(beat, sent)
            if connection.is_closed():
                raise ConnectionResetError("the server closed the connection")
            if not self._has_lock:
                await self._take_session_lock(connection)

    async def _handle_answer(self, connection: "Connection", beat: Beat, sent: float) -> None:
        self._beats_since_connecting += 1
        self._outage.reset()
        if late := self._sleep.seconds_asleep(beat, sent):
            self._connected_at = asyncio.get_running_loop().time()
            logs.cluster.info(
                "A heartbeat was %.1f s late: this computer or the database server slept. For %.0f s this node"
                " declares no other node dead",
                *(late, self.facts.lease),
            )
        logs.cluster.debug(
            "Heartbeat answered in %.0f ms: state %s, tasks of this node: %d, %s",
            1000 * (asyncio.get_running_loop().time() - sent),
            beat.state,
            len(beat.mine),
            "work is waiting" if beat.work else "no work is waiting",
        )
        held = self._listener.on_beat(beat, sent)
        if held:
            async with asyncio.timeout(ANSWER_TIMEOUT):
                adopted = await leases.adopt(connection, self.membership.id, held)
            self._listener.on_adopted(held, adopted)
        async with self._answered:
            self._last_answered = self._last_asked
            self._answered.notify_all()

    async def _wait_for_next_beat(self, beat: Beat, sent: float) -> None:
        pause = self.facts.heartbeat
        if beat.due is not None and beat.due > 0:
            pause = min(pause, beat.due + ROUNDING)  # beat again exactly when that node may be dead
        self._sleep.plan(sent, pause)
        try:
            async with asyncio.timeout(pause - (asyncio.get_running_loop().time() - sent)):
                await self._beat_soon.wait()
        except TimeoutError:
            pass

    async def _rejoin(self, connection: "Connection") -> None:
        cluster = self.membership.cluster
        try:
            membership = await leases.join(connection, self.facts)
        except STILL_CONNECTED:
            raise
        except UserError:  # another node has this name now
            logs.cluster.warning(DECLARED_DEAD)
            self._listener.on_expelled()
            raise
        self._membership, self._has_lock = membership, True
        self._missing_tables.reset()
        self._wait_a_lease()
        if None in (cluster, membership.cluster) or cluster == membership.cluster:
            logs.cluster.warning(DECLARED_DEAD)
        else:
            logs.cluster.warning(
                "The database is a new one, without this node's tasks. The node joins its cluster"
            )
            self._listener.on_expelled()
