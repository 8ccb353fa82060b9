"""Reads the tables of an FFmate 2 database, SQLite or PostgreSQL, without changing anything there."""

import csv
import io
import shutil
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import asyncpg

from ffmate_desktop.db.connection.connection import Database, connect
from ffmate_desktop.db.connection.outages import LacksRights, reason
from ffmate_desktop.db.queries import query
from ffmate_desktop.domain.errors import UserError

Row = Mapping[str, object]
Tables = Mapping[str, Sequence[Row]]

_HEADER = b"SQLite format 3\0"
SCHEMA = "public"
FFMATE_TABLES = (
    "presets", "preset", "watchfolder", "watchfolders", "webhook", "webhooks", "labels", "preset_labels",
    "watchfolder_labels",
)  # fmt: skip
"""Names that releases of FFmate 2 have used."""


def read_sqlite(path: Path) -> Tables:
    """The wanted tables of a SQLite file. Raises UserError.

    A copy is read, with what its log has not brought into the file yet: even opening the original for reading can
    leave files beside it.
    """
    with tempfile.TemporaryDirectory(prefix="ffmate-import-") as folder:
        copy = Path(folder) / "ffmate.sqlite"
        try:
            _check(path, Path(folder))
            shutil.copyfile(path, copy)
            log = path.with_name(f"{path.name}-wal")
            if log.is_file():
                shutil.copyfile(log, f"{copy}-wal")
        except OSError as error:
            raise UserError(f"“{path}” cannot be read: {error.strerror or error}.") from error
        try:
            with closing(sqlite3.connect(copy)) as database:
                database.row_factory = sqlite3.Row
                database.text_factory = lambda data: data.decode("utf-8", "replace")
                if database.execute("PRAGMA quick_check").fetchone()[0] != "ok":
                    raise UserError(
                        f"“{path}” was being written while it was read, or is damaged.",
                        "Stop FFmate, then try again.",
                    )
                found = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                names = {row["name"] for row in found} & set(FFMATE_TABLES)
                return {name: _rows(database, name) for name in names}
        except sqlite3.DatabaseError as error:
            raise UserError(f"“{path}” is not a SQLite database: {error}.") from error


def _check(path: Path, folder: Path) -> None:
    """Copy nothing that is no database, and nothing that would fill the disk."""
    with path.open("rb") as file:
        begins = file.read(len(_HEADER))
    if begins and begins != _HEADER:
        raise UserError(f"“{path}” is not a SQLite database.")
    if path.stat().st_size > shutil.disk_usage(folder).free:
        raise UserError(
            f"There is no room in {folder.parent} for a copy of “{path}”.",
            "Free some space, or set TMPDIR to a folder on another disk.",
        )


def _rows(database: sqlite3.Connection, table: str) -> list[Row]:
    return [dict(row) for row in database.execute(f'SELECT * FROM "{table}"')]  # noqa: S608 - a constant of ours


async def read_postgres(uri: str) -> Tables:
    """The wanted tables of a PostgreSQL database, all as text, in one read-only transaction. Raises UserError."""
    connection = await connect(uri)
    try:
        async with connection.transaction(readonly=True, isolation="repeatable_read"):
            found = await connection.fetch(query("ffmate", "list_tables"), SCHEMA)
            names = {row["table_name"] for row in found} & set(FFMATE_TABLES)
            return {name: await _copied(connection, name) for name in sorted(names)}
    except (asyncpg.InsufficientPrivilegeError, LacksRights) as error:
        raise UserError(f"That database does not let us read: {reason(error)}.") from error
    finally:
        await connection.close()


async def _copied(connection: "asyncpg.Connection[asyncpg.Record]", table: str) -> list[Row]:
    data = io.BytesIO()
    await connection.copy_from_table(table, schema_name=SCHEMA, output=data, format="csv", header=True)
    csv.field_size_limit(1 << 30)
    return list(csv.DictReader(io.StringIO(data.getvalue().decode("utf-8", "replace"), newline="")))


async def stored_webhooks(database: Database) -> set[tuple[str, str]]:
    """Event and address of those that are kept here."""
    return {(row["event"], row["url"]) for row in await database.fetch(query("ffmate", "list_webhooks"))}


async def store_webhook(database: Database, event: str, url: str) -> bool:
    """Keep one; False when it was here already."""
    return await database.fetch_one(query("ffmate", "store_webhook"), uuid4(), event, url) is not None
