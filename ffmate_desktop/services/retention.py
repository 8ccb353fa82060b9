"""How much space task logs and the queue take."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from ffmate_desktop.db import retention
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.storage.task_logs import log_files


@dataclass(frozen=True, slots=True)
class StorageUsage:
    """Task log files on this computer, and the size of the queue; sizes are in bytes."""

    log_files: int
    log_bytes: int
    finished_tasks: int
    database_bytes: int
    trouble: str = ""
    """Why the log files can't be counted; empty if they can."""


class RetentionService:
    """`folder` contains this computer's task log files."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    async def usage(self) -> StorageUsage:
        """The current usage."""
        files, trouble = [], ""
        try:
            files = await asyncio.to_thread(log_files, self._folder)
        except UserError as error:
            trouble = str(error)
        queue = await retention.sizes(self._database)
        return StorageUsage(
            len(files), sum(file.size for file in files), queue.finished, queue.bytes, trouble
        )
