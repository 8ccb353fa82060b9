"""Injects faults into a chaos cluster: every kind of fault, chosen at random from a seed."""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

import asyncpg
import psutil

from tests.children import kill_child
from tests.faults.chaos_cluster import LEASE, ChaosCluster
from tests.faults.clock import CAN_SHIFT, HOUR
from tests.faults.node_process import NodeProcess

Fault = Callable[[NodeProcess, random.Random], Awaitable[None]]
TWIN = 60.0
"""Seconds within which a second node of one name is refused, or works because the first one is gone."""
AT_ONCE = 3
"""Faults at the same time."""


class FaultInjector:
    """Breaks parts of a cluster. What it breaks, in which order and for how long, depends on the seed only."""

    def __init__(self, cluster: ChaosCluster, seed: int) -> None:
        self._cluster = cluster
        self._dice = random.Random(seed)
        self.faults: Counter[str] = Counter()
        self._kinds: list[Fault] = [
            *(self._kill, self._kill, self._freeze, self._freeze, self._cut, self._cut, self._stop),
            *(self._kill_encoder, self._kill_encoder, self._reset, self._duplicate, self._crash_server),
            *(self._command, self._command, self._command),
        ]
        if CAN_SHIFT:
            self._kinds.append(self._shift_clock)
        if cluster.disk is not None:
            self._kinds.append(self._fill_disk)
        if cluster.standby is not None:
            self._kinds.append(self._fail_over)

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self._dice.random() < probability

    async def inject(self, seconds: float, most: int) -> None:
        """Inject faults until the time is over or there were `most` faults. At the end, all of them are repaired."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        free = asyncio.Semaphore(AT_ONCE)

        async def carry_out(kind: Fault, node: NodeProcess, dice: random.Random) -> None:
            async with free:
                await kind(node, dice)

        async with asyncio.TaskGroup() as group:
            while loop.time() < end and self.faults.total() < most:
                kind, node = self._dice.choice(self._kinds), self._dice.choice(self._cluster.nodes)
                self.faults[kind.__name__.strip("_")] += 1
                group.create_task(carry_out(kind, node, random.Random(self._dice.random())))
                await asyncio.sleep(self._dice.uniform(0.1, 0.6))
                async with free:  # wait while too much is broken
                    pass

    async def _kill(self, node: NodeProcess, dice: random.Random) -> None:
        async with self._cluster.exclusive(node):
            node.send(signal.SIGKILL)
            await node.ended()
            if dice.random() < 0.5:
                await asyncio.sleep(dice.uniform(0, 2 * LEASE))
            await node.start()

    async def _freeze(self, node: NodeProcess, dice: random.Random) -> None:
        async with self._cluster.exclusive(node):
            node.send(signal.SIGSTOP)
            await asyncio.sleep(LEASE * dice.uniform(0.5, 2))
            node.send(signal.SIGCONT)

    async def _cut(self, node: NodeProcess, dice: random.Random) -> None:
        async with self._cluster.exclusive(node):
            node.line.cut()
            await asyncio.sleep(LEASE * dice.uniform(0.3, 2.5))
            node.line.restore()

    async def _stop(self, node: NodeProcess, _dice: random.Random) -> None:
        async with self._cluster.exclusive(node):
            node.send(signal.SIGTERM)
            await node.ended()
            await node.start()

    async def _kill_encoder(self, node: NodeProcess, dice: random.Random) -> None:
        if encoders := node.encoders():
            with suppress(psutil.Error):
                dice.choice(encoders).kill()
                self._cluster.killed_encoders += 1

    async def _duplicate(self, node: NodeProcess, dice: random.Random) -> None:
        """Start a second node of the same name. It is refused unless the first one is provably gone."""
        async with self._cluster.exclusive(node):
            start_duplicate, log = await node.start_duplicate()
            with suppress(TimeoutError):
                async with asyncio.timeout(TWIN):
                    while start_duplicate.returncode is None and b"Ready for tasks" not in log.read_bytes():
                        await asyncio.sleep(0.1)
            self._cluster.refused_duplicates += start_duplicate.returncode is not None
            if start_duplicate.returncode is None:  # it took over the name, and works
                await asyncio.sleep(dice.uniform(0, LEASE))
                kill_child(start_duplicate)
                await start_duplicate.wait()

    async def _shift_clock(self, node: NodeProcess, dice: random.Random) -> None:
        node.clock.shift(dice.uniform(-HOUR, HOUR))

    async def _reset(self, _member: NodeProcess, _dice: random.Random) -> None:
        with suppress(OSError, asyncpg.PostgresError):
            connection = await asyncpg.connect(self._cluster.server.uri, timeout=5)
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name LIKE 'ffmate-desktop%'"
            )
            await connection.close(timeout=5)

    async def _crash_server(self, _member: NodeProcess, dice: random.Random) -> None:
        async with self._cluster.exclusive("server"):
            await self._cluster.server.kill()
            await asyncio.sleep(dice.uniform(0, 2))
            await self._cluster.server.start()

    async def _fail_over(self, _member: NodeProcess, dice: random.Random) -> None:
        """The primary dies and its standby takes over. The old primary comes back as the standby."""
        async with self._cluster.exclusive("server"):
            old = self._cluster.server
            await self._cluster.fail_over(dice.uniform(0, 2))
            await old.copy(self._cluster.server)
            self._cluster.standby = old

    async def _fill_disk(self, _member: NodeProcess, dice: random.Random) -> None:
        disk = self._cluster.disk
        assert disk is not None
        async with self._cluster.exclusive(disk):
            disk.fill(leave=dice.choice([0, 0, 4096, 16384]))
            await asyncio.sleep(dice.uniform(0.3, 1.5))
            disk.drain()

    async def _command(self, _member: NodeProcess, dice: random.Random) -> None:
        """Cancel, restart, delete, or pause and resume a task, as a user may."""
        cluster = self._cluster
        async with cluster.exclusive("commands"):
            uuid = dice.choice(cluster.uuids)
            if uuid in cluster.deleted:
                return
            cluster.commanded.add(uuid)
            match dice.choice(["cancel", "restart", "restart", "delete", "pause"]):
                case "cancel":
                    await cluster.ask(lambda service: service.cancel([uuid]))
                case "restart":
                    cluster.restarts[uuid] += 1
                    await cluster.ask(lambda service: service.restart([uuid]))
                case "delete":
                    cluster.deleted.add(uuid)
                    await cluster.ask(lambda service: service.delete([uuid]))
                case "pause":
                    await cluster.ask(lambda service: service.pause([uuid]))
                    await asyncio.sleep(dice.uniform(0, 1))
                    await cluster.ask(lambda service: service.resume([uuid]))
