"""Finds files that the cluster itself wrote among files to be queued."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

from ffmate_desktop.db import file_records
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.paths import output_key

CHUNK_SIZE = 1000
"""Files per database query."""


async def own_outputs(database: Database, paths: Sequence[str]) -> dict[str, UUID]:
    """The files that are outputs of tasks, found by path, or by size and time if they were moved."""
    found: dict[str, UUID] = {}
    for start in range(0, len(paths), CHUNK_SIZE):
        names = await asyncio.to_thread(lambda chunk: list(_names(chunk)), paths[start : start + CHUNK_SIZE])
        written = await file_records.outputs_among(database, [name for _, name in names])
        found |= {names[position][0]: task for position, task in written.items()}
    return found


def _names(paths: Sequence[str]) -> Iterator[tuple[str, tuple[str, int, int]]]:
    """Path key, modification time and size of each file, under its own path and with links in its folder resolved."""
    for path in paths:
        full = Path.cwd() / path
        try:
            facts = full.stat()
        except (OSError, ValueError):  # the submission reports the error
            continue
        real = os.path.join(os.path.realpath(full.parent), full.name)  # noqa: PTH118 - text, as it is
        for name in dict.fromkeys((str(full), real)):
            yield path, (output_key(name), facts.st_mtime_ns // 1000, facts.st_size)
