"""What all tests share: one private PostgreSQL for the whole run, and no warning that nobody announced."""

import logging
import os
import re
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
from tests.scratch import new_folder

_SERVER_FOLDER = "FFMATE_TESTS_SERVER_FOLDER"


def pytest_configure(config: pytest.Config) -> None:
    """Name the folder of the run's server once, for this process and the workers that it starts."""
    if not hasattr(config, "workerinput"):
        os.environ[_SERVER_FOLDER] = str(new_folder("ffmate-tests-"))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove that folder when the workers are gone."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(_SERVER_FOLDER), ignore_errors=True)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres_uri() -> AsyncIterator[str]:
    """A URI of the server of this run: the first worker starts it, all share it, the last one stops it."""
    async with EmbeddedDatabase(Path(os.environ[_SERVER_FOLDER])) as database:
        connection = await asyncpg.connect(database.uri)
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):  # nothing here outlives the run
            await connection.execute(f"ALTER SYSTEM SET {setting} = off")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.close()
        yield database.uri


@pytest.fixture
async def empty_database(postgres_uri: str) -> AsyncIterator[str]:
    """The URI of a new database with nothing in it, dropped afterwards."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    connection = await asyncpg.connect(postgres_uri)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY FILE_COPY")
    yield urlsplit(postgres_uri)._replace(path=f"/{name}").geturl()
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


class ExpectedWarnings(logging.Handler):
    """Everything logged at WARNING or above during one test, and what the test announced of it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lines: list[str] = []
        self._announced: list[str] = []
        self._allowed: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(f"{record.levelname} {record.name}: {record.getMessage()}")

    def announce(self, pattern: str) -> None:
        """A line that this regular expression finds must be logged."""
        self._announced.append(pattern)

    def allow(self, pattern: str) -> None:
        """Lines that this regular expression finds may be logged; for what depends on timing."""
        self._allowed.append(pattern)

    def verdict(self) -> list[str]:
        """One sentence for each line that was not announced, and for each announcement that did not come."""
        known = [*self._announced, *self._allowed]
        unknown = [line for line in self._lines if not any(re.search(pattern, line) for pattern in known)]
        missing = [p for p in self._announced if not any(re.search(p, line) for line in self._lines)]
        return [f"unexpected log line: {line}" for line in unknown] + [f"never logged: {p}" for p in missing]


@pytest.fixture(autouse=True)
def expected_warnings() -> Iterator[ExpectedWarnings]:
    """Fails a test that logs a warning or an error which it did not announce here."""
    warnings = ExpectedWarnings()
    logging.getLogger().addHandler(warnings)
    yield warnings
    logging.getLogger().removeHandler(warnings)
    if problems := warnings.verdict():
        pytest.fail("\n".join(problems), pytrace=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def migrated_template(postgres_uri: str, worker: str) -> AsyncIterator[str]:
    """The name of a database with our schema, to be copied; one for each worker of the run."""
    name = f"template_{worker}_{uuid.uuid4().hex[:8]}"
    connection = await asyncpg.connect(postgres_uri)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    await migrate(urlsplit(postgres_uri)._replace(path=f"/{name}").geturl())
    yield name
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture(scope="session")
def clerk() -> Iterator[Clerk]:
    """Does commands of the command line without the start of a process for each."""
    with open_clerk() as clerk:
        yield clerk


@pytest.fixture(scope="session")
def worker() -> str:
    """The name of this worker process of the run."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture
async def database_uri(postgres_uri: str, migrated_template: str) -> AsyncIterator[str]:
    """The URI of a new database with our schema and no rows, dropped afterwards."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    connection = await asyncpg.connect(postgres_uri)
    # Through the log, which is the default, a copy takes four times as much of the processor.
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {migrated_template} STRATEGY FILE_COPY")
    yield urlsplit(postgres_uri)._replace(path=f"/{name}").geturl()
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture
async def database(database_uri: str) -> AsyncIterator[Database]:
    """An open pool on a new database with our schema."""
    async with Database(database_uri) as opened:
        yield opened
