"""Watchfolders: scanning 100,000 files, the unchanged tree again, memory, arrivals, and the page of them."""

import asyncio
import gc
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import uuid4

import psutil

from ffmate_desktop.db import scans
from ffmate_desktop.db import watchfolders as stored
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.migrate import migrate
from ffmate_desktop.domain.watchfolder import WatchfolderSettings
from ffmate_desktop.node.watchfolders.record_cache import FileRecordCache
from ffmate_desktop.node.watchfolders.scan import scan_folder
from ffmate_desktop.node.watchfolders.scan_duty import ScanDuty
from ffmate_desktop.services.preset_editor import PresetDraft, PresetEditor
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.watchfolders import WatchfolderService
from tests.benchmarks import watch_pages
from tests.benchmarks.figures import load, percentile, reach, spread
from tests.benchmarks.server import Server
from tests.db.cluster import joined

FOLDERS, FILES = 1000, 100
ARRIVALS = 30
COPY = "-i ${INPUT_FILE} -c copy ${OUTPUT_FILE}"


class Lag:
    """The worst lateness of the loop while the block runs."""

    def __init__(self) -> None:
        self.lags: list[float] = []

    @property
    def worst(self) -> float:
        """Milliseconds."""
        return 1000 * max(self.lags, default=0.0)

    async def watch(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            begin = loop.time()
            await asyncio.sleep(0.001)
            self.lags.append(loop.time() - begin - 0.001)


class Bench:
    """One folder, one node, one set of file records."""

    def __init__(self, database: Database, node_id: int, root: Path, folder: Path) -> None:
        self.database = database
        self.node_id = node_id
        self.root = root
        self.presets = PresetService(database, folder)
        self.known = FileRecordCache()

    async def begin(self, **settings: object) -> None:
        """A new watchfolder, in place of the one before."""
        for folder in await stored.list_watchfolders(self.database):
            await stored.delete(self.database, folder.uuid)
        presets = await self.presets.all() or [
            await PresetEditor(self.database, self.presets).add(
                PresetDraft("copy", COPY, output_file=f"{self.root}_out/${{UUID}}.mp4")
            )
        ]
        fields = {"name": "in", "path": str(self.root), "preset": presets[0].uuid, "interval": 600} | settings
        await stored.insert(self.database, uuid4(), WatchfolderSettings.model_validate(fields))
        self.known = FileRecordCache()

    async def scan(self) -> tuple[float, float, float]:
        """Scan once; seconds on the clock, seconds of a processor in this program, worst lag in ms."""
        async with self.database.transaction() as connection:
            await connection.execute("UPDATE ffmate.watchfolders SET due_at = clock_timestamp()")
        claim = await scans.claim_scan(self.database, self.node_id)
        assert claim is not None
        await scans.renew_scan(self.database, claim)
        lag = Lag()
        watching = asyncio.create_task(lag.watch())
        begin, used = time.monotonic(), time.process_time()
        await scan_folder(self.database, claim, self.known, self.presets)
        took, spent = time.monotonic() - begin, time.process_time() - used
        watching.cancel()
        return took, spent, lag.worst


@asynccontextmanager
async def bench(server: Server) -> AsyncIterator[Bench]:
    """An empty folder, and everything around it."""
    place = Path(tempfile.mkdtemp(prefix="ffmate-watch-"))
    try:
        async with server.database() as uri:
            await migrate(uri)
            async with Database(uri, size=6) as database, joined(uri) as node:
                async with database.transaction() as connection:
                    await connection.execute("UPDATE ffmate.nodes SET lease_until = 'infinity'")
                root = place / "in"
                root.mkdir()
                yield Bench(database, node.id, root, place)
    finally:
        await asyncio.to_thread(shutil.rmtree, place)


async def run(server: Server) -> None:
    """All of it."""
    print(f"  {load()}")
    async with bench(server) as setup:
        await asyncio.to_thread(_fill, setup.root)
        await _large_tree(setup)
    async with bench(server) as setup:
        await _latency(setup)
    async with bench(server) as setup:
        await setup.begin(suspended=True)
        await watch_pages.fill(setup.database, FOLDERS * FILES)
        [folder] = await stored.list_watchfolders(setup.database)
        await watch_pages.measure(
            WatchfolderService(setup.database, setup.presets), folder.uuid, FOLDERS * FILES
        )


def _fill(root: Path) -> None:
    for number in range(FOLDERS):
        folder = root / f"group {number // 100}" / f"day {number:04}"
        folder.mkdir(parents=True)
        for file in range(FILES):
            (folder / f"camera A take {file:05}.mov").touch()


async def _large_tree(setup: Bench) -> None:
    await setup.begin(growth_checks=5)
    took, spent, lag = await setup.scan()
    print(
        f"  first scan of {FOLDERS * FILES} files: {took:.2f} s, {spent:.2f} s of a core, loop {lag:.0f} ms late"
    )
    async with setup.database.transaction() as connection:
        await connection.execute(
            "UPDATE ffmate.watched_files SET state = 'done', reason = '', ledger = 10000;"
            "UPDATE ffmate.watchfolders SET ledger = 10000, ledger_from = 10000"
        )
    gc.collect()
    setup.known = FileRecordCache()
    before = psutil.Process().memory_info().rss
    took, spent, lag = await setup.scan()
    gc.collect()
    grown = (psutil.Process().memory_info().rss - before) / 2**20
    print(f"  by a node that has just started: {took:.2f} s, {spent:.2f} s of a core, loop {lag:.0f} ms late")
    print(f"  memory: {grown:.1f} MiB for what the node remembers of it")
    scans = [await setup.scan() for _ in range(5)]
    print(
        f"  unchanged: {spread([scan[0] for scan in scans])} s, cores {spread([scan[1] for scan in scans])} s"
    )
    print(
        reach(
            "second scan of the unchanged tree",
            statistics.median(scan[1] for scan in scans),
            1.5,
            unit=" s",
        )
    )
    print(
        reach(
            "the loop's worst lateness in it",
            statistics.median(scan[2] for scan in scans),
            20,
            unit=" ms",
        )
    )


async def _latency(setup: Bench) -> None:
    for observes, interval in ((True, 600), (False, 1)):
        await setup.begin(growth_checks=0, interval=interval)
        watching = ScanDuty(
            setup.database,
            setup.presets,
            node_id=lambda: setup.node_id,
            may_scan=lambda: True,
            observes=observes,
        )
        running = asyncio.create_task(watching.run())
        try:
            await asyncio.sleep(1.5)
            waits = [await _arrival(setup, number, str(observes)) for number in range(ARRIVALS)]
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        name = "events" if observes else f"polled every {interval} s"
        print(
            f"  complete file to queued task, {name}: {spread(waits)} s, p95 {percentile(waits, 0.95):.3f} s"
        )
        if observes:
            print(reach("local detection", max(waits), 1.0, unit=" s"))


async def _arrival(setup: Bench, number: int, name: str) -> float:
    await asyncio.sleep(0.1 + number % 7 * 0.13)
    (setup.root / f"{name} {number}.mov").write_bytes(b"x" * 1000)
    begin = time.monotonic()
    while True:
        async with setup.database.connection() as connection:
            found = await connection.fetchval(
                "SELECT count(*) FROM ffmate.tasks WHERE name = $1", f"{name} {number}.mov"
            )
        if found:
            return time.monotonic() - begin
        await asyncio.sleep(0.005)
