"""The control connection: joining the cluster, "I am alive", and hearing the news. It comes back by itself."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ffmate_desktop import logs
from ffmate_desktop.db import leases
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, STILL_CONNECTED, connect, reason
from ffmate_desktop.db.connection.outages import MissingTablesError, trouble
from ffmate_desktop.db.health import check_for_node
from ffmate_desktop.db.leases import Beat, Held, Membership
from ffmate_desktop.db.listener import NODE_CHANNEL, listen
from ffmate_desktop.db.repair import repair
from ffmate_desktop.domain.change import AnythingChanged
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.node import Load, NodeFacts
from ffmate_desktop.domain.task import Desired, Epoch, LiveProgress
from ffmate_desktop.node.bus import Bus
from ffmate_desktop.node.retry import database_backoff

if TYPE_CHECKING:
    from ffmate_desktop.db.leases import Connection

LONGEST_ANSWER = 4.0
"""Seconds after which an unanswered beat means that the connection is dead, even if nobody closed it."""

MISSED = 1.2
"""Heartbeats after which a beat counts as missed, as in leases.sql."""

DEAD = "The cluster took this node for dead; it joins again as a new one"

DELAY = 1.0
"""Seconds that a beat may be late on a busy computer; anything shorter is no sleep."""

MOMENT = 0.02
"""Seconds after which what was due is over, whatever the clocks rounded."""


class Heartbeat:
    """One connection that listens and beats, never inside a transaction.

    `progress` is asked at each beat for what the node runs, `load` for how busy its computer is.
    `on_beat(beat, sent)` gets every answer with the loop's time at which its question was sent, and returns the
    tasks that run here although the database no longer counts them as ours; `on_adopted(asked, adopted)` tells which
    of them were taken back, under which epoch. An incarnation that the cluster has declared dead joins anew under a
    new id; `on_expelled()` is called when it cannot, or when the database is another one, and `on_silence()` when the
    database did not answer although nobody closed the connection.
    """

    def __init__(
        self,
        uri: str,
        facts: NodeFacts,
        bus: Bus,
        *,
        progress: Callable[[], list[LiveProgress]],
        load: Callable[[], Load],
        on_beat: Callable[[Beat, float], Sequence[Held]],
        on_adopted: Callable[[Sequence[Held], Mapping[int, tuple[Epoch, Desired]]], None],
        on_expelled: Callable[[], None],
        on_silence: Callable[[], None],
    ) -> None:
        self._uri = uri
        self.facts = facts
        """What this node tells of itself when it joins again."""
        self._bus = bus
        self._progress = progress
        self._load = load
        self._on_beat = on_beat
        self._on_adopted = on_adopted
        self._on_expelled = on_expelled
        self._on_silence = on_silence
        self._membership: Membership | None = None
        self._connection: Connection | None = None
        self._connected_at: float | None = None
        self._sent = 0.0
        self._due: float | None = None
        """When the next beat is meant to be sent; None before the first answer on this connection."""
        self._has_lock = True
        self._leaving = False
        self._missing = ""
        """The last message about missing tables."""
        self._said = ""
        """The last message about the present outage."""
        self._hurry = asyncio.Event()
        self._answered = asyncio.Condition()
        self._beats = 0
        self._asked = 0
        self._answers = 0

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
    def _limit(self) -> float:
        return min(LONGEST_ANSWER, self.facts.heartbeat)

    async def start(self) -> None:
        """Connect and join for the first time; raises UserError when that cannot be."""
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
        if self._membership.buried:
            logs.cluster.info("Tasks of our predecessor that were queued again: %d", self._membership.buried)

    async def run(self) -> None:
        """Beat until cancelled; a lost connection is made again with growing pauses."""
        backoff = database_backoff()
        while True:
            try:
                if self._connection is None:
                    self._connection = await self._connect()
                    async with asyncio.timeout(LONGEST_ANSWER):
                        self._has_lock = await leases.hold_session(self._connection, self.membership.id)
                    logs.cluster.info("Connected to the database again")
                    if not self._has_lock:
                        logs.cluster.debug("Our session lock is still held by our former connection")
                await self._beat_for_ever(self._connection)
            except MissingTablesError as error:
                await self._repair(error)
                self._stay()
            except STILL_CONNECTED as error:
                self._say(f"The database does not answer this node: {reason(error)}")
                self._stay()
            except (UserError, ConnectionError) as error:
                self._say(f"No connection to the database: {error}")
                self._drop()
            except CONNECTION_LOST as error:
                self._say(f"The connection to the database was lost: {reason(error)}")
                self._drop()
                if isinstance(error, TimeoutError):
                    self._on_silence()
            except BaseException:
                self._drop()
                raise
            if self._beats:
                self._beats = 0
                backoff.reset()
            pause = backoff.next_delay()
            logs.cluster.debug("The next attempt follows in %.1f s", pause)
            await asyncio.sleep(pause)

    async def beat_now(self) -> None:
        """Ask at once, and wait for an answer that was asked for after this call."""
        async with self._answered:
            wanted = self._asked + 1
            self._hurry.set()
            await self._answered.wait_for(lambda: self._answers >= wanted)

    def hurry(self) -> None:
        """Beat as soon as possible instead of at the next interval."""
        self._hurry.set()

    def leave(self) -> None:
        """From now on, being gone from the cluster is what we wanted: no beat joins anew."""
        self._leaving = True

    async def close(self) -> None:
        """Give the connection, and with it the session lock, back."""
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            try:
                await connection.close(timeout=2)
            except CONNECTION_LOST:
                connection.terminate()

    async def _connect(self) -> "Connection":
        connection = await connect(self._uri, application=f"ffmate-desktop {self.facts.identifier}"[:63])
        connection.add_termination_listener(lambda _connection: self._hurry.set())
        try:
            async with asyncio.timeout(LONGEST_ANSWER):
                await listen(connection, self._bus.publish, NODE_CHANNEL)
                await leases.answer_within(connection, self._limit)
        except BaseException:
            connection.terminate()
            raise
        logs.cluster.debug("Listening on channel %s", NODE_CHANNEL)
        self._connected_at = asyncio.get_running_loop().time()
        self._bus.publish(AnythingChanged())
        return connection

    async def _repair(self, missing: MissingTablesError) -> None:
        """Set the tables up again if possible; log once why it is not."""
        try:
            await repair(self._uri)
        except UserError as error:
            told = error
        except CONNECTION_LOST as error:
            told = trouble(error)
        else:
            logs.cluster.debug("%s", missing)
            return
        level = logs.cluster.debug if str(told) == self._missing else logs.cluster.warning
        self._missing = str(told)
        level("%s", told)

    def _say(self, sentence: str) -> None:
        """Log a sentence once for each outage."""
        level = logs.cluster.debug if sentence == self._said else logs.cluster.info
        self._said = sentence
        level("%s", sentence)

    def _stay(self) -> None:
        """Keep the connection if it is still open: a new one would get the same answer."""
        if self._connection is None or self._connection.is_closed():
            self._drop()
        else:
            # The others could not beat either.
            self._connected_at, self._due = asyncio.get_running_loop().time(), None

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()  # close() would wait for a server that may be gone
        self._connection = self._connected_at = self._due = None

    async def _beat_for_ever(self, connection: "Connection") -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._hurry.clear()
            sent = loop.time()
            self._asked += 1
            async with asyncio.timeout(self._limit):
                beat = await leases.beat(
                    connection, self.membership.id, self.facts.lease, self._progress(), self._load()
                )
            if beat.state is None and self._leaving:
                await asyncio.Event().wait()  # with the connection, and its lock, until we are cancelled
            if beat.state is None:
                await self._join_anew(connection)
                continue
            self._beats += 1
            self._said = ""
            self._notice_sleep(beat, sent)
            logs.cluster.debug(
                "Beat answered in %.0f ms: state %s, %d tasks are ours, %s",
                1000 * (loop.time() - sent),
                beat.state,
                len(beat.mine),
                "work waits" if beat.work else "no work waits for us",
            )
            held = self._on_beat(beat, sent)
            if held:
                async with asyncio.timeout(LONGEST_ANSWER):
                    adopted = await leases.adopt(connection, self.membership.id, held)
                self._on_adopted(held, adopted)
            async with self._answered:
                self._answers = self._asked
                self._answered.notify_all()
            pause = self.facts.heartbeat
            if beat.due is not None and beat.due > 0:
                pause = min(pause, beat.due + MOMENT)  # look again just when that node may be dead
            self._sent, self._due = sent, sent + pause
            try:
                async with asyncio.timeout(pause - (loop.time() - sent)):
                    await self._hurry.wait()
            except TimeoutError:
                pass
            if connection.is_closed():
                raise ConnectionResetError("the server closed the connection")
            if not self._has_lock:
                async with asyncio.timeout(LONGEST_ANSWER):
                    self._has_lock = await leases.hold_session(connection, self.membership.id)

    def _notice_sleep(self, beat: Beat, sent: float) -> None:
        """Declare no node lost for a whole lease after this computer or the server slept: all leases look over then.

        As long as our beats are not later than this, no node that beats in time loses its lease unseen.
        """
        if self._due is None:
            return
        late = max(beat.gap - (self._due - self._sent), sent - self._due)
        if late > max(DELAY, beat.shortest * (self.facts.lease / self.facts.heartbeat - MISSED)):
            self._connected_at = asyncio.get_running_loop().time()
            logs.cluster.info(
                "A heartbeat came %.1f s late, as after a sleep of this computer or of the server: this node declares"
                " no other lost for %.0f s",
                *(late, self.facts.lease),
            )

    async def _join_anew(self, connection: "Connection") -> None:
        cluster = self.membership.cluster
        try:
            membership = await leases.join(connection, self.facts)
        except STILL_CONNECTED:
            raise
        except UserError:  # our name is somebody else's now
            logs.cluster.warning(DEAD)
            self._on_expelled()
            raise
        self._membership, self._has_lock, self._missing = membership, True, ""
        self._connected_at, self._due = asyncio.get_running_loop().time(), None
        if None in (cluster, membership.cluster) or cluster == membership.cluster:
            logs.cluster.warning(DEAD)
        else:
            logs.cluster.warning(
                "The database is a new one, without this node's tasks; the node joins its cluster"
            )
            self._on_expelled()
