"""What the tests of the whole program share."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.clerk import Clerk
from tests.end_to_end.program import Program, open_folder
from tests.media.clips import ffmpeg


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A folder for one file of tests."""
    with open_folder() as folder:
        yield folder


@pytest.fixture
def program(home: Path, clerk: Clerk) -> Iterator[Program]:
    """The program on the embedded database of that folder; nodes that a test started are stopped at its end."""
    program = Program(home, "--data-dir", str(home / "data"), clerk=clerk)
    yield program
    program.leave()


@pytest.fixture
def clip(home: Path) -> Iterator[Path]:
    """A film of one second, 160x90 at 25 frames/s, alone in a folder."""
    folder = home / "media"
    folder.mkdir()
    path = folder / "clip.mov"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1", "-c:v", "libx264", "-preset", "ultrafast", path)
    yield path
    shutil.rmtree(folder)
