"""What the tests of the node share: a clip of a second, and a farm of nodes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ffmate_desktop.db.connection import Database
from tests.media.clips import ffmpeg
from tests.node.farm import Farm, open_farm


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of one second, 160x90 at 25 frames/s, with a tone."""
    path = tmp_path_factory.mktemp("clips") / "second.mov"
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1", "-f", "lavfi", "-i", "sine=d=1"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-g", "12", "-pix_fmt", "yuv420p", "-c:a", "aac", path),
    )
    return path


@pytest.fixture
def clip(second: Path, tmp_path: Path) -> Path:
    """A copy of it for this test alone, in the folder of the farm."""
    folder = tmp_path / "media"
    folder.mkdir()
    target = folder / "clip.mov"
    target.write_bytes(second.read_bytes())
    return target


@pytest.fixture
async def farm(database_uri: str, database: Database, clip: Path) -> AsyncIterator[Farm]:
    """Where nodes are made; they are stopped at the end, and must leave nothing behind."""
    async with open_farm(database_uri, database, clip.parent) as opened:
        yield opened
