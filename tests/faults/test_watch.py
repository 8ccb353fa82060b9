"""A small run of files that arrive while nodes are killed, with a fixed seed; long ones by hand: watch.py."""

import sys

import pytest

from tests.end_to_end.program import open_folder
from tests.faults.watch import run

pytestmark = [
    pytest.mark.db,
    pytest.mark.ffmpeg,
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform == "win32", reason="Windows cannot stop and continue a process by a signal"
    ),
]


async def test_every_file_has_one_task_when_nodes_are_killed() -> None:
    with open_folder() as folder:
        assert await run(seed=4, files=25, nodes=3, folder=folder) == []
