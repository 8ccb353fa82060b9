"""File records, read in steps and written under the fence of a scan. file_records.sql explains the rules."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from ffmate_desktop.db.connection.connection import Database, storable
from ffmate_desktop.db.queries import query
from ffmate_desktop.db.scans import ScanClaim, ScanLostError
from ffmate_desktop.db.tasks import TaskRow, insert_on, refusing_taken_outputs
from ffmate_desktop.domain.disposition import Disposition
from ffmate_desktop.domain.file_record import FileRecord, FileRecordSummary, RecordState, ScannedFile
from ffmate_desktop.domain.stored_values import Unreadable
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.domain.task_source import TaskSource

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = PoolConnectionProxy[asyncpg.Record]

PIECE = 1000
"""Rows that are read at once: some milliseconds of the event loop."""

KEEP_GONE = timedelta(days=90)
"""How long the record of a file that is gone is kept, in case it comes back unchanged."""

LEAST_GONE = 500
"""With fewer rows to remove, it isn't worth making every node read all records again."""


@dataclass(frozen=True, slots=True)
class FileWrite:
    """A record to write: the file that was found, and its state."""

    found: ScannedFile
    view: int
    state: RecordState
    reason: str
    checks: int = 0
    task: UUID | None = None
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class EndedFile:
    """A file whose task has ended. `output` is the output, of several the first; `input` is what the task read.

    `changed`: the task failed because its input changed while it was being encoded.
    """

    id: int
    found: ScannedFile
    view: int
    attempts: int
    task: UUID
    status: TaskStatus
    error: str
    output: str | None
    output_size: int | None
    gone: bool
    changed: bool = False
    input: str | None = None


@dataclass(frozen=True, slots=True)
class FileUpdate:
    """The new state of a record whose task has ended. `disposition` is what is left to do with the original.

    `moved_to` is the original's new path if that is below the watchfolder, else empty.
    """

    id: int
    state: RecordState
    reason: str
    attempts: int
    disposition: Disposition | None = None
    gone: bool = False
    moved_to: str = ""

    def to_row(self) -> dict[str, Any]:
        """The row that the statement `update_files` takes."""
        return {
            "id": self.id,
            "state": self.state,
            "reason": self.reason,
            "attempts": self.attempts,
            "disposal": None if self.disposition is None else self.disposition.to_json(),
            "gone": self.gone,
            "moved_to": self.moved_to,
        }


@dataclass(frozen=True, slots=True)
class PendingOriginal:
    """An original that is still to be moved or put into the trash.

    If its `disposition` is unreadable, the original stays where it is.
    """

    id: int
    found: ScannedFile
    view: int
    state: RecordState
    attempts: int
    disposition: Disposition | Unreadable

    def update(
        self,
        reason: str = "",
        *,
        disposition: Disposition | None = None,
        gone: bool = False,
        moved_to: str = "",
    ) -> FileUpdate:
        """The record with this reason. Without `disposition` nothing is left to do."""
        return FileUpdate(self.id, self.state, reason, self.attempts, disposition, gone, moved_to)


async def read_since(database: Database, folder: int, step: int) -> AsyncIterator[list[FileRecordSummary]]:
    """The records written after a step, in pieces."""
    async with database.transaction() as connection:
        cursor = await connection.cursor(query("file_records", "read_since"), folder, step)
        while rows := await cursor.fetch(PIECE):
            yield [FileRecordSummary(*row) for row in rows]


async def records_by_path(database: Database, folder: int, paths: Sequence[str]) -> dict[str, FileRecord]:
    """The records of these paths."""
    rows = await database.fetch(
        query("file_records", "records_by_path"), folder, [storable(path) for path in paths]
    )
    return {row["path"]: _to_record(row) for row in rows}


async def records_by_id(database: Database, folder: int, ids: Sequence[int]) -> list[FileRecord]:
    """The existing records with these ids."""
    return [
        _to_record(row) for row in await database.fetch(query("file_records", "records_by_id"), folder, ids)
    ]


async def all_records(database: Database, uuid: UUID) -> dict[str, FileRecord]:
    """All records of a watchfolder."""
    rows = await database.fetch(query("file_records", "all_records"), uuid)
    return {row["path"]: _to_record(row) for row in rows}


def _to_record(row: asyncpg.Record) -> FileRecord:
    return FileRecord(**dict(row))


async def outputs_among(database: Database, files: Sequence[tuple[str, int, int]]) -> dict[int, UUID]:
    """Which of these (path key, microseconds, bytes) are outputs of the cluster: position → task."""
    rows = await database.fetch(
        query("file_records", "outputs_among"),
        [storable(key) for key, _, _ in files],
        [mtime for _, mtime, _ in files],
        [size for _, _, size in files],
    )
    return {row["position"] - 1: row["task"] for row in rows}


async def forget_outputs(database: Database, age: timedelta) -> int:
    """Forget outputs that were written longer ago than `age`; returns how many."""
    total = gone = PIECE
    while gone == PIECE:
        gone = len(await database.fetch(query("file_records", "forget_outputs"), age, PIECE))
        total += gone
    return total - PIECE


@asynccontextmanager
async def fenced_step(database: Database, claim: ScanClaim) -> AsyncIterator[tuple["Connection", int]]:
    """A transaction under the fence of the scan, and its step number. Raises ScanLostError."""
    async with database.transaction() as connection:
        step = await connection.fetchval(
            query("file_records", "step"), claim.id, claim.epoch, claim.node_id, claim.lease
        )
        if step is None:
            raise ScanLostError
        yield connection, int(step)


@dataclass(frozen=True, slots=True)
class WrittenStep:
    """The number of a step, and path → id of the records written in it."""

    step: int
    ids: dict[str, int]


async def write(
    database: Database,
    claim: ScanClaim,
    files: Sequence[FileWrite],
    *,
    tasks: Sequence[TaskRow] = (),
    reappeared: Sequence[int] = (),
    gone: Sequence[int] = (),
) -> WrittenStep:
    """One step: records with their tasks, files that reappeared, and files that are gone; all or nothing.

    Raises ScanLostError, and OutputsTakenError when an output path is taken.
    """
    async with refusing_taken_outputs(database, tasks), fenced_step(database, claim) as (connection, step):
        if tasks:
            await insert_on(connection, tasks, batch=None, source=TaskSource.WATCHFOLDER)
        data = [_row(file) for file in files]
        rows = (
            await connection.fetch(query("file_records", "write_files"), claim.id, data, step) if data else []
        )
        if reappeared:
            await connection.fetch(query("file_records", "mark_reappeared"), claim.id, list(reappeared), step)
        if gone:
            await connection.fetch(query("file_records", "mark_gone"), claim.id, list(gone), step)
    return WrittenStep(step, {row["path"]: row["id"] for row in rows})


def _row(file: FileWrite) -> dict[str, Any]:
    return {
        "path": file.found.path,
        "size": file.found.size,
        "mtime": file.found.mtime,
        "inode": file.found.inode,
        "view": file.view,
        "state": file.state,
        "reason": file.reason,
        "checks": file.checks,
        "task": None if file.task is None else str(file.task),
        "attempts": file.attempts,
    }


async def delete_gone(database: Database, claim: ScanClaim) -> bool:
    """Delete records of files that have been gone for long; False if there were too few."""
    async with fenced_step(database, claim) as (connection, _):
        rows = await connection.fetch(query("file_records", "delete_gone"), claim.id, KEEP_GONE, LEAST_GONE)
    return bool(rows)


async def ended_files(database: Database, claim: ScanClaim, limit: int) -> list[EndedFile]:
    """Files whose tasks have ended and whose records don't say so yet, at most `limit`."""
    rows = await database.fetch(query("file_records", "ended_files"), claim.id, claim.settled_at, limit)
    return [
        EndedFile(
            row["id"],
            ScannedFile(row["path"], row["size"], row["mtime"], row["inode"]),
            row["view"],
            row["attempts"],
            row["task"],
            TaskStatus(row["status"]),  # one of the three that the statement names
            row["error"],
            row["output"],
            row["output_size"],
            row["gone"],
            row["changed"] in ("growing", "changed"),
            row["input"],
        )
        for row in rows
    ]


async def update_files(
    database: Database, claim: ScanClaim, updates: Sequence[FileUpdate], restart: Sequence[UUID] = ()
) -> int:
    """Update the records of ended files and queue the tasks in `restart` again, in one step; returns its number.

    If all of these tasks were deleted or restarted meanwhile, their records are right already: nothing is written.
    Raises ScanLostError, and OutputsTakenError when a task cannot be queued again.
    """
    data = [update.to_row() for update in updates]
    async with refusing_taken_outputs(database, ()), fenced_step(database, claim) as (connection, step):
        if restart and not await connection.fetch(query("tasks", "restart_tasks"), list(restart), None):
            return step
        await connection.fetch(query("file_records", "update_files"), claim.id, data, step)
        if any(update.moved_to for update in updates):
            await connection.fetch(query("file_records", "insert_moved_originals"), claim.id, data, step)
    return step


async def pending_originals(database: Database, claim: ScanClaim, limit: int) -> list[PendingOriginal]:
    """Originals that are still to be moved or put into the trash, at most `limit`."""
    return [
        _to_pending(row)
        for row in await database.fetch(query("file_records", "pending_originals"), claim.id, limit)
    ]


def _to_pending(row: asyncpg.Record) -> PendingOriginal:
    return PendingOriginal(
        row["id"],
        ScannedFile(row["path"], row["size"], row["mtime"], row["inode"]),
        row["view"],
        row["state"],
        row["attempts"],
        Disposition.from_json(row["disposal"]),
    )


async def inputs_in_use(database: Database, paths: Sequence[str]) -> set[str]:
    """The paths among these that an unfinished task still needs as input."""
    rows = await database.fetch(query("file_records", "inputs_in_use"), [storable(path) for path in paths])
    return {row["path"] for row in rows}
