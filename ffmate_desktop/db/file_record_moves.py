"""Moves file records to the new paths of their files, and cancels tasks of replaced versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.file_records import FileUpdate, fenced_step
from ffmate_desktop.db.queries import query
from ffmate_desktop.db.scans import ScanClaim
from ffmate_desktop.domain.file_record import FileRecord, ScannedFile
from ffmate_desktop.domain.stored_values import as_member
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.domain.watch_moves import MovePlan, RecordWithTask, Relocation


@dataclass(frozen=True, slots=True)
class TaskOfVersion:
    """The status of a file's task; `source` is (bytes, microseconds) of the input that it read, if known."""

    status: TaskStatus
    source: tuple[int, int] | None


async def tasks_of_versions(database: Database, tasks: Sequence[UUID]) -> dict[UUID, TaskOfVersion]:
    """The existing tasks among these."""
    rows = await database.fetch(query("file_records", "tasks_of_versions"), list(tasks))
    return {
        row["uuid"]: TaskOfVersion(
            as_member(TaskStatus, row["status"], TaskStatus.UNKNOWN),
            None if row["size"] is None else (row["size"], row["mtime"] or 0),
        )
        for row in rows
    }


async def records_of_versions(
    database: Database, folder: int, files: Sequence[ScannedFile], view: int
) -> list[tuple[int, RecordWithTask]]:
    """Records with a task that may belong to one of these files: (position in `files`, record)."""
    rows = await database.fetch(
        query("file_records", "records_of_versions"),
        folder,
        [found.mtime for found in files],
        [found.size for found in files],
        [found.inode for found in files],
        view,
    )
    return [_to_record_with_task(dict(row)) for row in rows]


def _to_record_with_task(row: dict[str, Any]) -> tuple[int, RecordWithTask]:
    position, status = row.pop("position"), row.pop("status")
    task_status = None if status is None else as_member(TaskStatus, status, TaskStatus.UNKNOWN)
    return position - 1, RecordWithTask(FileRecord(**row), task_status)


async def move(
    database: Database, claim: ScanClaim, moves: MovePlan, view: int, updates: Sequence[FileUpdate] = ()
) -> int:
    """One step: move and drop records, cancel tasks, update states. Raises ScanLostError."""
    places = [_place(place, view) for place in moves.places]
    async with fenced_step(database, claim) as (connection, step):
        if moves.cancelled:
            reasons = [moves.cancelled[task] for task in moves.cancelled]
            await connection.fetch(query("file_records", "cancel_replaced"), list(moves.cancelled), reasons)
        if moves.dropped:
            await connection.fetch(
                query("file_records", "drop_files"), claim.id, [record.id for record in moves.dropped]
            )
        if places:
            await connection.fetch(
                query("file_records", "clear_paths"), claim.id, [row["id"] for row in places]
            )
            await connection.fetch(query("file_records", "set_paths"), claim.id, places, step)
        if updates:
            data = [update.to_row() for update in updates]
            await connection.fetch(query("file_records", "update_files"), claim.id, data, step)
    return step


def _place(place: Relocation, view: int) -> dict[str, Any]:
    now = place.found or place.record
    return {
        "id": place.record.id,
        "path": place.path,
        "size": now.size,
        "mtime": now.mtime,
        "inode": now.inode,
        "view": place.record.view if place.found is None else view,
        "gone": place.found is None,
    }
