"""Reads the cluster log."""

from ffmate_desktop.db import node_logs as stored
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.node_log import LogFilter, LogLine


class NodeLogService:
    """Reads the log backwards, and the lines that `LogsChanged` announces."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, where: LogFilter, *, before: int | None = None, limit: int = 200) -> list[LogLine]:
        """The newest matching lines, or those before an id; oldest first."""
        return await stored.page(self._database, where, before=before, after=0, limit=limit)

    async def between(self, where: LogFilter, first: int, last: int) -> list[LogLine]:
        """The matching lines from id `first` to `last`; oldest first."""
        return await stored.page(
            self._database, where, before=last + 1, after=first - 1, limit=last - first + 1
        )

    async def sources(self) -> tuple[list[str], list[str]]:
        """The nodes and namespaces that have lines."""
        return await stored.sources(self._database)
