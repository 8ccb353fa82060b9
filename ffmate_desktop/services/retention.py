"""How much space the logs of tasks and the queue take."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from ffmate_desktop.db import retention
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.storage.task_logs import log_files


@dataclass(frozen=True, slots=True)
class StorageUsage:
    """Log files of tasks on this computer, and what the queue holds; sizes are in bytes."""

    log_files: int
    log_bytes: int
    finished_tasks: int
    database_bytes: int
    trouble: str = ""
    """Why the log files cannot be counted; empty when they can."""


class RetentionService:
    """`folder` has the log files of this computer's tasks."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    async def usage(self) -> StorageUsage:
        """What there is at the moment."""
        files, trouble = [], ""
        try:
            files = await asyncio.to_thread(log_files, self._folder)
        except UserError as error:
            trouble = str(error)
        queue = await retention.sizes(self._database)
        return StorageUsage(
            len(files), sum(file.size for file in files), queue.finished, queue.bytes, trouble
        )
