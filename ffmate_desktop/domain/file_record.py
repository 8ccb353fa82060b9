"""Decides what to do with a file that a scan found: growth, versions and locks. Pure rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple
from uuid import UUID

from ffmate_desktop.domain.watch_rules import FileRules
from ffmate_desktop.domain.watch_version import is_lasting, is_same_time
from ffmate_desktop.domain.watchfolder import WatchfolderSettings

RecordState = Literal["waiting", "growing", "queued", "done", "failed", "skipped", "output"]
"""States of a file record. 'queued' covers the whole life of its task; the task's row has the details."""

# Records store these three reasons, and other releases compare them: don't change the texts. `reason_text` has better
# words where people read them.
LOCKED = "FFmate has taken it: its .lock file is beside it."

OPEN = "Another program has it open for writing."

LEAST_CHECKS = 2
"""Checks of a file that was queued while it was still being written, if the settings ask for none."""

REMOVED = "The file was removed before it was encoded."
"""A file with this reason is queued if it comes back."""

EARLY = 0.9
"""The part of an interval after which a scan counts as a check: clocks and timers aren't exact."""


def reason_text(reason: str) -> str:
    """The reason of a file record, in the words that people read."""
    return "FFmate has claimed it: its .lock file is next to it." if reason == LOCKED else reason


@dataclass(frozen=True, slots=True)
class ScannedFile:
    """A file on disk: path below the watchfolder with `/`, bytes, microseconds since 1970, inode or 0.

    `locked`: it has one of FFmate's lock files.
    """

    path: str
    size: int
    mtime: int
    inode: int
    locked: bool = False

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class FileRecordSummary:
    """The part of a file record that a node needs to recognize the file again.

    `view` says how the node that wrote the record numbered inodes (`watch_version`).
    """

    id: int
    path: str
    size: int
    mtime: int
    inode: int
    view: int
    state: RecordState
    reason: str
    gone: bool


@dataclass(frozen=True, slots=True)
class FileRecord(FileRecordSummary):
    """What the cluster knows about one file of a watchfolder: a row of `watched_files`.

    `unchecked` is the seconds since the last check that counted, `unchanged` since this version was first seen, both
    by the database's clock. `attempts` belongs to the last task, even if that is no longer `task`.
    """

    checks: int
    unchecked: float
    unchanged: float
    task: UUID | None
    attempts: int
    quiet: float = 0.0
    """Seconds that it must stay unchanged, because it was seen to grow after pauses."""

    @property
    def is_over(self) -> bool:
        """Whether this version had its task, or needs none. A cancelled task isn't queued again.

        A state of a newer release counts as over.
        """
        return self.state not in ("waiting", "growing", "skipped") or (
            self.state == "skipped" and self.task is not None and self.reason != REMOVED
        )

    def has_grown(self, found: ScannedFile) -> bool:
        """Whether the file was written to after it was queued, rather than replaced by another one."""
        return self.state == "queued" and found.size > self.size and 0 != self.inode == found.inode

    def is_version_of(self, found: ScannedFile, view: int) -> bool:
        """Whether the file is still this version: same size and time, and same inode where inodes last."""
        if self.size != found.size:
            return False
        if self.view != view or not is_lasting(view):
            return is_same_time(self.mtime, found.mtime, view)
        return self.mtime == found.mtime and (self.inode == found.inode or 0 in (self.inode, found.inode))


@dataclass(frozen=True, slots=True)
class Decision:
    """What to write into the record. `ready`: the file can be queued. `wait`: seconds until the next useful look."""

    state: RecordState
    reason: str
    checks: int = 0
    ready: bool = False
    wait: float | None = None
    changed: bool = True
    """Whether the record has to be written."""

    def held(self, record: "FileRecord | None", wait: float) -> "Decision":
        """The decision if a program has the file open for writing: it isn't ready."""
        is_recorded = record is not None and (record.state, record.reason, record.gone) == (
            "waiting",
            OPEN,
            False,
        )
        same = is_recorded and record is not None and record.checks == self.checks
        return replace(self, state="waiting", reason=OPEN, ready=False, wait=wait, changed=not same)


class JudgedFile(NamedTuple):
    """A file that the walk found, its record if it has one, and what to do with it.

    A tuple, because a first scan makes a hundred thousand of them.
    """

    found: ScannedFile
    record: FileRecord | None
    decision: Decision

    @property
    def is_open(self) -> bool:
        """Whether this version is still waiting or growing."""
        return self.decision.state in ("waiting", "growing")

    def is_back(self, view: int) -> bool:
        """Whether the file was gone and is there again unchanged, so that its former state holds."""
        record = self.record
        return (
            record is not None
            and record.gone
            and record.is_over
            and record.is_version_of(self.found, view)
            and self.decision.state == record.state
        )


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges the files of one scan. `view` is the scanning node's, `now` is in seconds since 1970."""

    settings: WatchfolderSettings
    rules: FileRules
    view: int
    now: float

    def judge(self, files: Iterable[ScannedFile], records: Mapping[str, FileRecord]) -> list[JudgedFile]:
        """Decide for each file; `records` are by path."""
        judged: list[JudgedFile] = []
        for found in files:
            record = records.get(found.path)
            judged.append(JudgedFile(found, record, self.decide(found, record)))
        return judged

    def decide(self, found: ScannedFile, record: FileRecord | None) -> Decision:
        """Decide what to do with a file; `record` is its record, if it has one."""
        same = record is not None and record.is_version_of(found, self.view)
        if same and record is not None and record.is_over:
            return Decision(record.state, record.reason, record.checks, changed=record.gone)
        own_lock = self.settings.write_locks and record is not None and record.attempts > 0
        why = self.rules.why_not(found.path, found.name, found.size)
        why = why or (LOCKED if found.locked and not own_lock else "")
        if why:
            is_recorded = same and record is not None and (record.state, record.reason) == ("skipped", why)
            return Decision("skipped", why, changed=not is_recorded or (record is not None and record.gone))
        if not same or record is None or record.state == "skipped":
            return self._first_look(found, record)
        return self._check(found, record)

    def _needed(self, *, is_written: bool) -> int:
        """How many checks; a file that was seen to grow after it was queued always gets some."""
        return self.settings.growth_checks or (LEAST_CHECKS if is_written else 0)

    def _first_look(self, found: ScannedFile, record: FileRecord | None) -> Decision:
        """A new version of a file, which may still be changing."""
        is_written = record is not None and (record.state == "growing" or record.has_grown(found))
        grows = is_written or (record is not None and record.state == "waiting")
        needed = self._needed(is_written=is_written)
        if needed > 0:
            reason = "It is still being written." if grows else f"New. Waiting for {_checks(needed)}."
            return Decision("growing" if grows else "waiting", reason, wait=self.settings.interval)
        return self._by_age(found, 0, unchanged=0)

    def _check(self, found: ScannedFile, record: FileRecord) -> Decision:
        needed = self._needed(is_written=record.state == "growing")
        interval = self.settings.interval
        counts = record.unchecked >= EARLY * interval
        checks = min(record.checks + counts, needed)
        if checks >= needed:
            return self._by_age(found, checks, unchanged=record.unchanged, record=record)
        wait = interval if counts else interval - record.unchecked
        if not counts:  # a scan between two checks, because something else changed in the folder
            return Decision(record.state, record.reason, record.checks, wait=wait, changed=record.gone)
        state: RecordState = "waiting" if self.settings.growth_checks else record.state
        return Decision(state, f"Unchanged in {checks} of {_checks(needed)}.", checks, wait=wait)

    def _by_age(
        self, found: ScannedFile, checks: int, *, unchanged: float, record: FileRecord | None = None
    ) -> Decision:
        """Check its age, by the file's own time or by how long it was seen unchanged: clocks may differ."""
        least = self.settings.filter.min_age
        age = max(self.now - found.mtime / 1e6, unchanged)
        reason = f"Waiting until it hasn't changed for {least:g} s."
        if age >= least:
            least, age = 0.0 if record is None else record.quiet, unchanged
            reason = f"It grew after pauses: waiting until it hasn't changed for {least:.0f} s."
        if age >= least:
            return Decision("waiting", "Complete.", checks, ready=True)
        is_recorded = record is not None and (record.state, record.reason, record.checks) == (
            "waiting",
            reason,
            checks,
        )
        return Decision("waiting", reason, checks, wait=least - age, changed=not is_recorded)


def _checks(number: int) -> str:
    return "1 check" if number == 1 else f"{number} checks"
