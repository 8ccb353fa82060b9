"""Is this database fit for a cluster? Asked by `doctor`, answered by trying."""

import asyncio
import json
import secrets
import statistics
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from ffmate_desktop.db.connection import MINIMUM_SERVER, connect
from ffmate_desktop.db.listener import CHANNEL
from ffmate_desktop.db.queries import query

DELIVERY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Health:
    """What was found. `latency` is the median round trip in seconds, `clock_offset` server minus local, in seconds.

    `delivery` is how long a notification took in seconds, None when it did not arrive. `pooled` tells that somebody
    stands between us and the server. `missing_rights` names tables that the user cannot fully use.
    """

    version: str
    new_enough: bool
    role: str
    database: str
    standby: bool
    encrypted: bool
    latency: float
    clock_offset: float
    pooled: bool
    delivery: float | None
    missing_rights: tuple[str, ...]


async def examine(uri: str) -> Health:
    """Try everything that a node needs; raises UserError when there is no connection at all."""
    loop = asyncio.get_running_loop()
    first, second = await connect(uri), await connect(uri)
    try:
        times = []
        for _ in range(5):
            start = loop.time()
            facts = await first.fetchrow(query("server", "server_facts"))
            times.append(loop.time() - start)
        ahead = await first.fetchval(query("server", "seconds_since"), datetime.now(UTC))
        assert facts is not None  # noqa: S101 - a SELECT without FROM has one row
        delivery = await _delivery(first, second)
        rights = await first.fetch(query("server", "table_rights"))
        return Health(
            version=facts["version_text"],
            new_enough=facts["version"] >= MINIMUM_SERVER,
            role=facts["role"],
            database=facts["database"],
            standby=facts["standby"],
            encrypted=bool(facts["encrypted"]),
            latency=statistics.median(times),
            clock_offset=ahead,
            pooled=first.get_server_pid() != facts["pid"],
            delivery=delivery,
            missing_rights=tuple(row["name"] for row in rights),
        )
    finally:
        first.terminate()
        second.terminate()


async def _delivery(
    listener: "asyncpg.Connection[asyncpg.Record]", sender: "asyncpg.Connection[asyncpg.Record]"
) -> float | None:
    """Seconds that a notification took from one connection to the other; None when it never came."""
    loop = asyncio.get_running_loop()
    arrived = asyncio.Event()
    payload = json.dumps({"kind": "test", "nonce": secrets.token_hex(8)})

    def hear(_connection: object, _pid: int, _channel: str, text: object) -> None:
        if text == payload:
            arrived.set()

    await listener.add_listener(CHANNEL, hear)
    start = loop.time()
    await sender.fetch(query("server", "notify"), payload)
    try:
        async with asyncio.timeout(DELIVERY_SECONDS):
            await arrived.wait()
    except TimeoutError:
        return None
    return loop.time() - start
