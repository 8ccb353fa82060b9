"""Storage fills up or disappears while a task runs: a plain error, no partial output, and the node keeps working."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ffmate_desktop.domain.task import Task, TaskStatus
from tests.faults.disk import Disk, open_disk
from tests.node.farm import ENCODE, Farm, ffmpegs
from tests.node.waiting import until

pytestmark = [pytest.mark.db, pytest.mark.ffmpeg]

SLOW = "-re -stream_loop 1 " + ENCODE
RAW = "-stream_loop -1 -i ${INPUT_FILE} -t 30 -c:v rawvideo -an ${OUTPUT_FILE}"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk of four megabytes for outputs."""
    with open_disk(tmp_path / "share", 4) as disk:
        if disk is None:
            pytest.skip("a small disk can only be mounted by root on Linux")
        yield disk


async def failed(farm: Farm, disk: Disk, source: Path, command: str, name: str) -> Task:
    """A task that writes to the disk, once it has failed."""
    task = await farm.done(await farm.add(source, command, f"{disk.folder}/{name}"))
    assert task.status is TaskStatus.DONE_ERROR
    return task


async def assert_keeps_working(farm: Farm, clip: Path) -> None:
    """The node runs the next task, and nothing is left of the failed one."""
    await farm.successful(await farm.add(clip))
    assert farm.temporaries() == []


async def test_a_disk_that_fills_up_while_it_is_written(farm: Farm, clip: Path, disk: Disk) -> None:
    await farm.node()
    task = await failed(farm, disk, clip, RAW, "big.nut")
    assert task.error and task.error.startswith("The disk is full. Free up some space")
    assert list(disk.folder.iterdir()) == []
    await assert_keeps_working(farm, clip)


async def test_a_disk_that_is_full_at_the_last_bytes(farm: Farm, clip: Path, disk: Disk) -> None:
    """The index of an MP4 is written last, and ffmpeg may report success."""
    await farm.node()
    uuid = await farm.add(clip, SLOW, f"{disk.folder}/out.mp4")
    await farm.encoding(uuid)
    disk.fill()
    task = await farm.done(uuid)
    assert task.status is TaskStatus.DONE_ERROR
    assert task.error and task.error.startswith("The disk is full. Free up some space")
    assert [path.name for path in disk.folder.iterdir()] == ["ballast"]
    await assert_keeps_working(farm, clip)


async def test_a_disk_that_is_full_from_the_start(farm: Farm, clip: Path, disk: Disk) -> None:
    await farm.node()
    disk.fill()
    task = await failed(farm, disk, clip, ENCODE, "new folder/out.mp4")
    assert task.error and ("is full" in task.error or "no space left" in task.error)
    await assert_keeps_working(farm, clip)


async def test_a_muxer_that_does_not_report_a_full_disk(farm: Farm, clip: Path, disk: Disk) -> None:
    await farm.node()
    disk.fill(leave=16)
    task = await failed(
        farm, disk, clip, "-i ${INPUT_FILE} -c:v mpeg2video -q:v 1 ${OUTPUT_FILE}", "list.m3u8"
    )
    assert task.error and task.error.startswith("The disk is full. Free up some space")


async def test_a_share_that_goes_away_while_it_is_written(farm: Farm, clip: Path, disk: Disk) -> None:
    await farm.node()
    uuid = await farm.add(clip, SLOW, f"{disk.folder}/films/out.mp4")
    ffmpeg = await farm.encoding(uuid)
    disk.vanish()
    assert ffmpeg.is_running()
    task = await farm.done(uuid)
    assert task.status is TaskStatus.DONE_ERROR
    gone = "The folder of “out.mp4” disappeared while the file was being written."
    assert task.error == f"{gone} Check that its disk or network share is still connected."
    assert list(disk.folder.iterdir()) == [], "nothing is written to the folder below the share"
    await assert_keeps_working(farm, clip)


async def test_a_share_that_goes_away_with_the_input(farm: Farm, clip: Path, disk: Disk) -> None:
    source = Path(disk.folder / "in.mov")
    source.write_bytes(clip.read_bytes())
    await farm.node()
    uuid = await farm.add(source, SLOW, f"{farm.folder}/out.mp4")
    await farm.encoding(uuid)
    disk.vanish()
    task = await farm.done(uuid)
    assert task.status is TaskStatus.DONE_SUCCESSFUL, "what is open can be read to its end"
    await assert_keeps_working(farm, clip)


async def test_an_input_that_vanishes_between_two_steps_is_named(farm: Farm, clip: Path) -> None:
    await farm.node()
    source = clip.with_name("source.mov")
    source.write_bytes(clip.read_bytes())
    steps = f"-re -stream_loop 1 -i ${{INPUT_FILE}} -f null - && {ENCODE}"
    uuid = await farm.add(source, steps)
    await until(ffmpegs, "the first step runs")
    source.unlink()
    task = await farm.done(uuid)
    assert task.status is TaskStatus.DONE_ERROR
    assert task.error and task.error.startswith("“source.mov” doesn't exist on this node.")
    await assert_keeps_working(farm, clip)


@pytest.mark.parametrize("left", ["no folder", "an empty folder"])
async def test_a_share_that_is_not_mounted_is_noticed_and_not_made(
    farm: Farm, clip: Path, disk: Disk, left: str
) -> None:
    uuid = await farm.add(clip, output=f"{disk.folder}/films/out.mp4")
    disk.vanish()
    if left == "no folder":
        disk.folder.rmdir()
    await farm.node()
    task = await farm.done(uuid)
    assert task.status is TaskStatus.DONE_ERROR
    assert task.error and task.error.startswith(
        f"The storage of the output, “{disk.folder}”, isn't connected."
    )
    assert not disk.folder.exists() or list(disk.folder.iterdir()) == [], "the share's folder was not filled"
    if left == "no folder":
        disk.folder.mkdir()
    assert disk.mount()
    await farm.tasks.restart([uuid])
    assert (await farm.successful(uuid)).size, "back again, it is written to"


async def test_the_computer_that_shares_a_folder_need_not_mount_it(
    farm: Farm, clip: Path, disk: Disk
) -> None:
    uuid = await farm.add(clip, output=f"{disk.folder}/films/out.mp4")
    disk.vanish()
    (disk.folder / "something").touch()
    await farm.node()
    await farm.successful(uuid)
