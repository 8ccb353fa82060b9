"""The files page of a watchfolder with 100,000 files, each with its finished task: what the window waits for."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.queue import PAGE_SIZE
from ffmate_desktop.domain.watchfolder import FileState
from ffmate_desktop.services.watchfolders import FileFilterView, WatchfolderService
from tests.benchmarks.figures import reach, spread

TIMES = 11
FIRST_VIEW, NEXT_PAGE = 150, 5
"""Milliseconds until people see the first files with their counts, and until another page is there."""

_RECORDS = """
INSERT INTO ffmate.watched_files (folder, path, size, mtime, inode, view, state, reason, task, attempts, ledger)
SELECT w.id, 'group ' || n / 10000 || '/day ' || n / 100 || '/camera A take ' || n || '.mov', n, n, n, 1,
       CASE n % 50 WHEN 0 THEN 'failed' ELSE 'done' END, '',
       md5(n::text)::uuid, 1, 0
  FROM ffmate.watchfolders w, generate_series(1, $1) AS n"""

_TASKS = """
INSERT INTO ffmate.tasks (uuid, name, priority, requirement_set, source, spec, status, epoch, node_id, node_name,
                          attempts, progress, result, error, started_at, finished_at)
SELECT md5(n::text)::uuid, n::text, 0, 1, 'watchfolder', '{}',
       CASE n % 50 WHEN 0 THEN 'DONE_ERROR' ELSE 'DONE_SUCCESSFUL' END,
       1, 1, 'node', 1, 100, '{}', CASE n % 50 WHEN 0 THEN 'No luck.' END, moment, moment
  FROM generate_series(1, $1) AS n, (SELECT clock_timestamp() - interval '1 day' AS moment)"""


async def fill(database: Database, files: int) -> None:
    """The file records of the one watchfolder there is, and its tasks, as they look after a year."""
    async with database.transaction() as connection:
        await connection.execute(_RECORDS, files)
        await connection.execute(
            "INSERT INTO ffmate.requirement_sets (labels) VALUES ('{}') ON CONFLICT DO NOTHING"
        )
        await connection.execute(_TASKS, files)
        await connection.execute("UPDATE ffmate.watchfolders SET settled_at = clock_timestamp()")
    async with database.connection() as connection:
        await connection.execute("VACUUM ANALYZE ffmate.watched_files, ffmate.tasks")


async def measure(service: WatchfolderService, folder: UUID, files: int) -> None:
    """Every question that the page asks, as it asks them: see gui/watchfolders/file_model.py."""
    every, failed = FileFilterView(), FileFilterView(frozenset({FileState.FAILED}))
    anchors = await service.file_anchors(folder, every, PAGE_SIZE)
    middle = anchors[len(anchors) // 2] + 1

    async def first(view: FileFilterView) -> None:
        await asyncio.gather(service.files(folder, view, limit=PAGE_SIZE), service.counts(folder, view.text))

    questions: dict[str, Callable[[], Awaitable[object]]] = {
        "first view: 200 files and the counts": lambda: first(every),
        "first view of those that failed": lambda: first(failed),
        "first view of a search": lambda: first(FileFilterView(text="take 4711")),
        "counts alone": lambda: service.counts(folder),
        "keys of all pages": lambda: service.file_anchors(folder, every, PAGE_SIZE),
        "a page in the middle": lambda: service.files(folder, every, before=middle, limit=PAGE_SIZE),
        "counts of all folders, for the table": service.all_counts,
    }
    figures = {name: [await _milliseconds(ask) for _ in range(TIMES)] for name, ask in questions.items()}
    print(f"  the page of {files} files, each with its task; milliseconds")
    for name, values in figures.items():
        print(f"    {name}: {spread(values)}")
    medians = {name: statistics.median(values) for name, values in figures.items()}
    opened, page = (
        medians[name] for name in ("first view: 200 files and the counts", "a page in the middle")
    )
    print(reach("the first view of the files page", opened, FIRST_VIEW, unit=" ms"))
    print(reach("another page of it", page, NEXT_PAGE, unit=" ms"))


async def _milliseconds(ask: Callable[[], Awaitable[object]]) -> float:
    begin = time.perf_counter()
    await ask()
    return 1000 * (time.perf_counter() - begin)
