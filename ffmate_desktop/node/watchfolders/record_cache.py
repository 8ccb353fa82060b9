"""What a node remembers of a watchfolder's ledger, so that a scan of an unchanged tree asks the database nothing."""

import time
from uuid import UUID

from ffmate_desktop.db import file_records
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.file_records import Line
from ffmate_desktop.db.scans import ScanClaim
from ffmate_desktop.domain.file_record import LOCKED, FileRecord, ScannedFile
from ffmate_desktop.domain.watch_version import UNNUMBERED, is_lasting
from ffmate_desktop.storage.walk import Fingerprint, fingerprint, seen_as


class FileRecordCache:
    """The ledger of one folder up to a step: fingerprints of files that need nothing, and the open ones.

    About 130 bytes a file. Other nodes' steps are read when this node scans again. What a fingerprint stood for may
    have changed since: whoever misses one looks at its row.
    """

    def __init__(self) -> None:
        self.forgot_at = time.monotonic()
        """When this node last removed rows of files that are gone."""
        self._step = -1
        self._rules: tuple[UUID | None, int, int] = (None, -1, -1)
        self.known: dict[Fingerprint, int] = {}
        """Fingerprint → id, of rows whose inode means the same here."""
        self.foreign: dict[Fingerprint, int] = {}
        """The same without inode, of all others."""
        self.open: dict[str, int] = {}
        """Path → id of files that wait or grow."""
        self.has_tasks = False
        """Whether a file may have had a task: then a new one may be that file under another name."""
        self._seen: dict[Fingerprint, Fingerprint] = {}
        """Fingerprint of a row → that of its file as it is seen here, where they differ and are the same version."""

    @property
    def expects_files(self) -> bool:
        """Whether there was something in the folder."""
        return bool(self.known or self.foreign or self.open)

    async def catch_up(self, database: Database, claim: ScanClaim, view: int) -> None:
        """Read what was written since; everything when rows were removed, or when people changed the rules."""
        rules = (claim.uuid, claim.version, view)
        if rules != self._rules or self._step < claim.ledger_from:
            self._step, self._rules = -1, rules
            self.known, self.foreign, self.open, self._seen = {}, {}, {}, {}
        if self._step == claim.ledger:
            return
        everything = self._step < 0
        async for piece in file_records.read_since(database, claim.id, self._step):
            for line in piece:
                # What was skipped is judged anew: by other rules, perhaps.
                if not (everything and line.state == "skipped"):
                    self._learn(line, view)
                elif not line.gone:
                    self.open[line.path] = line.id
        self._step = claim.ledger

    def _learn(self, line: Line, view: int) -> None:
        kind, number = self._as_seen(line, view)
        is_open = line.state in ("waiting", "growing")
        self.has_tasks |= not is_open and line.state != "output"
        if line.gone or is_open:
            kind.pop(number, None)
        else:
            kind[number] = line.id
        if is_open and not line.gone:
            self.open[line.path] = line.id
        else:
            self.open.pop(line.path, None)

    def _print(self, line: Line | FileRecord, view: int) -> tuple[dict[Fingerprint, int], Fingerprint]:
        if line.view == view and is_lasting(view):
            return self.known, fingerprint(line.path, line.size, line.mtime, line.inode, _is_locked(line))
        return self.foreign, fingerprint(line.path, line.size, line.mtime, 0, _is_locked(line))

    def _as_seen(self, line: Line | FileRecord, view: int) -> tuple[dict[Fingerprint, int], Fingerprint]:
        kind, number = self._print(line, view)
        return (kind, number) if number not in self._seen else (self.known, self._seen[number])

    def stepped(self, step: int) -> None:
        """Our own step was written, and is known here."""
        if step == self._step + 1:
            self._step = step

    def settle(self, found: ScannedFile, file_id: int, view: int, *, locked: bool = False) -> None:
        """Nothing is to be done about this version of a file, which was just written down."""
        self.has_tasks = True
        kind = self.known if is_lasting(view) else self.foreign
        kind[seen_as(found, view, locked)] = file_id
        self.open.pop(found.path, None)

    def keep(self, entry: FileRecord, found: ScannedFile, view: int) -> None:
        """Nothing is to be done about a file whose row stands, whichever node wrote it, and whatever its clock."""
        kind, number = self._print(entry, view)
        number_here = seen_as(found, view, _is_locked(entry))
        self.known.pop(self._seen.pop(number, 0), None)
        if number in (number_here, seen_as(found, UNNUMBERED, _is_locked(entry))):
            kind[number] = entry.id
        else:
            kind.pop(number, None)
            self._seen[number] = number_here
            self.known[number_here] = entry.id
        self.open.pop(entry.path, None)

    def watch(self, path: str, file_id: int) -> None:
        """The file waits or grows."""
        self.open[path] = file_id

    def lose(self, entry: FileRecord, view: int) -> None:
        """The file is gone."""
        kind, number = self._as_seen(entry, view)
        kind.pop(number, None)
        self._seen.pop(self._print(entry, view)[1], None)
        self.open.pop(entry.path, None)

    def is_current(self, entry: FileRecord, number: Fingerprint, view: int) -> bool:
        """Whether a fingerprint still stands for the row as it is."""
        return not entry.gone and self._as_seen(entry, view)[1] == number

    def drop(self, number: Fingerprint) -> None:
        """Forget a fingerprint that stands for nothing any more."""
        self.known.pop(number, None)
        self.foreign.pop(number, None)


def _is_locked(line: Line | FileRecord) -> bool:
    return line.state == "skipped" and line.reason == LOCKED
