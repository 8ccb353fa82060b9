"""Fixtures for tests of processes."""

import asyncio

import pytest

from ffmate_desktop.media.processes.process import Launcher


@pytest.fixture(scope="module")
def launcher() -> Launcher:
    return asyncio.run(Launcher.create())
