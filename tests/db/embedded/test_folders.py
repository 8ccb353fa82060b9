"""Any folder may hold the embedded database."""

import shutil
import subprocess
from pathlib import Path

import pytest

from ffmate_desktop.db.embedded import binaries, server
from ffmate_desktop.db.embedded.account import as_account
from ffmate_desktop.db.embedded.database import EmbeddedDatabase
from ffmate_desktop.db.embedded.home import Home
from ffmate_desktop.domain.errors import UserError
from tests.db.embedded.helpers import execute, running

pytestmark = pytest.mark.db


@pytest.mark.parametrize(
    "name", ["with space", "Vidéo-Übung-日本", "a,b", 'quo"te', "long" * 40, "100%+more"]
)
async def test_any_folder_name_gives_an_address_that_works(folder: Path, data_dir: Path, name: str) -> None:
    data_dir.rename(folder / name)
    async with EmbeddedDatabase(folder / name) as database:
        assert await execute(database.uri, "SELECT 1") == 1
        psql = binaries.find_binaries(Home.of(folder / name / "embedded-postgres")) / "psql"
        command = [str(psql), "-XAtc", "SELECT 2", database.uri]
        assert subprocess.run(command, capture_output=True, check=True).stdout == b"2\n"
        socket_folder = Path((await running(folder / name)).socket)
        assert socket_folder.stat().st_mode & 0o077 == 0
    assert not list(socket_folder.glob(".s.PGSQL.*"))
    assert socket_folder.exists() == socket_folder.is_relative_to(folder)


async def test_a_socket_folder_of_another_user_is_not_used(folder: Path, data_dir: Path) -> None:
    data_dir = data_dir.rename(folder / ("long" * 40))
    home = Home.of(data_dir / "embedded-postgres")
    socket_folder = server.socket_folder(home)
    socket_folder.rmdir()
    socket_folder.symlink_to(folder)
    try:
        with pytest.raises(UserError, match=r"belongs to another user"):
            await EmbeddedDatabase(data_dir).open()
    finally:
        socket_folder.unlink()


async def test_the_folder_and_its_owner_are_left_as_they_were(folder: Path) -> None:
    folder.chmod(0o751)
    before = folder.stat()
    async with EmbeddedDatabase(folder):
        after = folder.stat()
        assert (after.st_mode, after.st_uid) == (before.st_mode, before.st_uid)
        assert (folder / "embedded-postgres").stat().st_mode & 0o777 == 0o700


async def test_a_cluster_is_served_by_the_version_that_made_it(folder: Path) -> None:
    async with EmbeddedDatabase(folder):
        pass
    home = Home.of(folder / "embedded-postgres")
    shutil.rmtree(home.cluster)
    home.cluster.mkdir()
    (home.cluster / "PG_VERSION").write_text("16\n")
    older = binaries.find_binaries(home) / "initdb"
    home.cluster.joinpath("PG_VERSION").unlink()
    home.cluster.rmdir()
    command = [str(older), "-D", str(home.cluster), "-U", "ffmate", "--auth=trust", "--no-sync"]
    subprocess.run(command, **as_account(home.account), cwd="/", capture_output=True, check=True)
    async with EmbeddedDatabase(folder) as database:
        assert str(await execute(database.uri, "SHOW server_version")).startswith("16.")
