"""What several tests of processes need."""

import asyncio

import pytest

from ffmate_desktop.media.processes.process import Launcher


@pytest.fixture(scope="module")
def launcher() -> Launcher:
    return asyncio.run(Launcher.create())
