"""Shared fixtures: a clip of one second, and a farm of nodes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ffmate_desktop.db.connection.connection import Database
from tests.media.film import clip, second  # noqa: F401 - fixtures
from tests.node.farm import Farm, open_farm


@pytest.fixture
async def farm(database_uri: str, database: Database, clip: Path) -> AsyncIterator[Farm]:  # noqa: F811 - the fixture
    """Starts nodes; at the end they are stopped, and must leave nothing behind."""
    async with open_farm(database_uri, database, clip.parent) as opened:
        yield opened
