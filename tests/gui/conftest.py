"""Fixtures for tests of the window: our event loop on the offscreen platform."""

import os
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication

from ffmate_desktop.gui.app import Application
from ffmate_desktop.gui.base.loop import Loop
from tests.gui.desk import Desk, open_desk
from tests.media.film import clip, second  # noqa: F401 - fixtures
from tests.node.farm import ffmpegs


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], Any]]:
    """Run every test here on Qt's loop."""
    return {"qt": lambda: Loop(QApplication.instance() or Application([]))}


@pytest.fixture(scope="session")
def qapp_cls() -> type[QApplication]:
    """The program's application class."""
    return Application


@pytest.fixture
async def desk(database_uri: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A running window on an empty database, with a node of one slot in it."""
    async with open_desk(database_uri, tmp_path / "data") as opened:
        yield opened
    assert ffmpegs() == []
