"""A node whose clock is an hour off, and jumps, works as any other: only the database's clock counts."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.task import NewTask, TaskStatus
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.tasks import TaskService
from tests.end_to_end.program import open_folder
from tests.faults.clock import CAN_SHIFT, HOUR, Clock
from tests.faults.node_process import NodeProcess
from tests.faults.test_steps import Through
from tests.media.clips import clip as make_clip
from tests.node.proxy import open_proxy
from tests.node.waiting import until

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.db,
    pytest.mark.ffmpeg,
    pytest.mark.skipif(not CAN_SHIFT, reason="the clock of a process can't be shifted on this system"),
]


async def test_a_node_whose_clock_is_wrong_works_as_any_other(database_uri: str, database: Database) -> None:
    with open_folder() as folder:
        async with open_proxy(database_uri) as proxy:
            right, wrong = (
                NodeProcess(
                    name, proxy.uri, folder, mark=str(folder), line=Through(proxy), heartbeat=5, slots=1
                )
                for name in ("right", "wrong")
            )
            try:
                wrong.clock.shift(HOUR)
                for node in (right, wrong):
                    await node.start()
                    await until(node.is_ready, f"{node.name} joins", timeout=180)
                service = TaskService(database, PresetService(database, folder))
                source = make_clip(folder / "in.mkv", "-r", "25", seconds=1)
                command = "-re -i ${INPUT_FILE} -an -c:v libx264 -preset ultrafast ${OUTPUT_FILE}"
                outputs = [folder / f"{number}.mp4" for number in range(6)]
                new = [
                    NewTask(input_file=str(source), command=command, output_file=str(output))
                    for output in outputs
                ]
                submitted = await service.add(new, source=TaskSource.CLI)
                for shift in (-HOUR, 0.5 * HOUR):  # while it works
                    await until(wrong.encoders, "it encodes", timeout=180)
                    wrong.clock.shift(shift)

                async def done() -> bool:
                    return all(task.status.is_done for task in await service.get(submitted.uuids))

                await until(done, "all tasks end", timeout=180)
                tasks = await service.get(submitted.uuids)
                assert {task.status for task in tasks} == {TaskStatus.DONE_SUCCESSFUL}
                assert {task.attempts for task in tasks} == {1}
                assert {task.client.identifier for task in tasks if task.client} == {"right", "wrong"}
                assert all(output.stat().st_size for output in outputs)
            finally:
                for node in (right, wrong):
                    node.send(signal.SIGTERM)
                    await node.ended()
            log = right.said + wrong.said
            assert "is lost" not in log and " error:" not in log and " warn:" not in log


def test_the_clock_of_a_process_is_really_shifted(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock")
    clock.shift(HOUR)
    said = subprocess.run(
        [sys.executable, "-c", "import time; print(time.time(), time.monotonic())"],
        env=os.environ | clock.environment, capture_output=True, check=True, text=True,
    ).stdout.split()  # fmt: skip
    assert float(said[0]) - time.time() > HOUR / 2
    assert abs(float(said[1]) - time.monotonic()) < HOUR / 2
    shutil.rmtree(tmp_path / "clock")
