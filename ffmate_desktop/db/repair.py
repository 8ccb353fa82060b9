"""Repairs an emptied database: if all tables are gone it creates them again, otherwise it names the missing parts."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

from ffmate_desktop import logs
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.migrate import known_migrations, update_schema
from ffmate_desktop.db.queries import query
from ffmate_desktop.domain.errors import UserError

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]

_CREATED = re.compile(r"CREATE (?:OR REPLACE )?(TABLE|FUNCTION|TRIGGER) ([\w.]+)(?:[^;]*? ON (ffmate\.\w+))?")
_DROPPED = re.compile(r"DROP (TABLE|FUNCTION|TRIGGER) (?:IF EXISTS )?([\w.]+)")


@dataclass(frozen=True, slots=True)
class MissingParts:
    """What the migrations create and the database does not have, or has disabled."""

    tables: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tables or self.functions or self.triggers)

    def __str__(self) -> str:
        kinds = (("table", self.tables), ("function", self.functions), ("trigger", self.triggers))
        return ", ".join(f"{kind} {name}" for kind, names in kinds for name in names)


def missing_parts_error(missing_parts: MissingParts) -> UserError:
    """The error for a database from which parts were dropped, or whose restore was incomplete."""
    return UserError(
        f"Parts of FFmate Desktop's database are missing: {missing_parts}.",
        "Restore them from a backup. To start with an empty queue instead, drop the schema ffmate: the next node or "
        "command creates it again, without tasks, presets or watchfolders.",
    )


async def repair(uri: str) -> None:
    """Create the tables again if they are all gone and this user may. Otherwise raises UserError with what to do.

    Any number of nodes may do this at once: migrations take a lock.
    """
    async with Database(uri, size=1) as database:
        applied = await update_schema(database)
        if applied == len(known_migrations()):
            logs.database.warning(
                "FFmate Desktop's tables were gone. They have been created again, with an empty queue"
            )
        elif applied:
            logs.database.info("An older backup was restored. Its tables have been updated")
        async with database.connection() as connection:
            if missing_parts := await find_missing_parts(connection):
                raise missing_parts_error(missing_parts)


async def find_missing_parts(connection: "Connection") -> MissingParts:
    """Compare the database with what the migrations create."""
    tables, functions, triggers = _made()
    found: dict[str, list[str]] = {"table": [], "function": [], "trigger": []}
    for row in await connection.fetch(
        query("server", "missing_parts"),
        tables,
        functions,
        [name for name, _ in triggers],
        [on for _, on in triggers],
    ):
        found[row["kind"]].append(row["name"])
    return MissingParts(tuple(found["table"]), tuple(found["function"]), tuple(found["trigger"]))


def _made() -> tuple[list[str], list[str], list[tuple[str, str]]]:
    """All tables and functions, and triggers with their tables."""
    existing: dict[str, dict[str, str]] = {"TABLE": {}, "FUNCTION": {}, "TRIGGER": {}}
    for migration in known_migrations():
        text = re.sub(r"--.*", "", migration.sql)
        created = _CREATED.findall(text)
        recreated = {(kind, name) for kind, name, _ in created}
        for kind, name in _DROPPED.findall(text):
            if (kind, name) not in recreated:
                existing[kind].pop(name, None)
        for kind, name, on in created:
            existing[kind][name] = on
    return list(existing["TABLE"]), list(existing["FUNCTION"]), list(existing["TRIGGER"].items())
