"""The primary is killed and its standby promoted: nodes that know both addresses go on, and nothing is done twice."""

import sys

import pytest

from ffmate_desktop.domain.task import TaskStatus
from tests.end_to_end.program import open_folder
from tests.faults.stage import open_stage
from tests.faults.verdict import judge
from tests.node.waiting import until

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.db,
    pytest.mark.ffmpeg,
    pytest.mark.skipif(sys.platform == "win32", reason="kill -9, and postgres refuses administrators"),
]

PATIENCE = 180.0
"""Seconds; a limit for things that went wrong, not a measure."""


async def test_encodes_go_on_when_the_standby_takes_over() -> None:
    with open_folder() as folder:
        async with open_stage(folder, nodes=2, mark=str(folder), replicate=True) as stage:
            for member in stage.members:
                await member.start()
            for member in stage.members:
                await until(member.is_ready, f"{member.name} joins", timeout=PATIENCE)
            await stage.submit(12, slow=lambda: True)
            await until(lambda: any(m.encoders() for m in stage.members), "they encode", timeout=PATIENCE)
            await stage.fail_over(pause=0.5)
            tasks = await stage.settle(PATIENCE)
            assert {task.status for task in tasks} == {TaskStatus.DONE_SUCCESSFUL}
            assert judge(stage, tasks, disk_was_full=False) + stage.wrong == []
            for member in stage.members:
                assert "Connected to the database again" in member.said
