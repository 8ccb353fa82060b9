"""The duty to scan watchfolders: claims those that are due, or in which something happened, and scans them."""

import asyncio
import random
from collections.abc import Callable

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
from ffmate_desktop.node.watchfolders.record_cache import FileRecordCache
from ffmate_desktop.node.watchfolders.scan import Scan
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.storage.walk import UnreachableError
from ffmate_desktop.storage.watched_thread import WatchedThread
from ffmate_desktop.throttle import Throttle

MOST_SCANS = 2
"""Scans at a time on one node."""

IDLE = 60.0
"""Seconds until a node without anything to scan asks again; news wake it at once."""

AGAIN = 0.25
"""Seconds until a node asks again for a folder that another one has just taken."""

HINTS = 0.25
"""Seconds between two looks that notifications ask for, which anybody can send."""

SPREAD = 0.05
"""Seconds by which nodes come to a due folder at different times."""


class ScanDuty:
    """Scans watchfolders as long as `may_scan()`; `node_id()` is the present incarnation."""

    def __init__(
        self,
        database: Database,
        presets: PresetService,
        *,
        node_id: Callable[[], int],
        may_scan: Callable[[], bool],
        listens: bool = True,
    ) -> None:
        self._database = database
        self._presets = presets
        self._node_id = node_id
        self._may_scan = may_scan
        self._wake = asyncio.Event()
        self._listens = listens
        self._doorbell: EventDebouncer | None = None
        self._known: dict[int, FileRecordCache] = {}
        self._busy: set[int] = set()
        self._shunned: set[int] = set()
        self._roots: dict[int, tuple[int, int]] = {}
        """(Device, inode) of the folders that are listened to."""
        self._troubles: dict[int, str] = {}
        """Why folders could not be scanned here the last time."""
        self._hanging: dict[int, tuple[WatchedThread[object], str]] = {}
        """Threads that wait for storage which does not answer, and what was said of it."""
        self._stuck: dict[str, WatchedThread[None]] = {}
        """Folders for originals that did not answer, and who waits for them."""
        self._list_changed = True
        self._looks = Throttle(self._wake.set, HINTS)

    def hear(self, change: Change) -> None:
        """News from the cluster: there may be something to scan, or other folders to listen to."""
        match change:
            case WatchfolderChanged() | AnythingChanged():
                self._list_changed = True
                self._looks.request()
            case _:
                pass

    def wake(self) -> None:
        """It may scan again."""
        self._wake.set()

    async def run(self) -> None:
        """Scan until cancelled."""
        doorbell = EventDebouncer(self._wake.set) if self._listens else None
        self._doorbell, self._list_changed = doorbell, True
        try:
            async with asyncio.TaskGroup() as group:
                backoff = database_backoff()
                while True:
                    self._wake.clear()
                    try:
                        pause = await self._round(group)
                        backoff.reset()
                    except CONNECTION_LOST as error:
                        logs.watchfolder.debug("No scan possible: %s", reason(error))
                        pause = backoff.next_delay()
                    try:
                        async with asyncio.timeout(pause):
                            await self._wake.wait()
                    except TimeoutError:
                        await asyncio.sleep(random.uniform(0, SPREAD) + SPREAD * len(self._busy))  # noqa: S311 - no secret
        finally:
            self._looks.close()
            if doorbell is not None:
                await doorbell.close()

    async def _round(self, group: asyncio.TaskGroup) -> float:
        """Claim what can be scanned now; returns the seconds until it is worth asking again."""
        if not self._may_scan():
            return IDLE
        if self._list_changed:
            self._list_changed = False
            try:
                await self._read_list()
            except BaseException:
                self._list_changed = True  # nobody tells again
                raise
        while len(self._busy) < MOST_SCANS:
            hurried = self._doorbell.rung(self._busy) if self._doorbell is not None else []
            seconds = await scans.next_scan(self._database, self._node_id())
            if not hurried and (seconds is None or seconds > 0):
                return IDLE if seconds is None else min(seconds, IDLE)
            try:
                claim = await scans.claim_scan(
                    self._database, self._node_id(), hurried, sorted(self._shunned)
                )
            except NewerSettingsError as newer:
                if self._doorbell is not None:
                    self._doorbell.answered(newer.folder)
                self._cannot(newer.folder, str(newer), others=newer.others)
                continue
            if claim is None:
                return AGAIN
            self._busy.add(claim.id)
            if self._doorbell is not None:
                self._doorbell.answered(claim.id)
            group.create_task(self._scan(claim), name=f"scan of {claim.settings.name}")
        return IDLE

    async def _read_list(self) -> None:
        folders = dict(await scans.watch_list(self._database, self._node_id()))
        self._known = {folder: known for folder, known in self._known.items() if folder in folders}
        self._roots = {folder: root for folder, root in self._roots.items() if folder in folders}
        self._shunned &= folders.keys()
        self._troubles = {folder: why for folder, why in self._troubles.items() if folder in folders}
        if self._doorbell is not None:
            await self._doorbell.listen(folders)

    async def _scan(self, claim: ScanClaim) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        try:
            async with running_in_background(
                self._renew(claim), f"renewing the claim on {claim.settings.name}"
            ):
                await self._try(claim)
        except ScanLostError:
            logs.watchfolder.debug(
                "The scan of “%s” was taken over, or its settings changed", claim.settings.name
            )
        except CONNECTION_LOST as error:
            logs.watchfolder.info("The scan of “%s” has to wait: %s", claim.settings.name, reason(error))
        except Exception:  # noqa: BLE001 - a defect of ours costs one scan, never the node
            logs.watchfolder.exception("The scan of “%s” met a defect of the program", claim.settings.name)
        finally:
            self._busy.discard(claim.id)
            if self._doorbell is not None:
                self._doorbell.rest(claim.id, loop.time() - start)
                self._list_changed |= self._doorbell.is_broken(claim.id)
            self._wake.set()

    async def _try(self, claim: ScanClaim) -> None:
        hanging = self._hanging.get(claim.id)
        # Taken away, not looked at: a scan that has lost its claim, which it learns late, may still go on with it.
        known = self._known.pop(claim.id, None) or FileRecordCache()
        scan = Scan(self._database, claim, known, self._presets, self._stuck)
        try:
            if hanging is not None and hanging[0].is_alive:
                raise UnreachableError(hanging[1])
            result = await scan.run()
            self._known[claim.id] = known
            self._shunned.discard(claim.id)
            self._hanging.pop(claim.id, None)
            if self._troubles.pop(claim.id, None) is not None:
                logs.watchfolder.info("“%s” can be scanned again", claim.settings.name)
            self._tell(claim, result)
            await self._follow(claim.id, scan.root)
        except UnreachableError as error:
            self._known[claim.id] = known
            if scan.hangs is not None:
                self._hanging[claim.id] = scan.hangs, str(error)
            others = await scans.leave_scan(self._database, claim, _with_names(str(error), claim))
            self._cannot(claim.id, str(error), others=others)
        except CONNECTION_LOST:
            raise
        except (UserError, OSError) as error:
            sentence = str(error) if isinstance(error, UserError) else f"The computer reported: {error}."
            await scans.end_scan(
                self._database, claim, ScanResult(), sentence, root=None, wait=None, settled=False
            )

    async def _follow(self, folder: int, root: tuple[int, int] | None) -> None:
        """Listen to the folder that has the path now, if it is another one."""
        if root is not None and self._roots.setdefault(folder, root) != root and self._doorbell is not None:
            self._roots[folder] = root
            await self._doorbell.forget(folder)
            self._list_changed = True

    def _cannot(self, folder: int, sentence: str, *, others: bool) -> None:
        """Others first, from now on; said once until it changes."""
        self._shunned.add(folder)
        level = logs.watchfolder.debug if self._troubles.get(folder) == sentence else logs.watchfolder.info
        level("%s%s", sentence, " Other nodes may scan it." if others else "")
        self._troubles[folder] = sentence

    def _tell(self, claim: ScanClaim, result: ScanResult) -> None:
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
                return  # whatever the scan writes next will fail
            except CONNECTION_LOST as error:
                logs.watchfolder.debug("The claim could not be renewed: %s", reason(error))
            await asyncio.sleep(claim.lease.total_seconds() / 3)


def _with_names(sentence: str, claim: ScanClaim) -> str:
    names = sorted({claim.node, *claim.unreachable})
    return f"{sentence} (On {', '.join(names)}.)"
