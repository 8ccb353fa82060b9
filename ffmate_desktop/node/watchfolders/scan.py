"""One scan of a watchfolder by the node that claimed it: what is there, what is news, what becomes of it."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from ffmate_desktop import logs
from ffmate_desktop.db import file_records, scans
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.file_records import FileWrite
from ffmate_desktop.db.scans import ScanClaim
from ffmate_desktop.db.tasks import TaskRow
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.file_record import LOCKED, Decision, FileRecord, Judge, ScannedFile
from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.domain.watch_rules import FileRules
from ffmate_desktop.domain.watchfolder import ScanResult
from ffmate_desktop.node.watchfolders.moved_files import MovedFiles
from ffmate_desktop.node.watchfolders.original_mover import ScannedRoot
from ffmate_desktop.node.watchfolders.originals import Originals
from ffmate_desktop.node.watchfolders.record_cache import FileRecordCache
from ffmate_desktop.services.output_names import TaskDraft, write_with_outputs
from ffmate_desktop.services.presets import PresetNotFoundError, PresetService
from ffmate_desktop.services.watch_drafts import draft_all, location, names_of, rules_of
from ffmate_desktop.storage.locks import write_locks
from ffmate_desktop.storage.walk import UnreachableError, Walked, Walker, look_at
from ffmate_desktop.storage.watched_thread import SilentError, WatchedThread, answered
from ffmate_desktop.storage.writers import being_written

T = TypeVar("T")

LONGEST_PAUSE = 600.0
"""Seconds without a change after which a file may be taken although a program still has it open for writing."""

PATIENCE = 60.0
"""Seconds in which storage must answer something."""

FORGETS = 3600.0
"""Seconds between two times that rows of files which are gone are removed."""

PRESET_GONE = "Its preset was deleted, so it takes no new files. Choose another preset for it."

AT_ONCE = 200
"""Files that are judged and written in one step."""


class Scan:
    """One claimed scan. `known` is what this node remembers of the folder, `stuck` of places that did not answer.

    `run` raises UnreachableError when the folder is not to be had on this node, ScanLostError when the claim is lost,
    and what means that the database is away.
    """

    def __init__(
        self,
        database: Database,
        claim: ScanClaim,
        known: FileRecordCache,
        presets: PresetService,
        stuck: dict[str, WatchedThread[None]] | None = None,
    ) -> None:
        self._database = database
        self._claim = claim
        self._settings = claim.settings
        self._known = known
        self._presets = presets
        self._stuck = {} if stuck is None else stuck
        self._preset: Preset | None = None
        self._trouble = ""
        self._started = asyncio.get_running_loop().time()
        self._result = ScanResult()
        self._wait: float | None = None
        self._view = 0
        self._settled = False
        self._judge: Judge | None = None
        self.root: tuple[int, int] | None = None
        """(Device, inode) of the folder, once it was seen."""
        self.hangs: WatchedThread[Any] | None = None
        """A thread that waits for storage which does not answer."""

    async def run(self) -> ScanResult:
        """Look at everything once, queue what is complete, and say so."""
        rules = rules_of(self._settings)
        numbering = await self._answered(
            WatchedThread(lambda: look_at(self._settings.path), "looking at a watchfolder")
        )
        self._view, self.root = numbering.view, numbering.root
        originals = Originals(self._database, self._claim)
        self._settled = await originals.record_ended_tasks()
        await self._known.catch_up(self._database, self._claim, self._view)
        known = self._known
        walker = Walker(
            self._settings.path,
            rules,
            known.known,
            known.foreign,
            known.open,
            device=numbering.device,
            mounts=self._claim.mounts,
        )
        try:
            walked = await self._answered(
                WatchedThread(walker.walk, "walking a watchfolder"), lambda: walker.steps
            )
        finally:
            walker.end()
        self._check_root(walked, rules)
        await originals.move_pending(ScannedRoot(self._settings.path, walked.root, self._view), self._stuck)
        self._judge = Judge(self._settings, rules, self._view, time.time())
        self._note(files=walked.files, unreadable=len(walked.unreadable))
        for piece in _pieces(walked.news, AT_ONCE):
            await self._take(piece)
        await self._find_gone(walked)
        if self._preset is None and not await self._presets.exists(self._settings.preset):
            self._trouble = PRESET_GONE
        if time.monotonic() - self._known.forgot_at > FORGETS:
            self._known.forgot_at = time.monotonic()
            await file_records.forget_gone(self._database, self._claim)
        await self._end(walked)
        return self._result

    async def _answered(
        self, job: WatchedThread[T], steps: Callable[[], int] = lambda: 0, what: str = ""
    ) -> T:
        """What a thread found; UnreachableError when the storage does not answer, as a share whose server is gone."""
        try:
            return await answered(job, PATIENCE, steps)
        except SilentError as silent:
            self.hangs = silent.job
            what = what or f"The folder “{self._settings.path}”"
            raise UnreachableError(f"{what} does not answer.") from silent

    def _check_root(self, walked: Walked, rules: FileRules) -> None:
        """An empty folder that had files is a disk that is not mounted, unless it is the same folder as before.

        A folder with other files is another disk, or was made again. Files that come back keep their tasks.
        """
        roots = self._claim.roots
        if walked.seen_known or not self._known.expects_files or "*" in roots:
            return
        if roots.get(self._claim.machine) == list(walked.root):
            return
        if any(
            found.path in self._known.open or not rules.why_not(found.path, found.name, found.size)
            for found in walked.news
        ):
            return
        raise UnreachableError(
            f"The files that were in “{self._settings.path}” are not there: its disk or share is not mounted. "
            "If the folder was emptied on purpose, the next file in it clears this error.",
        )

    async def _take(self, piece: Sequence[ScannedFile]) -> None:
        """Judge some files that are news, and write down what becomes of them, with the tasks, in one step."""
        claim = self._claim
        records = await file_records.records_by_path(
            self._database, claim.id, [found.path for found in piece]
        )
        assert self._judge is not None  # noqa: S101 - run made it
        decided = [
            (found, records.get(found.path), self._judge.decide(found, records.get(found.path)))
            for found in piece
        ]
        decided = await self._follow_moves(await self._spot_outputs(decided))
        decided = await self._spot_writers(decided)
        ready = [found for found, _, decision in decided if decision.ready]
        drafts, refused = await self._draft(ready)
        writes, again = [], []
        for found, record, decision in decided:
            reason = refused.get(found.path, decision.reason)
            if record is not None and _is_back(found, record, decision, self._view):
                again.append(record)
            elif decision.ready and (found.path not in refused or _is_told(record, reason)):
                continue  # written with its task, or nothing new
            elif decision.changed:
                writes.append(FileWrite(found, self._view, decision.state, reason, decision.checks))
        await self._write(writes, again, drafts)
        self._remember(decided, refused)

    async def _spot_outputs(
        self, decided: list[tuple[ScannedFile, FileRecord | None, Decision]]
    ) -> list[tuple[ScannedFile, FileRecord | None, Decision]]:
        """What the cluster itself wrote is an output, wherever it is."""
        open_ones = [
            n for n, (_, _, decision) in enumerate(decided) if decision.state in ("waiting", "growing")
        ]
        if not open_ones:
            return decided
        files = [decided[n][0] for n in open_ones]
        asked = await self._answered(
            WatchedThread(
                lambda: names_of(self._settings.path, files), "following the links in a watchfolder"
            )
        )
        outputs = await file_records.outputs_among(self._database, [name for _, name in asked])
        for position, task in outputs.items():
            found, record, _ = decided[open_ones[asked[position][0]]]
            reason = f"The cluster itself wrote it, as the output of task {str(task)[:8]}."
            decided[open_ones[asked[position][0]]] = (found, record, Decision("output", reason))
        return decided

    async def _follow_moves(
        self, decided: list[tuple[ScannedFile, FileRecord | None, Decision]]
    ) -> list[tuple[ScannedFile, FileRecord | None, Decision]]:
        """Files that were moved keep their rows; tasks of versions that are not there any more are cancelled."""
        try:
            return await self._moved.settle(decided)
        except SilentError as silent:
            self.hangs = silent.job
            raise UnreachableError(f"The folder “{self._settings.path}” does not answer.") from silent

    async def _spot_writers(
        self, decided: list[tuple[ScannedFile, FileRecord | None, Decision]]
    ) -> list[tuple[ScannedFile, FileRecord | None, Decision]]:
        """A file that a program here has open for writing is not complete, if it has written to it lately."""
        now = time.time()
        paths = {
            location(self._settings.path, found.path): found.path
            for found, _, decision in decided
            if decision.ready and now - found.mtime / 1e6 < LONGEST_PAUSE
        }
        if not paths:
            return decided
        job = WatchedThread(lambda: being_written(paths), "looking for programs that write")
        busy = {paths[path] for path in await self._answered(job)}
        return [
            (
                found,
                record,
                decision.held(record, self._settings.interval) if found.path in busy else decision,
            )
            for found, record, decision in decided
        ]

    @property
    def _moved(self) -> MovedFiles:
        return MovedFiles(self._database, self._claim, self._known, self._view)

    async def _draft(
        self, ready: Sequence[ScannedFile]
    ) -> tuple[list[tuple[ScannedFile, TaskDraft]], dict[str, str]]:
        if not ready:
            return [], {}
        preset = await self._find_preset()
        if preset is None:
            return [], {found.path: self._trouble for found in ready}
        settings, uuid, node = self._settings, self._claim.uuid, self._claim.node
        job = WatchedThread(lambda: draft_all(settings, uuid, preset, ready, node), "drafts of a watchfolder")
        drafts, refused = await self._answered(job, what="The folder for the outputs")
        return drafts, {found.path: sentence for found, sentence in refused}

    async def _find_preset(self) -> Preset | None:
        if self._preset is None and not self._trouble:
            try:
                preset = await self._presets.get(self._settings.preset)
            except PresetNotFoundError:
                self._trouble = PRESET_GONE
                return None
            try:
                preset.check_readable()
            except UserError as error:
                self._trouble = str(error)
                return None
            self._preset = preset
        return self._preset

    async def _write(
        self,
        writes: list[FileWrite],
        again: Sequence[FileRecord],
        drafts: Sequence[tuple[ScannedFile, TaskDraft]],
    ) -> None:
        if not (writes or again or drafts):
            return
        by_task = {draft.row.uuid: found for found, draft in drafts}

        async def write(rows: Sequence[TaskRow]) -> None:
            queued = [
                FileWrite(
                    by_task[row.uuid],
                    self._view,
                    "queued",
                    "",
                    self._settings.growth_checks,
                    task=row.uuid,
                    attempts=1,
                )
                for row in rows
            ]
            written = await file_records.write(
                self._database,
                self._claim,
                [*writes, *queued],
                tasks=rows,
                again=[record.id for record in again],
            )
            self._known.stepped(written.step)
            for file in (*writes, *queued):
                file_id = written.ids[file.found.path]
                if file.state in ("waiting", "growing"):
                    self._known.watch(file.found.path, file_id)
                else:
                    self._known.settle(file.found, file_id, self._view, locked=file.reason == LOCKED)

        await write_with_outputs(self._database, [draft for _, draft in drafts], write)
        self._note(queued=self._result.queued + len(drafts))
        if drafts:
            logs.watchfolder.info("“%s”: %d new tasks", self._settings.name, len(drafts))
            if self._settings.write_locks:
                paths = [location(self._settings.path, found.path) for found, _ in drafts]
                await asyncio.to_thread(write_locks, paths)

    def _remember(
        self, decided: Sequence[tuple[ScannedFile, FileRecord | None, Decision]], refused: dict[str, str]
    ) -> None:
        """What was no news for the file records is to be known here, and when to look again."""
        growing = 0
        for found, record, decision in decided:
            if decision.state in ("waiting", "growing") and (not decision.ready or found.path in refused):
                growing += 1
                if decision.wait is not None:
                    self._wait = min(decision.wait, self._wait or decision.wait)
            elif record is not None and (
                not decision.changed or _is_back(found, record, decision, self._view)
            ):
                self._known.keep(record, found, self._view)
        self._note(growing=self._result.growing + growing)

    async def _find_gone(self, walked: Walked) -> None:
        """Files that were known and were not seen, but for those in folders that could not be read."""
        known = self._known
        news, ids = await asyncio.to_thread(_missing, walked, known.open)
        hidden = tuple(f"{folder}/" for folder, _ in walked.unreadable)
        for piece in _pieces(list(ids), AT_ONCE):
            records = {
                record.id: record
                for record in await file_records.records_by_id(self._database, self._claim.id, piece)
            }
            gone = []
            for file_id in piece:
                record, number = records.get(file_id), ids[file_id]
                if record is None or (number and not known.is_current(record, number, self._view)):
                    known.drop(number)
                elif not record.path.startswith(hidden) and record.path not in news:
                    gone.append(record)
            if gone:
                gone = await self._moved.remove(gone)
            if gone:
                step = await file_records.write(
                    self._database, self._claim, (), gone=[record.id for record in gone]
                )
                for record in gone:
                    known.lose(record, self._view)
                known.stepped(step.step)

    def _note(self, **figures: float) -> None:
        self._result = self._result.model_copy(update=figures)

    async def _end(self, walked: Walked) -> None:
        seconds = asyncio.get_running_loop().time() - self._started
        self._note(seconds=round(seconds, 3))
        sentences = [self._trouble] if self._trouble else []
        sentences += [sentence for _, sentence in walked.unreadable]
        error = sentences[0] if sentences else None
        if len(sentences) > 1:
            error = f"{error} And {len(sentences) - 1} more like it."
        await scans.end_scan(
            self._database,
            self._claim,
            self._result,
            error,
            root=walked.root,
            mounts=walked.mounts,
            wait=self._wait,
            settled=self._settled,
        )


def _missing(walked: Walked, opened: dict[str, int]) -> tuple[set[str], dict[int, int]]:
    """The paths of the news; and the ids of known files that were not seen → fingerprint, 0 for open ones."""
    news = {found.path for found in walked.news}
    ids = {file_id: number for number, file_id in walked.missing.items()}
    ids.update((file_id, 0) for path, file_id in opened.items() if path not in news)
    return news, ids


def _is_back(found: ScannedFile, record: FileRecord, decision: Decision, view: int) -> bool:
    """Whether the file was gone and is there again as it was, so that what became of it stands."""
    return (
        record.gone
        and record.is_over
        and record.is_version_of(found, view)
        and decision.state == record.state
    )


def _is_told(record: FileRecord | None, sentence: str) -> bool:
    return record is not None and record.state == "waiting" and record.reason == sentence and not record.gone


def _pieces(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
