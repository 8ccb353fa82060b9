"""What the tests of the window share: our loop on the offscreen platform."""

import os
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication

from ffmate_desktop.gui.app import Application
from ffmate_desktop.gui.loop import Loop
from tests.gui.desk import Desk, open_desk
from tests.media.clips import ffmpeg
from tests.node.farm import ffmpegs


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], Any]]:
    """Every test here runs on Qt's loop."""
    return {"qt": lambda: Loop(QApplication.instance() or Application([]))}


@pytest.fixture(scope="session")
def qapp_cls() -> type[QApplication]:
    """The application object of the program."""
    return Application


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
    """A copy of it for this test alone."""
    folder = tmp_path / "media"
    folder.mkdir()
    target = folder / "clip.mov"
    target.write_bytes(second.read_bytes())
    return target


@pytest.fixture
async def desk(database_uri: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """The window on an empty database, with a node of one slot inside."""
    async with open_desk(database_uri, tmp_path / "data") as opened:
        yield opened
    assert ffmpegs() == []
