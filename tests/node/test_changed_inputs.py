"""An input that changes while it is encoded never becomes a success, and no encode of a whole input is lost to it."""

from pathlib import Path

import pytest

from ffmate_desktop.domain.task import TaskStatus
from tests.media.clips import cut_off, ffmpeg
from tests.node.farm import ENCODE, Farm
from tests.node.test_taken_over import announce, outputs, victim
from tests.node.waiting import Announce

pytestmark = [pytest.mark.db, pytest.mark.ffmpeg]

SLOWLY = f"-re {ENCODE}"


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
        assert sentence.startswith(f"“{name}” changed while it was encoded: it is still being written.")
        assert sentence.endswith("Submit it again when it is complete.")
        (row,) = await farm.sql("SELECT result->'changed' AS changed FROM ffmate.tasks WHERE uuid = $1", uuid)
        assert row["changed"] == {"input": str(clip.with_name(name)), "how": "growing"}
    assert outputs(farm) == []
    again = await farm.add(recording)
    await farm.successful(again)


async def test_a_successor_publishes_what_was_compared_before_the_permission(
    farm: Farm, clip: Path, expected_warnings: Announce
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
