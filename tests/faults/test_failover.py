"""The primary is killed and its standby promoted: nodes with both addresses continue, and nothing is done twice."""

import sys

import pytest

from ffmate_desktop.domain.task import TaskStatus
from tests.end_to_end.program import open_folder
from tests.faults.chaos_cluster import open_chaos_cluster
from tests.faults.verdict import judge
from tests.node.waiting import until

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.db,
    pytest.mark.ffmpeg,
    pytest.mark.skipif(
        sys.platform == "win32",
        reason="Windows has no SIGKILL, and PostgreSQL refuses to run for administrators there",
    ),
]

PATIENCE = 180.0
"""Seconds; a limit for things that went wrong, not a measure."""


async def test_encodes_continue_when_the_standby_takes_over() -> None:
    with open_folder() as folder:
        async with open_chaos_cluster(folder, nodes=2, mark=str(folder), replicate=True) as cluster:
            for node in cluster.nodes:
                await node.start()
            for node in cluster.nodes:
                await until(node.is_ready, f"{node.name} joins", timeout=PATIENCE)
            await cluster.submit(12, slow=lambda: True)
            await until(lambda: any(m.encoders() for m in cluster.nodes), "they encode", timeout=PATIENCE)
            await cluster.fail_over(pause=0.5)
            tasks = await cluster.finish(PATIENCE)
            assert {task.status for task in tasks} == {TaskStatus.DONE_SUCCESSFUL}
            assert judge(cluster, tasks, disk_was_full=False) + cluster.wrong == []
            for node in cluster.nodes:
                assert "Connected to the database again" in node.said
