"""A database user with exactly the rights that docs/database.md says to grant; the SQL is read from there."""

import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from ffmate_desktop.db.connection.connection import connect

PAGE = Path(__file__).parents[2] / "docs" / "database.md"


def documented(begin: str) -> str:
    """The block of SQL in the manual that begins so."""
    (block,) = (
        block
        for block in re.findall(r"```sql\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
        if block.startswith(begin)
    )
    return str(block)


@asynccontextmanager
async def open_role(uri: str) -> AsyncIterator[str]:
    """The address for a new user with the runtime role's rights; the role is dropped afterwards."""
    name = f"runtime_{uuid.uuid4().hex[:8]}"
    parts = urlsplit(uri)
    database = parts.path.strip("/")
    owner = await connect(uri)
    try:
        await owner.execute(f"CREATE ROLE {name} LOGIN; REVOKE ALL ON DATABASE {database} FROM PUBLIC")
        grants = documented("-- What nodes and all other users need")
        grants = grants.replace("ON DATABASE ffmate", f"ON DATABASE {database}").replace(
            "ffmate_runtime", name
        )
        await owner.execute(grants.replace("ffmate_owner", str(parts.username)))
        yield uri.replace(f"//{parts.username}@", f"//{name}@")
        await owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", name)
    finally:
        await owner.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")
        await owner.close()


@asynccontextmanager
async def open_outsider(uri: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A role that may connect, as PostgreSQL allows every role, but has no rights on our tables."""
    name = f"outsider_{uuid.uuid4().hex[:8]}"
    owner = await asyncpg.connect(uri)
    await owner.execute(f"CREATE ROLE {name} LOGIN")
    try:
        outsider = await asyncpg.connect(uri.replace(f"//{urlsplit(uri).username}@", f"//{name}@"))
        try:
            yield outsider
        finally:
            await outsider.close()
    finally:
        await owner.execute(f"DROP ROLE {name}")
        await owner.close()
