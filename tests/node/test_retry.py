"""Which errors are retried as an outage of the database, and which are not."""

from pathlib import Path
from urllib.parse import unquote

import pytest

from ffmate_desktop.db.connection.connection import CONNECTION_LOST, Database
from ffmate_desktop.db.queries import Sql
from ffmate_desktop.node.retry import retry_until_answered

pytestmark = pytest.mark.db


async def test_an_unreadable_file_is_not_an_outage(tmp_path: Path) -> None:
    async def read() -> bytes:
        return (tmp_path / "missing").read_bytes()

    with pytest.raises(FileNotFoundError):
        await retry_until_answered(read, "a file")


async def test_a_missing_socket_is_an_outage(postgres_uri: str, tmp_path: Path) -> None:
    """As after the embedded server has ended: there is nothing to connect to."""
    before, _, options = postgres_uri.partition("?host=")
    folder, _, rest = options.partition("&")
    link = tmp_path / "link"
    if not folder or len(str(link)) > 80:
        pytest.skip("no socket of this kind, or no room for its path")
    link.symlink_to(unquote(folder))
    async with Database(f"{before}?host={link}&{rest}") as database:
        select = Sql("SELECT 1")
        assert await database.fetch(select)
        link.unlink()
        database.cut()
        for _ in range(3):
            with pytest.raises(CONNECTION_LOST):
                await database.fetch(select)
