"""What may happen to a cluster: every kind of fault, and the dice that choose one."""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

import asyncpg
import psutil

from tests.children import kill_child
from tests.faults.clock import CAN_SHIFT, HOUR
from tests.faults.member import Member
from tests.faults.stage import LEASE, Stage

Fault = Callable[[Member, random.Random], Awaitable[None]]
TWIN = 60.0
"""Seconds in which a second node of one name has been refused, or works because the first one is gone."""
AT_ONCE = 3
"""Things that may be broken at the same time."""


class Fate:
    """Breaks things on a stage. What is broken, in which order and for how long, follows from the seed."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self._stage = stage
        self._dice = random.Random(seed)
        self.faults: Counter[str] = Counter()
        self._kinds: list[Fault] = [
            *(self._kill, self._kill, self._freeze, self._freeze, self._cut, self._cut, self._stop),
            *(self._kill_encoder, self._kill_encoder, self._reset, self._twin, self._crash_server),
            *(self._command, self._command, self._command),
        ]
        if CAN_SHIFT:
            self._kinds.append(self._shift_clock)
        if stage.disk is not None:
            self._kinds.append(self._fill_disk)
        if stage.standby is not None:
            self._kinds.append(self._fail_over)

    def chance(self, probability: float) -> bool:
        """A throw of the dice."""
        return self._dice.random() < probability

    async def strike(self, seconds: float, most: int) -> None:
        """Break things until the time is over or there were `most` faults; everything is mended then."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        free = asyncio.Semaphore(AT_ONCE)

        async def carry_out(kind: Fault, member: Member, dice: random.Random) -> None:
            async with free:
                await kind(member, dice)

        async with asyncio.TaskGroup() as group:
            while loop.time() < end and self.faults.total() < most:
                kind, member = self._dice.choice(self._kinds), self._dice.choice(self._stage.members)
                self.faults[kind.__name__.strip("_")] += 1
                group.create_task(carry_out(kind, member, random.Random(self._dice.random())))
                await asyncio.sleep(self._dice.uniform(0.1, 0.6))
                async with free:  # wait while too much is broken
                    pass

    async def _kill(self, member: Member, dice: random.Random) -> None:
        async with self._stage.hold(member):
            member.send(signal.SIGKILL)
            await member.ended()
            if dice.random() < 0.5:
                await asyncio.sleep(dice.uniform(0, 2 * LEASE))
            await member.start()

    async def _freeze(self, member: Member, dice: random.Random) -> None:
        async with self._stage.hold(member):
            member.send(signal.SIGSTOP)
            await asyncio.sleep(LEASE * dice.uniform(0.5, 2))
            member.send(signal.SIGCONT)

    async def _cut(self, member: Member, dice: random.Random) -> None:
        async with self._stage.hold(member):
            member.line.cut()
            await asyncio.sleep(LEASE * dice.uniform(0.3, 2.5))
            member.line.mend()

    async def _stop(self, member: Member, _dice: random.Random) -> None:
        async with self._stage.hold(member):
            member.send(signal.SIGTERM)
            await member.ended()
            await member.start()

    async def _kill_encoder(self, member: Member, dice: random.Random) -> None:
        if encoders := member.encoders():
            with suppress(psutil.Error):
                dice.choice(encoders).kill()
                self._stage.killed_encoders += 1

    async def _twin(self, member: Member, dice: random.Random) -> None:
        """A second node of the same name is refused, unless the first one is provably gone."""
        async with self._stage.hold(member):
            twin, log = await member.twin()
            with suppress(TimeoutError):
                async with asyncio.timeout(TWIN):
                    while twin.returncode is None and b"Ready for tasks" not in log.read_bytes():
                        await asyncio.sleep(0.1)
            self._stage.refused_twins += twin.returncode is not None
            if twin.returncode is None:  # it has the name now, and works
                await asyncio.sleep(dice.uniform(0, LEASE))
                kill_child(twin)
                await twin.wait()

    async def _shift_clock(self, member: Member, dice: random.Random) -> None:
        member.clock.shift(dice.uniform(-HOUR, HOUR))

    async def _reset(self, _member: Member, _dice: random.Random) -> None:
        with suppress(OSError, asyncpg.PostgresError):
            connection = await asyncpg.connect(self._stage.server.uri, timeout=5)
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name LIKE 'ffmate-desktop%'"
            )
            await connection.close(timeout=5)

    async def _crash_server(self, _member: Member, dice: random.Random) -> None:
        async with self._stage.hold("server"):
            await self._stage.server.kill()
            await asyncio.sleep(dice.uniform(0, 2))
            await self._stage.server.start()

    async def _fail_over(self, _member: Member, dice: random.Random) -> None:
        """The primary dies and its standby takes over; what died comes back as the standby."""
        async with self._stage.hold("server"):
            old = self._stage.server
            await self._stage.fail_over(dice.uniform(0, 2))
            await old.copy(self._stage.server)
            self._stage.standby = old

    async def _fill_disk(self, _member: Member, dice: random.Random) -> None:
        disk = self._stage.disk
        assert disk is not None
        async with self._stage.hold(disk):
            disk.fill(leave=dice.choice([0, 0, 4096, 16384]))
            await asyncio.sleep(dice.uniform(0.3, 1.5))
            disk.drain()

    async def _command(self, _member: Member, dice: random.Random) -> None:
        """Somebody cancels, restarts, deletes, or pauses and resumes a task."""
        stage = self._stage
        async with stage.hold("commands"):
            uuid = dice.choice(stage.uuids)
            if uuid in stage.deleted:
                return
            stage.commanded.add(uuid)
            match dice.choice(["cancel", "restart", "restart", "delete", "pause"]):
                case "cancel":
                    await stage.ask(lambda service: service.cancel([uuid]))
                case "restart":
                    stage.restarts[uuid] += 1
                    await stage.ask(lambda service: service.restart([uuid]))
                case "delete":
                    stage.deleted.add(uuid)
                    await stage.ask(lambda service: service.delete([uuid]))
                case "pause":
                    await stage.ask(lambda service: service.pause([uuid]))
                    await asyncio.sleep(dice.uniform(0, 1))
                    await stage.ask(lambda service: service.resume([uuid]))
