"""Tasks that fail: what people read, and what stays untouched."""

import os
from pathlib import Path

import pytest

from ffmate_desktop.domain.task import IfExists, TaskStatus
from tests.media.clips import cut_off
from tests.node.farm import ENCODE, Farm

pytestmark = [pytest.mark.db, pytest.mark.ffmpeg]

FOREIGN = b"an only copy"


async def test_a_failed_task_says_why_in_a_sentence_and_the_node_continues(farm: Farm, clip: Path) -> None:
    noise = clip.with_name("noise.mov")
    noise.write_bytes(bytes(range(256)) * 100)
    os.utime(noise, (1e9, 1e9))  # old enough not to look like a file that is still being written
    await farm.node()
    bad = await farm.add(noise)
    good = await farm.add(clip)
    task = await farm.done(bad)
    assert task.status is TaskStatus.DONE_ERROR
    sentence, *lines = (task.error or "").splitlines()
    assert sentence.endswith(".")
    assert "Traceback" not in sentence
    assert lines  # the lines of ffmpeg follow
    assert sentence in await farm.log(bad)
    assert task.command.resolved and str(noise) in task.command.resolved
    await farm.successful(good)
    names = sorted(path.name for path in clip.parent.iterdir())
    assert names == ["clip.mov", "clip.out.mp4", "noise.mov"]


async def test_an_input_that_vanished_is_named(farm: Farm, clip: Path) -> None:
    uuid = await farm.add(clip)
    clip.unlink()
    await farm.node()
    task = await farm.done(uuid)
    assert task.status is TaskStatus.DONE_ERROR
    assert task.error and task.error.startswith(f"The input “{clip}” doesn't exist.")
    assert list(clip.parent.iterdir()) == []


@pytest.mark.parametrize("choice", IfExists)
async def test_a_file_that_appeared_at_the_output_path(farm: Farm, clip: Path, choice: IfExists) -> None:
    uuid = await farm.add(clip, if_exists=choice)
    existing = clip.with_name("clip.out.mp4")
    existing.write_bytes(FOREIGN)
    await farm.node()
    task = await farm.done(uuid)
    other = clip.with_name("clip.out-2.mp4")
    match choice:
        case IfExists.FAIL:
            assert task.status is TaskStatus.DONE_ERROR
            assert task.error and task.error.startswith(f"“{existing}” already exists.")
            assert (existing.read_bytes(), other.exists()) == (FOREIGN, False)
        case IfExists.RENAME:
            assert task.status is TaskStatus.DONE_SUCCESSFUL
            assert task.output_file.resolved == str(other)
            assert (existing.read_bytes(), other.stat().st_size) == (FOREIGN, task.size)
        case IfExists.REPLACE:
            assert task.status is TaskStatus.DONE_SUCCESSFUL
            assert (existing.stat().st_size, other.exists()) == (task.size, False)
        case IfExists.SKIP:
            assert (task.status, task.skipped) == (TaskStatus.DONE_CANCELED, True)
            assert task.error == f"The output “{existing}” already exists, so this file was skipped."
            assert (existing.read_bytes(), other.exists()) == (FOREIGN, False)
            assert "frame=" not in await farm.log(uuid)  # it wasn't encoded in vain
            existing.unlink()
            await farm.tasks.restart([uuid])
            assert (await farm.successful(uuid)).skipped is None


async def test_a_failed_encode_replaces_nothing(farm: Farm, clip: Path) -> None:
    broken = cut_off(clip, clip.with_name("broken.mov"), 0.6)
    os.utime(broken, (1e9, 1e9))
    existing = clip.with_name("broken.out.mp4")
    existing.write_bytes(FOREIGN)
    await farm.node()
    task = await farm.done(await farm.add(broken, ENCODE, if_exists=IfExists.REPLACE))
    assert task.status is TaskStatus.DONE_ERROR
    assert existing.read_bytes() == FOREIGN
