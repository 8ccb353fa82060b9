"""Updates the database to this program's schema: applies numbered files, each one once."""

import hashlib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

import asyncpg

from ffmate_desktop import logs
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.connection.outages import BusyError, LacksRights, MissingTablesError, reason
from ffmate_desktop.db.queries import Sql, query
from ffmate_desktop.domain.errors import UserError

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = PoolConnectionProxy[asyncpg.Record]

LOCK_TIMEOUT = "60s"

_DO_NOT_FIT: tuple[type[BaseException], ...] = (
    MissingTablesError,
    asyncpg.DuplicateTableError,
    asyncpg.DuplicateObjectError,
    asyncpg.DuplicateFunctionError,
    asyncpg.DuplicateColumnError,
)
"""A part of the schema was dropped, or restored without the rest."""

PATIENCE = 3600.0
"""Seconds for one migration: millions of rows may have to be rewritten."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file `NNNN_what.sql`; `checksum` is its SHA-256 with line ends as \\n."""

    number: int
    name: str
    sql: Sql
    checksum: str


def known_migrations() -> list[Migration]:
    """The migrations of this program, in order."""
    folder = resources.files("ffmate_desktop.db") / "sql" / "migrations"
    found = []
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.name.endswith(".sql"):
            text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
            number = int(path.name.split("_", 1)[0])
            checksum = hashlib.sha256(text.encode()).hexdigest()
            found.append(Migration(number, path.name.removesuffix(".sql"), Sql(text), checksum))
    return found


def program_schema() -> int:
    """The number of the newest migration that this program knows."""
    return known_migrations()[-1].number


async def migrate(uri: str) -> int:
    """`update_schema` on a connection of its own."""
    async with Database(uri, size=1) as database:
        return await update_schema(database)


async def update_schema(database: Database) -> int:
    """Apply missing migrations; returns how many.

    Everything happens in one transaction under an advisory lock, so eight nodes may start together on an empty
    database: one applies the migrations, seven find them done. Raises UserError when the database belongs to a newer
    program, when an applied file was changed, or when rights are missing.
    """
    migrations = known_migrations()
    async with database.connection() as connection:
        if await _is_current(connection, migrations):
            return 0
        try:
            async with connection.transaction():
                await connection.execute(query("server", "allow_long_migrations"), LOCK_TIMEOUT)
                await connection.execute(query("server", "lock_migrations"), timeout=PATIENCE)
                return await _apply_missing(connection, migrations)
        except LacksRights as error:
            raise UserError(
                f"This database user isn't allowed to create FFmate Desktop's tables: {error.__cause__ or error}.",
                "Run `ffmate-desktop doctor` once as the owner of the database, or grant this user CREATE on it.",
            ) from error
        except _DO_NOT_FIT as error:
            raise UserError(
                f"The tables of this database don't match its record of migrations: {reason(error)}.",
                "Restore the schema ffmate from a backup. To start with an empty queue instead, drop that schema.",
            ) from error
        except BusyError as error:
            raise UserError(
                "Another session has locked the tables of this database for more than a minute.",
                "Try again when it has finished.",
            ) from error


async def has_current_tables(database: Database) -> bool:
    """Whether the tables are up to date for this program; changes nothing.

    False if there are none, or older ones, which the next start updates. Raises UserError when they are too new.
    """
    async with database.connection() as connection:
        return await _is_current(connection, known_migrations())


async def _is_current(connection: "Connection", migrations: list[Migration]) -> bool:
    """Needs no lock and no right to create anything: the usual case takes two reads."""
    if not await connection.fetchval(query("server", "schema_exists")):
        return False
    return await _check(connection, migrations) == migrations[-1].number


async def _apply_missing(connection: "Connection", migrations: list[Migration]) -> int:
    if not await connection.fetchval(query("server", "schema_exists")):
        _check_encoding(connection.get_settings().server_encoding)
        await connection.execute(query("server", "create_bookkeeping"))
        await connection.execute(query("server", "create_migrations_table"))
    newest = await _check(connection, migrations)
    missing = [migration for migration in migrations if migration.number > newest]
    for migration in missing:
        logs.database.info("Setting up the database: %s", migration.name)
        await connection.execute(migration.sql, timeout=PATIENCE)
        await connection.execute(
            query("server", "record_migration"), migration.number, migration.name, migration.checksum
        )
    return len(missing)


def _check_encoding(encoding: str) -> None:
    """No other encoding can store every file name. SQL_ASCII stores any bytes; `doctor` warns about it."""
    if encoding not in ("UTF8", "SQL_ASCII"):
        raise UserError(
            f"This database has the encoding {encoding}. FFmate Desktop needs UTF8.",
            "Create a database with: createdb --template template0 --encoding UTF8 NAME",
        )


async def _check(connection: "Connection", migrations: list[Migration]) -> int:
    """The number of the newest applied migration; raises UserError when program and database don't match."""
    applied = await connection.fetch(query("server", "applied_migrations"))
    ours = {migration.number: migration for migration in migrations}
    for row in applied:
        counterpart = ours.get(row["number"])
        if counterpart is not None and counterpart.checksum != row["checksum"]:
            raise UserError(
                f"The database was created with a different build of migration {row['name']}.",
                "Use the release of FFmate Desktop that created this database, or an empty database.",
            )
    newest = max((row["number"] for row in applied), default=0)
    if newest > migrations[-1].number:
        needed = await connection.fetchval(query("server", "min_program_schema"))
        if needed is not None and needed > migrations[-1].number:
            raise UserError(
                f"This database belongs to a newer version of FFmate Desktop (schema {newest}; this version knows "
                f"{migrations[-1].number}).",
                "Update FFmate Desktop on this computer.",
            )
        return migrations[-1].number
    return newest
