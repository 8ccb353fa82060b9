"""Data folders whose servers are all gone when a test ends."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ffmate_desktop.db.embedded.database import EmbeddedDatabase
from ffmate_desktop.db.embedded.locks import wait_until
from tests.db.embedded.helpers import (
    ROOT,
    SOON,
    execute,
    processes_of,
)
from tests.scratch import new_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    """A new folder that every account may enter. No process survives the test."""
    folder = new_folder("ffmate-test-")
    yield folder
    gone = wait_until(lambda: not processes_of(folder), SOON)
    left = [process.cmdline() for process in processes_of(folder)]
    shutil.rmtree(folder)
    assert gone, left


@pytest.fixture(scope="session")
def prepared() -> Iterator[Path]:
    """A data folder whose database was made and stopped, to be copied."""
    folder = new_folder("ffmate-test-prepared-")

    async def make() -> None:
        async with EmbeddedDatabase(folder) as database:
            await execute(database.uri, "CREATE TABLE kept (word text)")

    asyncio.run(make())
    yield folder
    shutil.rmtree(folder)


def copy_with_owner(source: str, target: str) -> None:
    shutil.copy2(source, target)
    if ROOT:
        os.chown(target, Path(source).stat().st_uid, Path(source).stat().st_gid)


@pytest.fixture
def data_dir(folder: Path, prepared: Path) -> Path:
    """A data folder with a database that is ready to be started."""
    home = folder / "data" / "embedded-postgres"
    shutil.copytree(prepared, home.parent, copy_function=copy_with_owner)
    if ROOT:
        for parent, folders, _ in os.walk(prepared / "embedded-postgres"):
            for name in (".", *folders):
                source = Path(parent, name)
                target = home / source.relative_to(prepared / "embedded-postgres")
                os.chown(target, source.stat().st_uid, source.stat().st_gid)
    return home.parent


@pytest.fixture
async def database(data_dir: Path) -> AsyncIterator[EmbeddedDatabase]:
    async with EmbeddedDatabase(data_dir) as database:
        yield database
