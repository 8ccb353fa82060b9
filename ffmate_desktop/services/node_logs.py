"""The log of the cluster for whoever reads it."""

from ffmate_desktop.db import node_logs as stored
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.node_log import LogFilter, LogLine


class NodeLogService:
    """Reads backwards, and what `LogsChanged` tells of."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, where: LogFilter, *, before: int | None = None, limit: int = 200) -> list[LogLine]:
        """The newest lines that fit, or those in front of an id; oldest first."""
        return await stored.page(self._database, where, before=before, after=0, limit=limit)

    async def between(self, where: LogFilter, first: int, last: int) -> list[LogLine]:
        """The lines that fit among those from `first` to `last`, as news of them came; oldest first."""
        return await stored.page(
            self._database, where, before=last + 1, after=first - 1, limit=last - first + 1
        )

    async def sources(self) -> tuple[list[str], list[str]]:
        """The nodes and the namespaces that lines are of, to choose from."""
        return await stored.sources(self._database)
