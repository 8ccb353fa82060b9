"""The database of a new data folder is created while the window starts, and is never left running."""

from pathlib import Path

import psutil

from ffmate_desktop.db.embedded import server
from ffmate_desktop.db.embedded.database import EmbeddedDatabase
from ffmate_desktop.db.embedded.home import Home, existing_home
from ffmate_desktop.db.embedded.prestart import prestarted_database
from tests.node.waiting import until


def _home(data_dir: Path) -> Home | None:
    home = existing_home(data_dir)
    return home if home is not None and server.find_running(home) is not None else None


async def test_the_window_finds_it_made_and_stops_it_as_the_last_one(folder: Path) -> None:
    with prestarted_database(folder / "data"):
        home = await until(lambda: _home(folder / "data"), "the server runs")
        prestarted = server.find_running(home)
        async with EmbeddedDatabase(folder / "data"):
            running = server.find_running(home)
            assert prestarted is not None
            assert running is not None
            assert running.pid == prestarted.pid
    assert server.find_running(home) is None


def test_a_window_that_goes_at_once_leaves_nothing(folder: Path) -> None:
    with prestarted_database(folder / "data"):
        pass
    home = existing_home(folder / "data")
    assert home is None or server.find_running(home) is None


def test_what_is_there_is_left_to_the_window(tmp_path: Path) -> None:
    (tmp_path / "embedded-postgres").mkdir()
    before = {child.pid for child in psutil.Process().children()}
    with prestarted_database(tmp_path):
        assert {child.pid for child in psutil.Process().children()} <= before
