"""What the tests of the window share: our loop on the offscreen platform."""

import os
from collections.abc import Callable, Mapping
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication

from ffmate_desktop.gui.loop import Loop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], Any]]:
    """Every test here runs on Qt's loop."""
    return {"qt": lambda: Loop(QApplication.instance() or QApplication([]))}
