"""A node's cache of a watchfolder's file records. With it, a scan of an unchanged tree reads none of them."""

import time
from uuid import UUID

from ffmate_desktop.db import file_records
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.scans import ScanClaim
from ffmate_desktop.domain.file_record import LOCKED, FileRecord, FileRecordSummary, ScannedFile
from ffmate_desktop.domain.watch_version import UNNUMBERED, is_lasting
from ffmate_desktop.storage.walk import Fingerprint, fingerprint, walk_fingerprint


class FileRecordCache:
    """The file records of one folder up to a step: fingerprints of files that need nothing, and open files.

    About 130 bytes per file. The steps of other nodes are read at the next scan. A record may have changed since its
    fingerprint was cached, so a scan reads the record before it treats the file as missing.
    """

    def __init__(self) -> None:
        self.pruned_at = time.monotonic()
        """When this node last removed records of files that are gone."""
        self._step = -1
        self._rules: tuple[UUID | None, int, int] = (None, -1, -1)
        self.known: dict[Fingerprint, int] = {}
        """Fingerprint → id, of records whose inodes mean the same here."""
        self.foreign: dict[Fingerprint, int] = {}
        """Fingerprint without inode → id, of all other records."""
        self.open: dict[str, int] = {}
        """Path → id of files that are waiting or growing."""
        self.has_tasks = False
        """Whether any file may have had a task: then a new file may be that one under another name."""
        self._seen: dict[Fingerprint, Fingerprint] = {}
        """Fingerprint of a record → fingerprint of its file as seen here, if both differ for the same version."""

    @property
    def expects_files(self) -> bool:
        """Whether the folder had files."""
        return bool(self.known or self.foreign or self.open)

    async def catch_up(self, database: Database, claim: ScanClaim, view: int) -> None:
        """Read what was written since; everything if records were removed or the rules changed."""
        rules = (claim.uuid, claim.version, view)
        if rules != self._rules or self._step < claim.first_step:
            self._step, self._rules = -1, rules
            self.known, self.foreign, self.open, self._seen = {}, {}, {}, {}
        if self._step == claim.last_step:
            return
        everything = self._step < 0
        async for piece in file_records.read_since(database, claim.id, self._step):
            for record in piece:
                # Skipped files are judged again: the rules may have changed.
                if not (everything and record.state == "skipped"):
                    self._learn(record, view)
                elif not record.gone:
                    self.open[record.path] = record.id
        self._step = claim.last_step

    def _learn(self, record: FileRecordSummary, view: int) -> None:
        kind, number = self._as_seen(record, view)
        is_open = record.state in ("waiting", "growing")
        self.has_tasks |= not is_open and record.state != "output"
        if record.gone or is_open:
            kind.pop(number, None)
        else:
            kind[number] = record.id
        if is_open and not record.gone:
            self.open[record.path] = record.id
        else:
            self.open.pop(record.path, None)

    def _fingerprint_of(
        self, record: FileRecordSummary, view: int
    ) -> tuple[dict[Fingerprint, int], Fingerprint]:
        if record.view == view and is_lasting(view):
            return self.known, fingerprint(
                record.path, record.size, record.mtime, record.inode, _is_locked(record)
            )
        return self.foreign, fingerprint(record.path, record.size, record.mtime, 0, _is_locked(record))

    def _as_seen(self, record: FileRecordSummary, view: int) -> tuple[dict[Fingerprint, int], Fingerprint]:
        kind, number = self._fingerprint_of(record, view)
        return (kind, number) if number not in self._seen else (self.known, self._seen[number])

    def advance(self, step: int) -> None:
        """This node wrote a step whose content is cached already."""
        if step == self._step + 1:
            self._step = step

    def remember_final(self, found: ScannedFile, file_id: int, view: int, *, locked: bool = False) -> None:
        """Cache a version that was just recorded and needs nothing more."""
        self.has_tasks = True
        kind = self.known if is_lasting(view) else self.foreign
        kind[walk_fingerprint(found, view, locked)] = file_id
        self.open.pop(found.path, None)

    def remember_unchanged(self, record: FileRecord, found: ScannedFile, view: int) -> None:
        """Cache a file whose record still holds, even if another node or clock saw it differently."""
        kind, number = self._fingerprint_of(record, view)
        number_here = walk_fingerprint(found, view, _is_locked(record))
        self.known.pop(self._seen.pop(number, 0), None)
        if number in (number_here, walk_fingerprint(found, UNNUMBERED, _is_locked(record))):
            kind[number] = record.id
        else:
            kind.pop(number, None)
            self._seen[number] = number_here
            self.known[number_here] = record.id
        self.open.pop(record.path, None)

    def remember_open(self, path: str, file_id: int) -> None:
        """Cache a file that is waiting or growing."""
        self.open[path] = file_id

    def forget(self, record: FileRecord, view: int) -> None:
        """Remove a file that is gone."""
        kind, number = self._as_seen(record, view)
        kind.pop(number, None)
        self._seen.pop(self._fingerprint_of(record, view)[1], None)
        self.open.pop(record.path, None)

    def is_current(self, record: FileRecord, number: Fingerprint, view: int) -> bool:
        """Whether the fingerprint still belongs to the record."""
        return not record.gone and self._as_seen(record, view)[1] == number

    def drop_fingerprint(self, number: Fingerprint) -> None:
        """Remove a fingerprint that no longer belongs to a record."""
        self.known.pop(number, None)
        self.foreign.pop(number, None)


def _is_locked(record: FileRecordSummary) -> bool:
    return record.state == "skipped" and record.reason == LOCKED
