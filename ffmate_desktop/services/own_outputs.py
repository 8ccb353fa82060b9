"""Files that the cluster itself wrote, among those that somebody wants to queue."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

from ffmate_desktop.db import file_records
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.paths import output_key

CHUNK_SIZE = 1000
"""Files of one question to the database."""


async def own_outputs(database: Database, paths: Sequence[str]) -> dict[str, UUID]:
    """Those of the files that are outputs of tasks, by their path, or by size and time if they were moved."""
    found: dict[str, UUID] = {}
    for start in range(0, len(paths), CHUNK_SIZE):
        asked = await asyncio.to_thread(lambda piece: list(_names(piece)), paths[start : start + CHUNK_SIZE])
        written = await file_records.outputs_among(database, [name for _, name in asked])
        found |= {asked[position][0]: task for position, task in written.items()}
    return found


def _names(paths: Sequence[str]) -> Iterator[tuple[str, tuple[str, int, int]]]:
    """Path key, microseconds and bytes of each file, under its name and the one behind links to its folder."""
    for path in paths:
        whole = Path.cwd() / path
        try:
            facts = whole.stat()
        except (OSError, ValueError):  # the submission says what is wrong with it
            continue
        real = os.path.join(os.path.realpath(whole.parent), whole.name)  # noqa: PTH118 - text, as it is
        for name in dict.fromkeys((str(whole), real)):
            yield path, (output_key(name), facts.st_mtime_ns // 1000, facts.st_size)
