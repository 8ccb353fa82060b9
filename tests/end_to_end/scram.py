"""A real PostgreSQL that asks for passwords (SCRAM), over TCP."""

import asyncio
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from ffmate_desktop.db.embedded.account import as_account
from ffmate_desktop.db.embedded.binaries import find_binaries
from ffmate_desktop.db.embedded.binaries import program as postgres_program
from ffmate_desktop.db.embedded.database import EmbeddedDatabase
from ffmate_desktop.db.embedded.home import Home, existing_home
from tests.end_to_end.program import open_folder, until


class Scram:
    """A server that asks for passwords, on a port of this computer."""

    def __init__(self, port: int, password: str) -> None:
        self.port = port
        self.password = password

    def uri(self, *, user: str = "walter", password: str = "", database: str = "ffmate") -> str:
        return f"postgresql://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"


@contextmanager
def open_scram(password: str = "right") -> Iterator[Scram]:
    """PostgreSQL with SCRAM over TCP."""
    with open_folder() as folder:
        home = asyncio.run(_prepare(folder, password))
        binaries = find_binaries(home)
        rule = "host all all 127.0.0.1/32 scram-sha-256\n"
        (home.cluster / "pg_hba.conf").write_text(rule, encoding="ascii")
        scram = Scram(free_port(), password)
        options = ("-h", "127.0.0.1", "-p", str(scram.port), "-c", "unix_socket_directories=")
        process = subprocess.Popen(
            [postgres_program(binaries, "postgres"), "-D", str(home.cluster), *options],
            **as_account(home.account),
            cwd=home.folder,
            stderr=subprocess.DEVNULL,
        )
        try:
            until(lambda: asyncio.run(_answers(scram.uri())), "the server answers")
            yield scram
        finally:
            process.send_signal(signal.SIGINT)  # a fast stop: it ends sessions
            process.wait(30)


async def _prepare(folder: Path, password: str) -> Home:
    async with EmbeddedDatabase(folder) as database:
        connection = await asyncpg.connect(database.uri)
        await connection.execute(f"CREATE ROLE walter LOGIN PASSWORD '{password}'")
        await connection.execute("ALTER DATABASE ffmate OWNER TO walter")
        await connection.close()
    home = existing_home(folder)
    assert home is not None
    return home


async def _answers(uri: str) -> bool:
    try:
        connection = await asyncpg.connect(uri, timeout=5)
    except (OSError, asyncpg.CannotConnectNowError):
        return False
    await connection.close()
    return True


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
