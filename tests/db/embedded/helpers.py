"""People and tools of these tests: processes that use a database, and what there is to see of them."""

import asyncio
import contextlib
import os
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import asyncpg
import psutil
import pytest

from ffmate_desktop.db.embedded.account import Account, as_account
from ffmate_desktop.db.embedded.database import EmbeddedDatabase, EmbeddedStatus, status
from ffmate_desktop.db.embedded.locks import wait_until

PROJECT = Path(__file__).parents[3]
ROOT = os.name != "nt" and os.geteuid() == 0
# Only for root the server runs under an account of its own; for others there is nothing to see.
as_root = pytest.mark.skipif(not ROOT, reason="only as root does the server run as a user of its own")
SOON = 60.0  # seconds; a limit for waits, not a measure

USER = """
import asyncio, sys
from pathlib import Path
from ffmate_desktop.db.embedded.database import EmbeddedDatabase

async def main():
    async with EmbeddedDatabase(Path(sys.argv[1])) as database:
        print(database.uri, flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


class User:
    """A process that uses the database of a folder until its stdin is closed."""

    def __init__(self, data_dir: Path, python: str = sys.executable, account: Account | None = None) -> None:
        packages = str(distribution("asyncpg").locate_file(""))
        self.process = subprocess.Popen(
            [python, "-c", USER, str(data_dir)],
            **as_account(account),
            cwd="/",
            env=os.environ | {"PYTHONPATH": os.pathsep.join((str(PROJECT), packages))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def uri(self) -> str:
        """Its answer once it is in."""
        assert self.process.stdout and self.process.stderr
        return self.process.stdout.readline().strip() or pytest.fail(self.process.stderr.read())

    def leave(self) -> None:
        _, errors = self.process.communicate(timeout=SOON)
        assert (self.process.returncode, errors) == (0, "")

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def processes_of(folder: Path) -> list[psutil.Process]:
    """Servers, their children and keepers of any database under a folder."""
    found = []
    for process in psutil.process_iter():
        # it ends, or works in a folder deeper than paths are long
        with contextlib.suppress(psutil.Error, OSError):
            places = [process.cwd(), *process.cmdline()]
            if process.pid != os.getpid() and any(place.startswith(str(folder)) for place in places):
                found.append(process)
    return found


async def execute(uri: str, sql: str) -> object:
    connection = await asyncpg.connect(uri, timeout=SOON)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def running(data_dir: Path) -> EmbeddedStatus:
    facts = await status(data_dir)
    assert facts and facts.pid and facts.phase == "ready"
    return facts


def keeper_of(data_dir: Path, *, other_than: psutil.Process | None = None) -> psutil.Process:
    """Wait for the keeper to be there."""
    found: list[psutil.Process] = []

    def is_there() -> bool:
        with contextlib.suppress(psutil.Error):  # one of them ended while we looked
            found[:] = [p for p in processes_of(data_dir) if p != other_than and "-m" in p.cmdline()]
        return len(found) == 1

    assert wait_until(is_there, SOON)
    return found[0]


async def answers(database: EmbeddedDatabase) -> None:
    """Wait until the database takes queries again."""
    async with asyncio.timeout(SOON):
        while True:
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await execute(database.uri, "SELECT 1")
                return
            await asyncio.sleep(0.05)


def stranger() -> Account:
    return Account(65534, 65534)


def python_for(account: Account) -> str:
    """A Python that this account can run: ours may be in a home folder that it cannot enter."""
    packages = str(distribution("asyncpg").locate_file(""))
    for python in (sys.executable, "/usr/bin/python3"):
        if account.can(
            f'PYTHONPATH="$1" "$2" -c "import asyncpg, psutil; {_SAME_VERSION}"', packages, python
        ):
            return python
    # A Python in a closed home, such as root's pyenv: a second user of the folder can't be simulated.
    pytest.skip("no Python of this version that another account can run")


_SAME_VERSION = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
