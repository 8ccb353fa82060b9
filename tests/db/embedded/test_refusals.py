"""Each problem of the embedded server is reported in one sentence."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ffmate_desktop.db.embedded import binaries
from ffmate_desktop.db.embedded.database import EmbeddedDatabase, status
from ffmate_desktop.domain.errors import UserError
from tests.db.embedded.helpers import ROOT, processes_of

pytestmark = pytest.mark.db


@pytest.mark.parametrize(
    ("version", "sentence"),
    [("99\n", "created by a newer version"), ("15\n", "no embedded PostgreSQL 15"), ("", "is damaged")],
)
async def test_a_database_of_another_version_is_refused(data_dir: Path, version: str, sentence: str) -> None:
    (data_dir / "embedded-postgres" / "cluster" / "PG_VERSION").write_text(version)
    with pytest.raises(UserError, match=sentence):
        await EmbeddedDatabase(data_dir).open()


async def test_a_folder_that_cannot_be_created_is_reported(folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(UserError, match="can't use the folder"):
        await EmbeddedDatabase(folder / "file" / "data").open()


# The refusal itself is left out there, too (embedded/home.py): who may enter a folder is said in another way.
@pytest.mark.skipif(os.name == "nt", reason="Windows has access lists instead of permission bits")
async def test_a_home_that_is_open_to_others_is_refused(data_dir: Path) -> None:
    (data_dir / "embedded-postgres").chmod(0o755)
    with pytest.raises(UserError, match="Other users can open the folder"):
        await EmbeddedDatabase(data_dir).open()


async def test_a_missing_wheel_is_reported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_WHEEL", "no_such_wheel")
    with pytest.raises(UserError, match="no embedded PostgreSQL 18 for this system"):
        await EmbeddedDatabase(folder).open()


async def test_a_server_that_does_not_start_is_reported_with_the_end_of_its_log(data_dir: Path) -> None:
    with (data_dir / "embedded-postgres" / "cluster" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(UserError, match='unrecognized configuration parameter "no_such_setting"'):
        await EmbeddedDatabase(data_dir).open()
    assert not processes_of(data_dir)


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m,mode=755", "tmpfs", str(disk)]
    # Fill a separate file system, not the disk of the computer. Mounting one needs root.
    if not ROOT or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("cannot mount a small file system here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


async def test_a_full_disk_is_reported_and_leaves_nothing_partly_created(small_disk: Path) -> None:
    with pytest.raises(UserError, match="enough space"):
        await EmbeddedDatabase(small_disk / "data").open()
    assert not list((small_disk / "data" / "embedded-postgres").glob("cluster*"))


async def test_no_status_before_the_first_use(folder: Path) -> None:
    assert await status(folder) is None
    assert not list(folder.iterdir())
