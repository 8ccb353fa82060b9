"""A task that succeeds: its output, its facts, and its progress on the way."""

from pathlib import Path

import pytest

from ffmate_desktop.db.listener import changes
from ffmate_desktop.domain.change import ProgressReported
from ffmate_desktop.domain.grammar import quote_argument
from ffmate_desktop.domain.task import NewTask, TaskStatus
from ffmate_desktop.domain.task_source import TaskSource
from tests.media.clips import FFMPEG
from tests.node.farm import ENCODE, Farm

pytestmark = [pytest.mark.db, pytest.mark.ffmpeg]


async def test_a_task_ends_with_its_output_in_place_and_its_facts(farm: Farm, clip: Path) -> None:
    worker = await farm.node()
    uuid = await farm.add(clip)
    task = await farm.successful(uuid)
    output = clip.with_name("clip.out.mp4")
    assert task.output_file.resolved == str(output)
    assert task.size == output.stat().st_size > 0
    assert (task.progress, task.remaining, task.attempts, task.error) == (100, 0, 1, None)
    assert task.client and task.client.identifier == "a"
    assert task.started_at and task.finished_at and task.created_at <= task.started_at <= task.finished_at
    assert task.command.resolved and str(clip) in task.command.resolved
    assert "${" not in task.command.resolved
    assert ".ffd-" not in task.command.resolved
    facts = task.facts
    assert facts
    assert isinstance(facts["input"], dict) and facts["input"]["duration"] == pytest.approx(1, abs=0.1)
    assert isinstance(facts["outputs"], list) and isinstance(facts["outputs"][0], dict)
    assert facts["outputs"][0]["size"] == task.size
    lines = await farm.log(uuid)
    (complete,) = worker.data.glob("logs/*.log")
    assert complete.read_text(encoding="utf-8") == lines
    assert f"$ {quote_argument(str(FFMPEG))} -hide_banner" in lines
    assert "claimed with epoch 1, attempt 1" in lines
    assert lines.endswith("verified and published\n")
    assert sorted(path.name for path in clip.parent.iterdir()) == ["clip.mov", "clip.out.mp4"]
    assert farm.leftovers() == []


async def test_live_progress_reaches_every_listener_and_never_falls(farm: Farm, clip: Path) -> None:
    worker = await farm.node("a")
    async with changes(farm.uri) as notifications:
        uuid = await farm.add(clip, "-re -stream_loop 2 " + ENCODE)
        task = await farm.successful(uuid)
        news = [notifications.get_nowait() for _ in range(notifications.qsize())]
    progress = [
        entry
        for change in news
        if isinstance(change, ProgressReported) and change.node_id == worker.id
        for entry in change.tasks
        if entry.task_id == task.id
    ]
    percents = [entry.percent for entry in progress]
    assert len(percents) >= 3
    assert percents == sorted(percents)
    assert 0 < percents[-1] < 100
    assert all(entry.epoch == task.epoch for entry in progress)
    assert progress[-1].frame and progress[-1].size


async def test_the_most_urgent_task_comes_first_then_the_oldest(farm: Farm, clip: Path) -> None:
    names = [("low", 0), ("high", 9), ("middle", 5), ("high too", 9)]
    uuids = [await farm.add(clip, name=name, priority=priority) for name, priority in names]
    await farm.node(slots=1)
    tasks = [await farm.successful(uuid) for uuid in uuids]
    encoded = sorted(tasks, key=lambda task: Path(task.output_file.resolved or "").stat().st_mtime_ns)
    assert [task.name for task in encoded] == ["high", "high too", "middle", "low"]


async def test_a_task_goes_only_to_a_node_with_all_its_labels(farm: Farm, clip: Path) -> None:
    await farm.node("plain", slots=3)
    await farm.node("half", slots=3, labels=("gpu",))
    uuids = [await farm.add(clip, labels=("gpu", "fast")) for _ in range(3)]
    free = await farm.add(clip)
    await farm.successful(free)
    assert {(await farm.task(uuid)).status for uuid in uuids} == {TaskStatus.QUEUED}
    await farm.node("whole", slots=3, labels=("fast", "gpu", "other"))
    for uuid in uuids:
        task = await farm.successful(uuid)
        assert task.client and task.client.identifier == "whole"


async def test_an_output_name_that_only_the_node_knows(farm: Farm, clip: Path) -> None:
    await farm.node()
    pattern = f"{farm.folder}/${{OS_NAME}}-${{OS_ARCH}}/${{INPUT_FILE_BASENAME}}.mp4"
    task = await farm.successful(await farm.add(clip, output=pattern))
    expected = farm.folder / "linux-amd64" / "clip.mp4"
    assert task.output_file.resolved == str(expected)
    assert expected.stat().st_size == task.size


async def test_a_measurement_has_no_output_and_succeeds(farm: Farm, clip: Path) -> None:
    await farm.node()
    command = "-i ${INPUT_FILE} -af ebur128 -f null -"
    uuid = (
        await farm.tasks.add([NewTask(input_file=str(clip), command=command)], source=TaskSource.CLI)
    ).uuids[0]
    task = await farm.successful(uuid)
    assert "Integrated loudness" in await farm.log(uuid)
    assert task.output_file.resolved in (None, "")
    assert [path.name for path in clip.parent.iterdir()] == ["clip.mov"]


async def test_a_stream_of_segments_is_published_with_every_file(farm: Farm, clip: Path) -> None:
    await farm.node()
    command = "-stream_loop 3 -i ${INPUT_FILE} -c copy -hls_time 1 -hls_list_size 0 ${OUTPUT_FILE}"
    await farm.successful(await farm.add(clip, command, f"{farm.folder}/hls/list.m3u8"))
    playlist = farm.folder / "hls" / "list.m3u8"
    named = [line for line in playlist.read_text().splitlines() if line and not line.startswith("#")]
    assert len(named) >= 3
    assert sorted(path.name for path in playlist.parent.iterdir()) == sorted([*named, "list.m3u8"])


async def test_numbered_pictures_are_published_with_every_file(farm: Farm, clip: Path) -> None:
    await farm.node()
    await farm.successful(
        await farm.add(clip, "-i ${INPUT_FILE} ${OUTPUT_FILE}", f"{farm.folder}/p/%03d.png")
    )
    names = sorted(path.name for path in (farm.folder / "p").iterdir())
    assert names == [f"{number:03}.png" for number in range(1, 26)]


@pytest.mark.parametrize("program", ["", "${FFMPEG} "])
async def test_two_passes_at_once_in_one_folder_do_not_mix_their_statistics(
    farm: Farm, clip: Path, program: str
) -> None:
    passes = [
        f"{program}-i ${{INPUT_FILE}} -c:v libx264 -b:v 100k -pass {number} -an {target}"
        for number, target in ((1, "-f null -"), (2, "${OUTPUT_FILE}"))
    ]
    await farm.node(slots=2)
    uuids = [await farm.add(clip, " && ".join(passes)) for _ in range(2)]
    for uuid in uuids:
        await farm.successful(uuid)
    expected = ["clip.mov", "clip.out-2.mp4", "clip.out.mp4"]
    assert sorted(path.name for path in clip.parent.iterdir()) == expected
