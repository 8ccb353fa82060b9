"""Fixtures: a short film, created once, and a copy of it for each test."""

from pathlib import Path

import pytest

from tests.media.clips import ffmpeg


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
    """A copy for this test, in the folder of the farm."""
    folder = tmp_path / "media"
    folder.mkdir()
    target = folder / "clip.mov"
    target.write_bytes(second.read_bytes())
    return target
