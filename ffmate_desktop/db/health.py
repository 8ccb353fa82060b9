"""Checks whether a node can work with a database: for `doctor`, the connection test and each start."""

import asyncio
import statistics
from dataclasses import dataclass
from datetime import UTC, datetime

from ffmate_desktop import logs
from ffmate_desktop.db.connection.address import Address
from ffmate_desktop.db.connection.connect_errors import lacks_rights
from ffmate_desktop.db.connection.session import Session
from ffmate_desktop.db.connection.start_checks import verified_session
from ffmate_desktop.db.connection.uri import parse
from ffmate_desktop.db.queries import query
from ffmate_desktop.db.repair import MissingParts, find_missing_parts, missing_parts_error

SLOW = 0.1
"""Seconds for one round trip from which on it is reported."""

CLOCK = 60.0
"""Seconds that two clocks may differ before it is reported."""


@dataclass(frozen=True, slots=True)
class Health:
    """The result of the checks. All times are in seconds.

    `latency` is the median round trip, `clock_offset` server minus local, `delivery` the time of a notification.
    `encryption` is the TLS version or empty, `checked` whether the server's certificate was verified, `local` whether
    the connection stays on this computer. `owner` owns the tables, `may_migrate` says whether this user may change
    them. `closing` is SQL that restricts connecting to named roles; it is empty when that is already so.
    """

    version: str
    role: str
    database: str
    where: str
    local: bool
    encryption: str
    checked: bool
    latency: float
    clock_offset: float
    pooled: bool
    delivery: float
    owner: str | None
    may_migrate: bool
    closing: str
    encoding: str
    missing_rights: tuple[str, ...]
    missing_parts: MissingParts
    notes: tuple[str, ...]


async def check_health(uri: str) -> Health:
    """Test everything that a node needs; raises UserError when it cannot work with this database at all."""
    address = parse(uri)
    async with verified_session(address) as (session, delivery):
        return await _ask(address, session, delivery)


async def check_for_node(uri: str) -> None:
    """The same for the start of a node: also raises UserError for missing rights, and logs the results."""
    health = await check_health(uri)
    if health.missing_rights:
        raise lacks_rights(health.role, health.missing_rights)
    if health.missing_parts.tables or health.missing_parts.functions:
        raise missing_parts_error(health.missing_parts)
    if health.missing_parts:
        logs.cluster.warning("Changes will be noticed late: %s", missing_parts_error(health.missing_parts))
    logs.cluster.debug(
        "PostgreSQL %s, database %s, user %s: a round trip takes %.1f ms, a notification %.1f ms, its clock is"
        " %+.1f s off this computer's",
        *(health.version, health.database, health.role),
        *(1000 * health.latency, 1000 * health.delivery, health.clock_offset),
    )
    for note in health.notes:
        logs.cluster.info(note)
    if not health.encryption and not health.local:
        logs.cluster.info(
            "The connection to the database is not encrypted. Add sslmode=require to its address to encrypt it"
        )
    if health.latency > SLOW:
        logs.cluster.info("The database is slow to reach: a round trip takes %.0f ms", 1000 * health.latency)
    if abs(health.clock_offset) > CLOCK:
        logs.cluster.info(
            "The clocks of this computer and of the database differ by %.0f s. Only times in logs are affected, since"
            " the database's clock decides everything else",
            abs(health.clock_offset),
        )


async def _ask(address: Address, session: Session, delivery: float) -> Health:
    loop = asyncio.get_running_loop()
    times, offsets = [], []
    for _ in range(5):
        start, now = loop.time(), datetime.now(UTC)
        ahead: float = await session.fetchval(query("checks", "seconds_since"), now)
        times.append(loop.time() - start)
        offsets.append(ahead - times[-1] / 2)  # the server read its clock half way through
    facts = await session.fetchrow(query("checks", "database_facts"))
    assert facts is not None  # noqa: S101 - a SELECT without FROM has one row
    peer = session.transport.get_extra_info("peername")
    return Health(
        version=session.get_settings().server_version,
        role=facts["role"],
        database=facts["database"],
        where=address.where,
        local=not isinstance(peer, tuple) or str(peer[0]).startswith(("127.", "::1")),
        encryption=session.encryption,
        checked=_certificate_is_checked(session),
        latency=statistics.median(times),
        clock_offset=statistics.median(offsets),
        pooled=session.pooled,
        delivery=delivery,
        owner=facts["owner"],
        may_migrate=facts["may_migrate"],
        closing=facts["closing"] or "",
        encoding=session.get_settings().server_encoding,
        missing_rights=await _missing_rights(session),
        missing_parts=await find_missing_parts(session) if facts["owner"] else MissingParts(),
        notes=address.notes,
    )


async def _missing_rights(session: Session) -> tuple[str, ...]:
    """Tables with the rights that are missing, such as “tasks (INSERT, DELETE)”."""
    rows = await session.fetch(query("checks", "missing_rights"))
    return tuple(f"{row['name']} ({row['rights']})" for row in rows)


def _certificate_is_checked(session: Session) -> bool:
    encrypted = session.transport.get_extra_info("ssl_object")
    return bool(encrypted and encrypted.context.verify_mode)
