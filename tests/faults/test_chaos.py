"""A small chaos run with a fixed seed; the long ones are run by hand (see chaos.py)."""

import sys

import pytest

from tests.end_to_end.program import open_folder
from tests.expected_warnings import ExpectedWarnings
from tests.faults.chaos import run

pytestmark = [
    pytest.mark.db,
    pytest.mark.ffmpeg,
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform == "win32", reason="Windows cannot stop and continue a process by a signal"
    ),
]


async def test_nothing_is_lost_or_doubled_while_everything_breaks(
    expected_warnings: ExpectedWarnings,
) -> None:
    # asyncpg forgets a future when a connection is torn at a certain moment; the nodes' own logs are looked into
    expected_warnings.allow("Future exception was never retrieved")
    with open_folder() as folder:
        assert await run(seed=3, seconds=10, count=30, nodes=3, folder=folder) == []
