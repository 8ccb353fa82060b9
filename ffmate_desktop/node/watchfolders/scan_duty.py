"""The node's duty to scan watchfolders: claims those that are due or in which files changed, and scans them."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

from ffmate_desktop import logs
from ffmate_desktop.db import scans
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, Database, reason
from ffmate_desktop.db.scans import NewerSettingsError, ScanClaim, ScanLostError
from ffmate_desktop.domain.change import AnythingChanged, Change, WatchfolderChanged
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.watchfolder import ScanResult
from ffmate_desktop.node.background import running_in_background
from ffmate_desktop.node.retry import database_backoff
from ffmate_desktop.node.watchfolders.debounce import EventDebouncer
from ffmate_desktop.node.watchfolders.originals import BlockedFolders
from ffmate_desktop.node.watchfolders.record_cache import FileRecordCache
from ffmate_desktop.node.watchfolders.scan import scan_folder
from ffmate_desktop.node.watchfolders.scan_context import SilentStorageError
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.storage.walk import UnreachableError
from ffmate_desktop.storage.watched_thread import WatchedThread
from ffmate_desktop.throttle import Throttle

MOST_SCANS = 2
"""Scans at a time on one node."""

IDLE_PAUSE = 60.0
"""Seconds between two looks while there is nothing to scan; a notification wakes the node at once."""

CLAIMED_PAUSE = 0.25
"""Seconds until a node looks again after another node claimed the folder first."""

NOTIFICATION_PACE = 0.25
"""Least seconds between two looks that notifications ask for: anyone can send them."""

SPREAD = 0.05
"""Seconds over which nodes spread their claims of a folder that is due."""


class ScanDuty:
    """Scans watchfolders while `may_scan()`; `node_id()` is the node's current incarnation."""

    def __init__(
        self,
        database: Database,
        presets: PresetService,
        *,
        node_id: Callable[[], int],
        may_scan: Callable[[], bool],
        observes: bool = True,
    ) -> None:
        self._database = database
        self._presets = presets
        self._node_id = node_id
        self._may_scan = may_scan
        self._wake = asyncio.Event()
        self._observes = observes
        self._debouncer: EventDebouncer | None = None
        self._caches: dict[int, FileRecordCache] = {}
        self._busy: set[int] = set()
        self._avoided: set[int] = set()
        """Folders that couldn't be scanned here: other nodes come first."""
        self._roots: dict[int, tuple[int, int]] = {}
        """(Device, inode) of the folders whose events are observed."""
        self._troubles: dict[int, str] = {}
        """Why folders couldn't be scanned here last time."""
        self._silent: dict[int, tuple[WatchedThread[Any], str]] = {}
        """Threads that still wait for a folder's storage, and what was reported about it."""
        self._blocked: BlockedFolders = {}
        self._has_list_changed = True
        self._looks = Throttle(self._wake.set, NOTIFICATION_PACE)

    def on_change(self, change: Change) -> None:
        """A notification: there may be something to scan, or other folders to observe."""
        match change:
            case WatchfolderChanged() | AnythingChanged():
                self._has_list_changed = True
                self._looks.request()
            case _:
                pass

    def wake(self) -> None:
        """Look for due folders now."""
        self._wake.set()

    async def run(self) -> None:
        """Scan until cancelled."""
        debouncer = EventDebouncer(self._wake.set) if self._observes else None
        self._debouncer, self._has_list_changed = debouncer, True
        try:
            async with asyncio.TaskGroup() as group:
                backoff = database_backoff()
                while True:
                    self._wake.clear()
                    try:
                        pause = await self._claim_due(group)
                        backoff.reset()
                    except CONNECTION_LOST as error:
                        logs.watchfolder.debug("Can't scan now: %s", reason(error))
                        pause = backoff.next_delay()
                    try:
                        async with asyncio.timeout(pause):
                            await self._wake.wait()
                    except TimeoutError:
                        await asyncio.sleep(random.uniform(0, SPREAD) + SPREAD * len(self._busy))  # noqa: S311 - no secret
        finally:
            self._looks.close()
            if debouncer is not None:
                await debouncer.close()

    async def _claim_due(self, group: asyncio.TaskGroup) -> float:
        """Claim and start what can be scanned now; returns the seconds until the next look."""
        if not self._may_scan():
            return IDLE_PAUSE
        if self._has_list_changed:
            self._has_list_changed = False
            try:
                await self._read_folders()
            except BaseException:
                self._has_list_changed = True  # no other notification follows
                raise
        while len(self._busy) < MOST_SCANS:
            changed = self._debouncer.due(self._busy) if self._debouncer is not None else []
            seconds = await scans.next_scan(self._database, self._node_id())
            if not changed and (seconds is None or seconds > 0):
                return IDLE_PAUSE if seconds is None else min(seconds, IDLE_PAUSE)
            try:
                claim = await scans.claim_scan(
                    self._database, self._node_id(), changed, sorted(self._avoided)
                )
            except NewerSettingsError as newer:
                if self._debouncer is not None:
                    self._debouncer.scan_begins(newer.folder)
                self._report_unscannable(newer.folder, str(newer), others=newer.others)
                continue
            if claim is None:
                return CLAIMED_PAUSE
            self._busy.add(claim.id)
            if self._debouncer is not None:
                self._debouncer.scan_begins(claim.id)
            group.create_task(self._scan(claim), name=f"scan of {claim.settings.name}")
        return IDLE_PAUSE

    async def _read_folders(self) -> None:
        folders = dict(await scans.observed_folders(self._database, self._node_id()))
        self._caches = {folder: cache for folder, cache in self._caches.items() if folder in folders}
        self._roots = {folder: root for folder, root in self._roots.items() if folder in folders}
        self._avoided &= folders.keys()
        self._troubles = {folder: why for folder, why in self._troubles.items() if folder in folders}
        if self._debouncer is not None:
            await self._debouncer.observe(folders)

    async def _scan(self, claim: ScanClaim) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        try:
            async with running_in_background(
                self._renew(claim), f"renewing the claim on {claim.settings.name}"
            ):
                await self._scan_claimed(claim)
        except ScanLostError:
            logs.watchfolder.debug(
                "Another node took over the scan of “%s”, or its settings changed", claim.settings.name
            )
        except CONNECTION_LOST as error:
            logs.watchfolder.info(
                "The scan of “%s” waits for the database: %s", claim.settings.name, reason(error)
            )
        except Exception:  # noqa: BLE001 - a bug costs one scan, never the node
            logs.watchfolder.exception("A bug in FFmate Desktop ended the scan of “%s”", claim.settings.name)
        finally:
            self._busy.discard(claim.id)
            if self._debouncer is not None:
                self._debouncer.scan_ended(claim.id, loop.time() - start)
                self._has_list_changed |= self._debouncer.is_broken(claim.id)
            self._wake.set()

    async def _scan_claimed(self, claim: ScanClaim) -> None:
        silent = self._silent.get(claim.id)
        # Popped while this scan uses it: a scan that lost its claim may use its cache until it notices.
        cache = self._caches.pop(claim.id, None) or FileRecordCache()
        try:
            if silent is not None and silent[0].is_alive:
                raise UnreachableError(silent[1])
            report = await scan_folder(self._database, claim, cache, self._presets, self._blocked)
            self._caches[claim.id] = cache
            self._avoided.discard(claim.id)
            self._silent.pop(claim.id, None)
            if self._troubles.pop(claim.id, None) is not None:
                logs.watchfolder.info("“%s” can be scanned again", claim.settings.name)
            self._log_result(claim, report.result)
            await self._observe_new_root(claim.id, report.root)
        except UnreachableError as error:
            self._caches[claim.id] = cache
            if isinstance(error, SilentStorageError):
                self._silent[claim.id] = error.thread, str(error)
            others = await scans.report_unreachable(self._database, claim, _with_names(str(error), claim))
            self._report_unscannable(claim.id, str(error), others=others)
        except CONNECTION_LOST:
            raise
        except (UserError, OSError) as error:
            sentence = (
                str(error) if isinstance(error, UserError) else f"The operating system reported: {error}."
            )
            await scans.end_scan(
                self._database, claim, ScanResult(), sentence, root=None, wait=None, ends_recorded=False
            )

    async def _observe_new_root(self, folder: int, root: tuple[int, int]) -> None:
        """Observe the folder that has this path now, if it is another one than before."""
        if self._roots.setdefault(folder, root) != root and self._debouncer is not None:
            self._roots[folder] = root
            await self._debouncer.forget(folder)
            self._has_list_changed = True

    def _report_unscannable(self, folder: int, sentence: str, *, others: bool) -> None:
        """Leave the folder to other nodes first; logged at info once until the reason changes."""
        self._avoided.add(folder)
        level = logs.watchfolder.debug if self._troubles.get(folder) == sentence else logs.watchfolder.info
        level("%s%s", sentence, " Other nodes may scan it." if others else "")
        self._troubles[folder] = sentence

    def _log_result(self, claim: ScanClaim, result: ScanResult) -> None:
        level = logs.watchfolder.info if result.queued else logs.watchfolder.debug
        level(
            "“%s”: %d files, %d queued, %.2f s",
            claim.settings.name,
            result.files,
            result.queued,
            result.seconds,
        )

    async def _renew(self, claim: ScanClaim) -> None:
        while True:
            try:
                await scans.renew_scan(self._database, claim)
            except ScanLostError:
                return  # the scan's next write fails
            except CONNECTION_LOST as error:
                logs.watchfolder.debug("Couldn't renew the claim of a scan: %s", reason(error))
            await asyncio.sleep(claim.lease.total_seconds() / 3)


def _with_names(sentence: str, claim: ScanClaim) -> str:
    names = sorted({claim.node, *claim.unreachable})
    return f"{sentence} (Reported by {', '.join(names)}.)"
