"""A real PgBouncer in front of the server of this run."""

import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from ffmate_desktop.db.embedded.account import Account, as_account, owner_of
from tests.node.waiting import PATIENCE, until
from tests.scratch import new_folder

PROGRAM = shutil.which("pgbouncer", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin")))

# The set-up installs it where it may (packaging/install_test_tools.py); no package of Python's brings one.
needs_pgbouncer = pytest.mark.skipif(
    PROGRAM is None, reason="pgbouncer isn't installed (apt-get install pgbouncer)"
)

_CONFIGURATION = """
[databases]
{database} = host={host} port={port} user={user} dbname={database}
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
listen_port = 6000
auth_type = any
pool_mode = {mode}
max_client_conn = 50
{settings}
"""


@asynccontextmanager
async def open_bouncer(uri: str, mode: str, **settings: object) -> AsyncIterator[str]:
    """The same database through a PgBouncer in this pool mode; `settings` are its own."""
    assert PROGRAM
    parts = urlsplit(uri)
    parameters = {key: values[0] for key, values in parse_qs(parts.query).items()}
    database = parts.path.strip("/")
    folder = new_folder("ffb-", 0o700)  # short: it becomes the path of a socket
    account: Account | None = owner_of(Path(parameters["host"])) if os.geteuid() == 0 else None
    if account:  # pgbouncer refuses to be root, as the server does
        os.chown(folder, account.uid, account.gid)
    file = folder / "pgbouncer.ini"
    file.write_text(
        _CONFIGURATION.format(
            database=database,
            host=parameters["host"],
            port=parameters.get("port", 5432),
            user=parts.username,
            folder=folder,
            mode=mode,
            settings="\n".join(f"{key} = {value}" for key, value in settings.items()),
        )
    )
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [PROGRAM, str(file)], **as_account(account), cwd="/", stdout=output, stderr=output
        )
    try:
        await until(lambda: _listens(folder / ".s.PGSQL.6000"), "pgbouncer listens")
        yield f"postgresql://{parts.username}@/{database}?host={folder}&port=6000&sslmode=disable"
    finally:
        process.terminate()
        process.wait(PATIENCE)
        shutil.rmtree(folder)


def _listens(path: Path) -> bool:
    """A socket is a file before anybody listens on it."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0
