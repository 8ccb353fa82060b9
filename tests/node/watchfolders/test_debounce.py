"""When events ask for a scan, and when they are forgotten."""

import sys
from pathlib import Path

import pytest

from ffmate_desktop.node.watchfolders.debounce import EventDebouncer
from tests.node.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what is told differs from system to system")


async def test_a_folder_that_is_given_up_wants_no_scan(tmp_path: Path) -> None:
    """Else its node would ask the database four times a second, for ever: nobody may scan it any more."""
    doorbell = EventDebouncer(lambda: None)
    try:
        await doorbell.listen({1: str(tmp_path)})
        (tmp_path / "a.mov").write_bytes(b"x")
        await until(lambda: doorbell.rung() == [1], "it rings")
        await doorbell.listen({})
        assert doorbell.rung() == []
        doorbell._ring(1)  # an event that was on its way
        assert doorbell._due == {}
    finally:
        await doorbell.close()
