"""The primary is killed and its standby promoted: nodes that know both addresses go on, and nothing is done twice."""

import asyncio
import sys

import pytest

from ffmate_desktop.domain.task import TaskStatus
from tests.end_to_end.program import open_folder
from tests.faults.stage import open_stage
from tests.faults.verdict import judge

pytest.importorskip("ffmate_desktop.db.uri", reason="addresses of several hosts are not understood yet")
pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.db,
    pytest.mark.ffmpeg,
    pytest.mark.skipif(sys.platform == "win32", reason="kill -9, and postgres refuses administrators"),
]


async def test_encodes_go_on_when_the_standby_takes_over() -> None:
    with open_folder() as folder:
        async with open_stage(folder, nodes=2, mark=str(folder), replicate=True) as stage:
            await stage.submit(12, slow=lambda: True)
            for member in stage.members:
                await member.start()
            async with asyncio.timeout(60):
                while not all(member.encoders() for member in stage.members):
                    await asyncio.sleep(0.05)
            await stage.fail_over(pause=0.5)
            tasks = await stage.settle(120)
        assert {task.status for task in tasks} == {TaskStatus.DONE_SUCCESSFUL}
        assert judge(stage, tasks, disk_was_full=False) + stage.wrong == []
        for member in stage.members:
            assert "Connected to the database again" in member.said
