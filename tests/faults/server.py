"""A separate PostgreSQL server for a test, which listens on TCP and can be killed, replicated and promoted."""

import asyncio
import os
import shutil
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

import asyncpg

from ffmate_desktop.db.embedded import server
from ffmate_desktop.db.embedded.account import as_account
from ffmate_desktop.db.embedded.binaries import find_binaries, program
from ffmate_desktop.db.embedded.home import make_home
from tests.children import signal_child
from tests.faults.network import SUBNETS

USER = DATABASE = "ffmate"
PATIENCE = 120.0
"""Seconds; a limit for things that went wrong, not a measure."""

# A killed server loses nothing without fsync: the kernel lives on, and has what was written.
_SETTINGS = (
    "fsync=off",
    "full_page_writes=off",
    "wal_retrieve_retry_interval=100ms",
    "timezone=UTC",
)


class Server:
    """One cluster in `folder`, with the binaries and the account of the embedded database, on a port of its own.

    `settings` are more of what its configuration file would have, as `name=value`.
    """

    def __init__(self, folder: Path, *settings: str) -> None:
        self._own = settings
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)  # as root the server runs as another user
        self._home = make_home(folder)
        self._binaries = find_binaries(self._home)
        self._process: asyncio.subprocess.Process | None = None
        self.port = _free_port()

    @property
    def uri(self) -> str:
        """The address for this computer."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{DATABASE}?sslmode=disable"

    @property
    def log(self) -> str:
        """What it had to say."""
        return self._home.log.read_text(errors="replace")

    async def make(self) -> None:
        """A new cluster, started, with our database in it."""
        await asyncio.to_thread(server.initialise, self._home, self._binaries)
        with (self._home.cluster / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {SUBNETS} trust\n")
        await self.start()
        connection = await asyncpg.connect(self.uri, database="postgres")
        await connection.execute(f"CREATE DATABASE {DATABASE}")
        await connection.close()

    async def copy(self, primary: "Server") -> None:
        """Become a standby of another server, whose commits wait for this one from now on."""
        await asyncio.to_thread(shutil.rmtree, self._home.cluster, ignore_errors=True)
        await self._run(
            "pg_basebackup", "-h", "127.0.0.1", "-p", str(primary.port), "-U", USER, "-R", "-X", "stream",
            "--checkpoint=fast", "--no-sync", "-D", str(self._home.cluster),
        )  # fmt: skip
        await self.start()
        await primary.set("synchronous_standby_names", "'*'")

    async def promote(self) -> None:
        """Become the primary, which waits for no standby."""
        await self._run("pg_ctl", "promote", "-w", "-D", str(self._home.cluster))
        await self.set("synchronous_standby_names", "''")

    async def set(self, name: str, value: str) -> None:
        """A setting of the running server."""
        connection = await asyncpg.connect(self.uri, database="postgres")
        await connection.execute("SET synchronous_commit = local")
        await connection.execute(f"ALTER SYSTEM SET {name} = {value}")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.close()

    async def start(self) -> None:
        """Start it again, as a service manager does, and wait until it takes connections."""
        async with asyncio.timeout(PATIENCE):
            while not await self._start():  # sessions of a killed one may still hold its memory
                await asyncio.sleep(0.05)

    async def _start(self) -> bool:
        (self._home.cluster / "postmaster.pid").unlink(missing_ok=True)
        settings = (
            *_SETTINGS,
            *self._own,
            "listen_addresses=*",
            f"unix_socket_directories={self._home.folder}",
        )
        options = [word for setting in settings for word in ("-c", setting)]
        with self._home.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                program(self._binaries, "postgres"), "-D", str(self._home.cluster), "-p", str(self.port),
                *options, **as_account(self._home.account), cwd=self._home.folder, stdout=log, stderr=log,
                env=os.environ | {"LC_ALL": "C"}, start_new_session=True,
            )  # fmt: skip
        while self._process.returncode is None:
            with suppress(OSError, asyncpg.PostgresError):
                await (await asyncpg.connect(self.uri, database="postgres", timeout=5)).close()
                return True
            await asyncio.sleep(0.02)
        return False

    async def kill(self) -> None:
        """kill -9 of the postmaster; its sessions notice that and end."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """A fast stop."""
        await self._end(signal.SIGINT)

    async def _end(self, number: int) -> None:
        if self._process is not None and self._process.returncode is None:
            signal_child(self._process, number)
            async with asyncio.timeout(PATIENCE):
                await self._process.wait()

    async def _run(self, name: str, *arguments: str) -> None:
        process = await asyncio.create_subprocess_exec(
            program(self._binaries, name), *arguments, **as_account(self._home.account), cwd=self._home.folder,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"{name}: {output.decode(errors='replace')}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


REPLICATION = sys.platform != "win32"
"""Whether a second server can be made here: on Windows postgres does not start as an administrator."""
