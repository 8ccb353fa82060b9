"""What the tests of the node share: a clip of a second, and a farm of nodes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ffmate_desktop.db.connection.connection import Database
from tests.media.film import clip, second  # noqa: F401 - fixtures
from tests.node.farm import Farm, open_farm


@pytest.fixture
async def farm(database_uri: str, database: Database, clip: Path) -> AsyncIterator[Farm]:  # noqa: F811 - the fixture
    """Where nodes are made; they are stopped at the end, and must leave nothing behind."""
    async with open_farm(database_uri, database, clip.parent) as opened:
        yield opened
