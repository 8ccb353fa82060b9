"""Watchfolders and their files in the database, as people set and see them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from ffmate_desktop.db.connection.connection import Database, storable
from ffmate_desktop.db.queries import query
from ffmate_desktop.domain.file_record import reason_text
from ffmate_desktop.domain.stored_values import Unreadable, as_member, read_record
from ffmate_desktop.domain.watchfolder import (
    Counts,
    FileState,
    ScanResult,
    WatchedFile,
    Watchfolder,
    WatchfolderSettings,
    read_watchfolder_settings,
    readable_settings,
)

if TYPE_CHECKING:
    import asyncpg


async def list_watchfolders(database: Database) -> list[Watchfolder]:
    """All watchfolders, by name."""
    return [_to_folder(row) for row in await database.fetch(query("watchfolders", "list_watchfolders"))]


async def get(database: Database, uuid: UUID) -> Watchfolder | None:
    """The watchfolder, or None."""
    row = await database.fetch_one(query("watchfolders", "get_watchfolder"), uuid)
    return None if row is None else _to_folder(row)


def _to_folder(row: "asyncpg.Record") -> Watchfolder:
    found = read_watchfolder_settings(row["spec"])
    unreadable = str(found) if isinstance(found, Unreadable) else None
    settings = readable_settings(row["spec"]) if isinstance(found, Unreadable) else found
    result = None if row["result"] is None else read_record(ScanResult, row["result"])
    return Watchfolder(
        **settings.model_dump() | {"name": row["name"], "suspended": row["suspended"]},
        unreadable=unreadable,
        uuid=row["uuid"],
        version=row["version"],
        error=row["error"],
        error_at=None if row["error"] is None else row["error_at"],
        scanning_by=row["scanning_by"],
        last_check=row["scanned_at"],
        last_node=row["scanned_by"],
        last_scan=None if isinstance(result, Unreadable) else result,
        next_check=None if row["suspended"] else row["due_at"],
        overdue=0.0 if row["suspended"] else row["overdue"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


_FIELDS = [field.alias for field in WatchfolderSettings.model_fields.values()]


async def insert(database: Database, uuid: UUID, settings: WatchfolderSettings) -> None:
    """Store a new watchfolder and notify every node."""
    await database.fetch(query("watchfolders", "insert_watchfolder"), uuid, *_columns(settings))


async def update(
    database: Database, uuid: UUID, settings: WatchfolderSettings, version: int | None = None
) -> bool:
    """Change a watchfolder; False if it doesn't exist or has another version by now."""
    row = await database.fetch_one(
        query("watchfolders", "update_watchfolder"), uuid, *_columns(settings), version, _FIELDS
    )
    return row is not None


def _columns(settings: WatchfolderSettings) -> tuple[object, ...]:
    labels = [storable(label) for label in settings.labels]
    return settings.name, settings.suspended, settings.interval, labels, settings.to_json()


async def set_suspended(database: Database, uuid: UUID, suspended: bool) -> bool:
    """Suspend or resume; False if it doesn't exist."""
    row = await database.fetch_one(query("watchfolders", "suspend_watchfolder"), uuid, suspended)
    return row is not None


async def count_pending_originals(database: Database, uuid: UUID) -> int:
    """How many originals are still to be moved, or may be once their tasks end."""
    row = await database.fetch_one(query("watchfolders", "count_pending_originals"), uuid)
    return 0 if row is None else int(row["files"])


async def delete(database: Database, uuid: UUID) -> bool:
    """Delete a watchfolder and its file records; False if it doesn't exist."""
    return await database.fetch_one(query("watchfolders", "delete_watchfolder"), uuid) is not None


async def ask_for_scan(database: Database, uuid: UUID) -> bool:
    """Make it due now; False if it doesn't exist or is suspended."""
    return await database.fetch_one(query("watchfolders", "ask_for_scan"), uuid) is not None


async def queue_again(database: Database, uuid: UUID, files: Sequence[int]) -> set[int]:
    """Let the next scan queue files again whose tasks were deleted; returns the files it will queue."""
    rows = await database.fetch(query("watchfolders", "queue_again"), uuid, list(files))
    return {row["id"] for row in rows}


async def list_files(
    database: Database,
    uuid: UUID,
    *,
    states: Sequence[FileState] | None = None,
    before: int | None = None,
    pattern: str | None = None,
    gone: bool = False,
    limit: int | None = None,
) -> list[WatchedFile]:
    """Files of a watchfolder, most recently found first; `before` is an id, `pattern` is for ILIKE.

    Files that are gone are included if they had a task, or with `gone` always.
    """
    rows = await database.fetch_planned(
        query("watchfolders", "list_files"),
        uuid,
        None if states is None else [str(state) for state in states],
        before,
        pattern,
        gone,
        limit,
    )
    return [_to_file(row) for row in rows]


def _to_file(row: "asyncpg.Record") -> WatchedFile:
    state = as_member(FileState, row["state"], FileState.UNKNOWN)
    shown = {"state": state, "state_word": row["state"], "reason": reason_text(row["reason"])}
    return WatchedFile(**dict(row) | shown)


async def file_anchors(
    database: Database,
    uuid: UUID,
    *,
    states: Sequence[FileState] | None = None,
    pattern: str | None = None,
    gone: bool = False,
    every: int,
) -> list[int]:
    """The ids of every `every`-th file of that list, starting with the first."""
    words = None if states is None else [str(state) for state in states]
    rows = await database.fetch_planned(
        query("watchfolders", "file_anchors"), uuid, words, pattern, gone, every
    )
    return [row["id"] for row in rows]


async def count_files(
    database: Database, uuid: UUID | None = None, pattern: str | None = None
) -> dict[UUID, Counts]:
    """How many files of the watchfolder, or of each one, are in each state."""
    counts: dict[UUID, dict[FileState, int]] = {}
    for row in await database.fetch_planned(query("watchfolders", "count_files"), uuid, pattern):
        by_state = counts.setdefault(row["uuid"], {})
        state = as_member(FileState, row["state"], FileState.UNKNOWN)
        by_state[state] = by_state.get(state, 0) + row["files"]
    return dict(counts)
