"""Shared by all tests: one private PostgreSQL for the whole run, and a check for unexpected warnings."""

import logging
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.embedded.database import EmbeddedDatabase
from ffmate_desktop.db.migrate import migrate
from tests.end_to_end.clerk import Clerk, open_clerk
from tests.expected_warnings import ExpectedWarnings
from tests.scratch import new_folder

_SERVER_FOLDER = "FFMATE_TESTS_SERVER_FOLDER"


def pytest_configure(config: pytest.Config) -> None:
    """Create the folder of the run's server once, for this process and the workers that it starts."""
    if not hasattr(config, "workerinput"):
        os.environ[_SERVER_FOLDER] = str(new_folder("ffmate-tests-"))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove that folder after the workers have ended."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(_SERVER_FOLDER), ignore_errors=True)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres_uri() -> AsyncIterator[str]:
    """The URI of this run's server. The first worker starts it, all share it, and the last one stops it."""
    async with EmbeddedDatabase(Path(os.environ[_SERVER_FOLDER])) as database:
        connection = await asyncpg.connect(database.uri)
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):  # no data outlives the run
            await connection.execute(f"ALTER SYSTEM SET {setting} = off")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.close()
        yield database.uri


@pytest.fixture
async def empty_database(postgres_uri: str) -> AsyncIterator[str]:
    """The URI of a new, empty database that is dropped afterwards."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    connection = await asyncpg.connect(postgres_uri)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY FILE_COPY")
    yield urlsplit(postgres_uri)._replace(path=f"/{name}").geturl()
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture(autouse=True)
def expected_warnings() -> Iterator[ExpectedWarnings]:
    """Fail a test that logs a warning or an error without expecting it here."""
    warnings = ExpectedWarnings()
    logging.getLogger().addHandler(warnings)
    yield warnings
    logging.getLogger().removeHandler(warnings)
    if problems := warnings.problems():
        pytest.fail("\n".join(problems), pytrace=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def migrated_template(postgres_uri: str, worker: str) -> AsyncIterator[str]:
    """The name of a template database with our schema. Each worker has its own."""
    name = f"template_{worker}_{uuid.uuid4().hex[:8]}"
    connection = await asyncpg.connect(postgres_uri)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    await migrate(urlsplit(postgres_uri)._replace(path=f"/{name}").geturl())
    yield name
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture(scope="session")
def clerk() -> Iterator[Clerk]:
    """Runs commands of the command line in one process, which is faster than starting one for each."""
    with open_clerk() as clerk:
        yield clerk


@pytest.fixture(scope="session")
def worker() -> str:
    """The name of this pytest worker process."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture
async def database_uri(postgres_uri: str, migrated_template: str) -> AsyncIterator[str]:
    """The URI of a new database with our schema and no rows. It is dropped afterwards."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    connection = await asyncpg.connect(postgres_uri)
    # The default strategy, WAL_LOG, takes four times as much processor time.
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {migrated_template} STRATEGY FILE_COPY")
    yield urlsplit(postgres_uri)._replace(path=f"/{name}").geturl()
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture
async def database(database_uri: str) -> AsyncIterator[Database]:
    """An open pool on a new database with our schema."""
    async with Database(database_uri) as database:
        yield database
