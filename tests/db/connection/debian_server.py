"""A PostgreSQL of Debian, which speaks TLS; the one of the wheel was built without it."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from ffmate_desktop.db.embedded.account import Account, as_account, service_account
from tests.db.connection.certificates import Certificates
from tests.node.waiting import until
from tests.scratch import new_folder

_FOUND = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
PROGRAMS = _FOUND[-1].parent if _FOUND else None

# The embedded server is built without TLS. Debian's package makes a server that starts with the computer: the set-up
# leaves it to those who want these tests.
needs_debian_server = pytest.mark.skipif(
    PROGRAMS is None, reason="no PostgreSQL with TLS is installed (apt-get install postgresql)"
)

PASSWORD = "recognise-me-7Qx"


@dataclass(frozen=True)
class TlsServer:
    """A server on a port of 127.0.0.1 whose user `anna` has the PASSWORD, or a certificate; `folder` is its own."""

    port: int
    folder: Path

    def uri(self, *, host: str = "127.0.0.1", password: str | None = PASSWORD, **parameters: object) -> str:
        """Its address with these parameters."""
        userinfo = "anna" if password is None else f"anna:{password}"
        query = "&".join(f"{key}={value}" for key, value in parameters.items())
        return f"postgresql://{userinfo}@{host}:{self.port}/anna?{query}"

    def use(self, pair: tuple[Path, Path]) -> None:
        """Show this certificate from now on."""
        for source, name in zip(pair, ("server.crt", "server.key"), strict=True):
            (self.folder / name).write_bytes(source.read_bytes())

    def rules(self, *lines: str) -> None:
        """Its pg_hba.conf from now on."""
        (self.folder / "pg_hba.conf").write_text("\n".join(("local all postgres trust", *lines, "")))

    async def reload(self) -> None:
        """Let it read its files."""
        admin = await self.admin()
        await admin.execute("SELECT pg_reload_conf()")
        await admin.close()

    async def admin(self) -> "asyncpg.Connection[asyncpg.Record]":
        """By its Unix socket, as postgres."""
        return await asyncpg.connect(
            host=str(self.folder), port=self.port, user="postgres", database="postgres"
        )


@asynccontextmanager
async def open_tls_server(certificates: Certificates) -> AsyncIterator[TlsServer]:
    """Make, start and remove one."""
    assert PROGRAMS
    folder = new_folder("fft-", 0o700)
    account: Account | None = service_account() if os.geteuid() == 0 else None
    if account:
        os.chown(folder, account.uid, account.gid)
    identity = as_account(account)
    initdb: list[str | Path] = [
        PROGRAMS / "initdb",
        "-D",
        folder,
        "-U",
        "postgres",
        "--auth=trust",
        "--no-sync",
    ]
    subprocess.run(initdb, **identity, cwd="/", check=True, capture_output=True)
    server = TlsServer(_free_port(), folder)
    server.use(certificates.server)
    (folder / "root.crt").write_bytes(certificates.root.read_bytes())
    for name in ("server.crt", "server.key", "root.crt"):
        if account:
            os.chown(folder / name, account.uid, account.gid)
        (folder / name).chmod(0o600)
    server.rules("hostssl all all 127.0.0.1/32 scram-sha-256")
    options = {"listen_addresses": "127.0.0.1", "port": server.port, "unix_socket_directories": folder}
    options |= {"ssl": "on", "ssl_ca_file": "root.crt", "fsync": "off"}
    words = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [PROGRAMS / "postgres", "-D", folder, *words], **identity, cwd="/", stdout=log, stderr=log
        )
    try:
        await until(lambda: b"ready to accept" in (folder / "server.log").read_bytes(), "the server is ready")
        admin = await server.admin()
        await admin.execute(f"CREATE ROLE anna LOGIN PASSWORD '{PASSWORD}'")
        await admin.execute("CREATE DATABASE anna OWNER anna")
        await admin.close()
        yield server
    finally:
        process.send_signal(signal.SIGINT)  # a fast stop: it ends sessions
        process.wait(30)
        shutil.rmtree(folder)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
