"""One scan of a watchfolder by the node that claimed it.

The walk finds new and changed files. They pass in batches through four steps: judge, draft tasks, write, remember.
Then missing files are marked as gone.
"""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ffmate_desktop.db import file_records, scans
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.scans import ScanClaim
from ffmate_desktop.domain.file_record import Judge, ScannedFile
from ffmate_desktop.domain.watch_rules import FileRules
from ffmate_desktop.domain.watchfolder import ScanResult
from ffmate_desktop.node.watchfolders.drafting import PRESET_GONE, draft_tasks
from ffmate_desktop.node.watchfolders.judging import judge_batch
from ffmate_desktop.node.watchfolders.original_mover import ScannedRoot
from ffmate_desktop.node.watchfolders.originals import BlockedFolders, Originals
from ffmate_desktop.node.watchfolders.record_cache import FileRecordCache
from ffmate_desktop.node.watchfolders.recording import AT_ONCE, mark_missing, remember_batch, write_batch
from ffmate_desktop.node.watchfolders.scan_context import ScanContext, ScanState, wait_for_storage
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.watch_drafts import rules_of
from ffmate_desktop.storage.numbering import Numbering
from ffmate_desktop.storage.walk import UnreachableError, Walked, Walker, find_numbering
from ffmate_desktop.storage.watched_thread import WatchedThread

PRUNE_INTERVAL = 3600.0
"""Seconds between two removals of records whose files are gone."""


@dataclass(frozen=True, slots=True)
class ScanReport:
    """The result of a scan, and (device, inode) of the folder that was scanned."""

    result: ScanResult
    root: tuple[int, int]


async def scan_folder(
    database: Database,
    claim: ScanClaim,
    cache: FileRecordCache,
    presets: PresetService,
    blocked: BlockedFolders | None = None,
) -> ScanReport:
    """Scan the claimed folder once: queue the complete files, update the records, end the claim.

    Raises UnreachableError if this node can't reach the folder, ScanLostError if the claim is lost, and the errors of
    a database that is away.
    """
    started = asyncio.get_running_loop().time()
    settings = claim.settings
    rules = rules_of(settings)
    numbering = await wait_for_storage(
        WatchedThread(lambda: find_numbering(settings.path), "looking at a watchfolder"),
        f"The folder “{settings.path}”",
    )
    originals = Originals(database, claim)
    are_ends_recorded = await originals.record_ended_tasks()
    await cache.catch_up(database, claim, numbering.view)
    walked = await _walk(claim, rules, cache, numbering)
    _check_mounted(walked, claim, cache, rules)
    root = ScannedRoot(settings.path, walked.root, numbering.view)
    await originals.move_pending(root, {} if blocked is None else blocked)
    judge = Judge(settings, rules, numbering.view, time.time())
    context = ScanContext(database, claim, cache, presets, judge, numbering.view)
    state = ScanState()
    for start in range(0, len(walked.changed_files), AT_ONCE):
        state = await _process_batch(context, state, walked.changed_files[start : start + AT_ONCE])
    await mark_missing(context, walked)
    if state.preset is None and not await presets.exists(settings.preset):
        state = replace(state, trouble=PRESET_GONE)
    await _prune_records(context)
    result = ScanResult(
        files=walked.files,
        queued=state.queued,
        growing=state.growing,
        unreadable=len(walked.unreadable),
        seconds=round(asyncio.get_running_loop().time() - started, 3),
    )
    await scans.end_scan(
        database,
        claim,
        result,
        _error(state.trouble, (sentence for _, sentence in walked.unreadable)),
        root=walked.root,
        mounts=walked.mounts,
        wait=state.wait,
        ends_recorded=are_ends_recorded,
    )
    return ScanReport(result, numbering.root)


async def _process_batch(context: ScanContext, state: ScanState, files: list[ScannedFile]) -> ScanState:
    judged = await judge_batch(context, files)
    drafted, state = await draft_tasks(context, state, judged)
    await write_batch(context, judged, drafted)
    return remember_batch(context, state, judged, drafted)


async def _walk(claim: ScanClaim, rules: FileRules, cache: FileRecordCache, numbering: Numbering) -> Walked:
    walker = Walker(
        claim.settings.path,
        rules,
        cache.known,
        cache.foreign,
        cache.open,
        device=numbering.device,
        mounts=claim.mounts,
    )
    try:
        return await wait_for_storage(
            WatchedThread(walker.walk, "walking a watchfolder"),
            f"The folder “{claim.settings.path}”",
            lambda: walker.steps,
        )
    finally:
        walker.end()


def _check_mounted(walked: Walked, claim: ScanClaim, cache: FileRecordCache, rules: FileRules) -> None:
    """Raise UnreachableError for an empty folder that had files: its disk isn't mounted.

    Unless it is the same folder as before. A folder with other files is another disk, or was made again: then files
    that come back keep their tasks.
    """
    if walked.seen_known or not cache.expects_files or "*" in claim.roots:
        return
    if claim.roots.get(claim.machine) == list(walked.root):
        return
    if any(
        found.path in cache.open or not rules.why_not(found.path, found.name, found.size)
        for found in walked.changed_files
    ):
        return
    raise UnreachableError(
        f"The files that were in “{claim.settings.path}” are missing: its disk or share isn't mounted. "
        "If the folder was emptied on purpose, the next file in it clears this error.",
    )


async def _prune_records(context: ScanContext) -> None:
    cache = context.cache
    if time.monotonic() - cache.pruned_at > PRUNE_INTERVAL:
        cache.pruned_at = time.monotonic()
        await file_records.delete_gone(context.database, context.claim)


def _error(trouble: str, unreadable: Iterable[str]) -> str | None:
    """The error to show for the watchfolder, if any."""
    sentences = [*([trouble] if trouble else []), *unreadable]
    if len(sentences) > 1:
        return f"{sentences[0]} And {len(sentences) - 1} more like it."
    return sentences[0] if sentences else None
