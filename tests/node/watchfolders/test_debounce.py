"""When file system events make a folder due for a scan, and when they are forgotten."""

import sys
from pathlib import Path

import pytest

from ffmate_desktop.node.watchfolders.debounce import EventDebouncer
from tests.node.waiting import until

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="each system reports other events; these are those of Linux"
)


async def test_a_folder_that_is_no_longer_observed_is_not_due(tmp_path: Path) -> None:
    """Otherwise its node would ask the database four times a second, forever, although it may not scan it."""
    debouncer = EventDebouncer(lambda: None)
    try:
        await debouncer.observe({1: str(tmp_path)})
        (tmp_path / "a.mov").write_bytes(b"x")
        await until(lambda: debouncer.due() == [1], "it is due")
        await debouncer.observe({})
        assert debouncer.due() == []
        debouncer._on_event(1)  # an event that was on its way
        assert debouncer._due == {}
    finally:
        await debouncer.close()
