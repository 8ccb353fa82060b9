"""The PostgreSQL server of a run: the embedded server with its usual durable settings, in its own folder."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import psutil

from ffmate_desktop.db.embedded.database import EmbeddedDatabase, status


@dataclass(frozen=True, slots=True)
class Server:
    """One server; `admin` is a connection to none of the databases that are measured."""

    admin: "asyncpg.Connection[asyncpg.Record]"
    process: psutil.Process
    _uri: str

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """The URI of a new, empty database, dropped afterwards."""
        name = f"benchmark_{uuid4().hex[:8]}"
        await self.admin.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield urlsplit(self._uri)._replace(path=f"/{name}").geturl()
        finally:
            await self.admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    async def now(self) -> float:
        """The server's clock, in seconds."""
        return float(await self.admin.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8"))

    def cpu_seconds(self) -> float:
        """Processor time of the server's live processes."""
        return sum(cpu_seconds(process) for process in self.process.children())


def cpu_seconds(process: psutil.Process) -> float:
    """User and system time of a process; 0 when it is gone."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system


@asynccontextmanager
async def open_server() -> AsyncIterator[Server]:
    """Start the server, and remove it completely afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="ffmate-benchmarks-"))
    folder.chmod(0o755)  # as root the server runs as another user, who must be able to enter
    try:
        async with EmbeddedDatabase(folder) as database:
            running = await status(folder)
            assert running is not None and running.pid is not None
            admin = await asyncpg.connect(database.uri)
            yield Server(admin, psutil.Process(running.pid), database.uri)
            await admin.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
