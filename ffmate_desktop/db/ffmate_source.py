"""Reads the tables of an FFmate 2 database (SQLite or PostgreSQL) without changing it."""

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
"""Table names that releases of FFmate 2 use."""


def read_sqlite(path: Path) -> Tables:
    """FFmate's tables of a SQLite file. Raises UserError.

    It reads a copy, including the write-ahead log: even opening the original for reading can create files next to it.
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
            raise UserError(f"Can't read “{path}”: {error.strerror or error}.") from error
        try:
            with closing(sqlite3.connect(copy)) as database:
                database.row_factory = sqlite3.Row
                database.text_factory = lambda data: data.decode("utf-8", "replace")
                if database.execute("PRAGMA quick_check").fetchone()[0] != "ok":
                    raise UserError(
                        f"“{path}” changed while it was being read, or is damaged.",
                        "Stop FFmate, then try again.",
                    )
                found = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                names = {row["name"] for row in found} & set(FFMATE_TABLES)
                return {name: _rows(database, name) for name in names}
        except sqlite3.DatabaseError as error:
            raise UserError(f"“{path}” isn't a SQLite database: {error}.") from error


def _check(path: Path, folder: Path) -> None:
    """Refuse files that aren't databases, and files that would fill the disk."""
    with path.open("rb") as file:
        begins = file.read(len(_HEADER))
    if begins and begins != _HEADER:
        raise UserError(f"“{path}” isn't a SQLite database.")
    if path.stat().st_size > shutil.disk_usage(folder).free:
        raise UserError(
            f"There isn't enough space in {folder.parent} for a copy of “{path}”.",
            "Free some space, or set TMPDIR to a folder on another disk.",
        )


def _rows(database: sqlite3.Connection, table: str) -> list[Row]:
    return [dict(row) for row in database.execute(f'SELECT * FROM "{table}"')]  # noqa: S608 - a name from FFMATE_TABLES


async def read_postgres(uri: str) -> Tables:
    """FFmate's tables of a PostgreSQL database, as text, in one read-only transaction. Raises UserError."""
    connection = await connect(uri)
    try:
        async with connection.transaction(readonly=True, isolation="repeatable_read"):
            found = await connection.fetch(query("ffmate", "list_tables"), SCHEMA)
            names = {row["table_name"] for row in found} & set(FFMATE_TABLES)
            return {name: await _copied(connection, name) for name in sorted(names)}
    except (asyncpg.InsufficientPrivilegeError, LacksRights) as error:
        raise UserError(f"This user may not read that database: {reason(error)}.") from error
    finally:
        await connection.close()


async def _copied(connection: "asyncpg.Connection[asyncpg.Record]", table: str) -> list[Row]:
    data = io.BytesIO()
    await connection.copy_from_table(table, schema_name=SCHEMA, output=data, format="csv", header=True)
    csv.field_size_limit(1 << 30)
    return list(csv.DictReader(io.StringIO(data.getvalue().decode("utf-8", "replace"), newline="")))


async def stored_webhooks(database: Database) -> set[tuple[str, str]]:
    """Event and address of each stored webhook."""
    return {(row["event"], row["url"]) for row in await database.fetch(query("ffmate", "list_webhooks"))}


async def store_webhook(database: Database, event: str, url: str) -> bool:
    """Store a webhook; False if it was already stored."""
    return await database.fetch_one(query("ffmate", "store_webhook"), uuid4(), event, url) is not None
