"""A task whose input changes during its encode never succeeds, and the check fails no complete input."""

import os
from pathlib import Path

import pytest

from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.media import input_snapshot
from ffmate_desktop.node.task import input_watch
from tests.expected_warnings import ExpectedWarnings
from tests.media.clips import cut_off, ffmpeg
from tests.node.farm import ENCODE, Farm
from tests.node.test_taken_over import announce, outputs, victim
from tests.node.waiting import until

pytestmark = [pytest.mark.db, pytest.mark.ffmpeg]

SLOWLY = f"-readrate 0.5 -readrate_initial_burst 0.1 {ENCODE}"


async def test_inputs_that_grow_or_are_replaced_fail_with_the_reason_and_a_marker(
    farm: Farm, clip: Path
) -> None:
    recording, copy = clip.with_name("rec.ts"), clip.with_name("copy.mov")
    ffmpeg("-i", clip, "-c", "copy", recording)
    fast = clip.with_name("fast.mov")
    ffmpeg("-i", clip, "-c", "copy", "-movflags", "+faststart", fast)
    cut_off(fast, copy, 0.6)
    await farm.node(slots=2)
    growing, copied = await farm.add(recording, SLOWLY), await farm.add(copy, SLOWLY)
    await farm.encoding(growing)
    with recording.open("ab") as file:
        file.write(recording.read_bytes())
    await farm.encoding(copied)
    copy.write_bytes(fast.read_bytes())
    for uuid, name in ((growing, "rec.ts"), (copied, "copy.mov")):
        task = await farm.done(uuid)
        assert task.status is TaskStatus.DONE_ERROR
        sentence = (task.error or "").splitlines()[0]
        assert sentence.startswith(f"“{name}” changed during the encode: it is still being written.")
        assert sentence.endswith("Submit it again when it is complete.")
        (row,) = await farm.sql("SELECT result->'changed' AS changed FROM ffmate.tasks WHERE uuid = $1", uuid)
        assert row["changed"] == {"input": str(clip.with_name(name)), "how": "growing"}
    assert outputs(farm) == []
    os.utime(recording, (1e9, 1e9))
    await farm.successful(await farm.add(recording))


async def test_an_encode_that_fits_between_two_writes_of_a_recorder_is_no_success(
    farm: Farm, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(input_snapshot, "STABLE_AFTER", 60.0)
    monkeypatch.setattr(input_watch, "_LONGEST_WAIT", 60.0)
    recording, broken = clip.with_name("rec.ts"), clip.with_name("copy.mov")
    ffmpeg("-i", clip, "-c", "copy", recording)
    content = clip.read_bytes()
    broken.write_bytes(content[: len(content) // 2])  # without its index
    await farm.node(slots=2)
    tasks = [await farm.add(recording), await farm.add(broken)]

    def encoded() -> bool:
        (worker,) = farm.workers
        return [run.is_encoded for run in worker.node._runs] == [True, True]

    await until(encoded, "ffmpeg ran")
    for path in (recording, broken):
        with path.open("ab") as file:
            file.write(bytes(1000))
    for uuid in tasks:
        assert "it is still being written" in ((await farm.done(uuid)).error or "")


async def test_a_successor_publishes_what_was_compared_before_the_permission(
    farm: Farm, clip: Path, expected_warnings: ExpectedWarnings
) -> None:
    uuid = await farm.add(clip)
    async with victim(farm, uuid) as dying:
        await dying.encode()
        assert await dying.attempt.changed_input() is None
        await dying.ask()
        (temporary,) = farm.temporaries()
        inode = temporary.stat().st_ino
        await dying.die()
        clip.write_bytes(clip.read_bytes()[:1000])
        announce(expected_warnings, uuid)
        await farm.node("b", heartbeat=0.3)
        await farm.successful(uuid)
    assert (farm.folder / "clip.out.mp4").stat().st_ino == inode
