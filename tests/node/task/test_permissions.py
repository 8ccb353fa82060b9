"""A node decides what runs on it. Tasks that it refuses go to other nodes; if all refuse, people read why."""

import sys
from pathlib import Path
from typing import Any

import pytest

from ffmate_desktop.domain.permissions import Permissions
from ffmate_desktop.domain.task import TaskStatus
from tests.node.farm import Farm
from tests.node.scripted import Scripts, processing

pytestmark = [
    pytest.mark.db,
    pytest.mark.ffmpeg,
    pytest.mark.skipif(
        sys.platform == "win32", reason="these tests run shell scripts, which Windows can't start"
    ),
]


@pytest.fixture
def scripts(farm: Farm) -> Scripts:
    return Scripts(farm.folder.parent)


@pytest.mark.parametrize("which", ["pre_processing", "post_processing"])
async def test_a_script_runs_where_it_is_allowed(
    farm: Farm, clip: Path, scripts: Scripts, which: str
) -> None:
    await farm.node("a")
    await farm.node("b", permissions=scripts.permissions)
    script = scripts.sh("run.sh", 'echo here >> "$TOLD"')
    options: dict[str, Any] = {which: processing(script)}
    for _ in range(3):  # some of them come to `a` first
        uuid = await farm.add(clip, **options)
        task = await farm.successful(uuid)
        assert task.client is not None and task.client.identifier == "b"
        # The last script is checked before anything is encoded.
        encoded = {chunk.epoch for chunk in await farm.tasks.log(uuid) if "-progress" in chunk.lines}
        assert encoded == {task.epoch}
    assert scripts.lines() == ["here"] * 3


async def test_when_no_node_may_run_a_script_people_read_what_to_do(
    farm: Farm, clip: Path, scripts: Scripts
) -> None:
    script = scripts.sh("run.sh", 'echo here >> "$TOLD"')
    await farm.node("a")
    await farm.node("b")
    task = await farm.done(await farm.add(clip, pre_processing=processing(script)))
    assert task.status is TaskStatus.DONE_ERROR
    assert task.error is not None
    assert f"No node can run the script “{script}”: none of a, b runs scripts." in task.error
    assert "--allow-scripts" in task.error
    assert scripts.lines() == []


async def test_a_task_goes_where_its_files_may_be_touched(farm: Farm, clip: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    await farm.node("a", permissions=Permissions(read=(tmp_path / "other",)))
    await farm.node("b", permissions=Permissions(read=(clip.parent,), write=(farm.folder,)))
    task = await farm.successful(await farm.add(clip))
    assert task.client is not None and task.client.identifier == "b"
    refused = await farm.done(
        await farm.add(clip, output=f"{tmp_path}/other/x.mp4", command="-i ${INPUT_FILE} ${OUTPUT_FILE}")
    )
    assert refused.error is not None and "Tasks aren't allowed to" in refused.error
    assert list((tmp_path / "other").iterdir()) == []


async def test_a_sidecar_is_only_written_where_tasks_may_write(
    farm: Farm, clip: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    await farm.node("a", permissions=Permissions(write=(farm.folder,)))
    task = await farm.done(
        await farm.add(clip, pre_processing=processing(None, tmp_path / "other" / "x.json"))
    )
    assert task.error is not None and "Tasks aren't allowed to write" in task.error
    assert list((tmp_path / "other").iterdir()) == []


@pytest.mark.parametrize("scripts", [True, False])
async def test_no_link_leads_a_set_out_of_the_allowed_folders(
    farm: Farm, clip: Path, tmp_path: Path, scripts: bool
) -> None:
    """ffmpeg creates the folders of a set in a temporary folder; at their final place there may be links."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (farm.folder / "v").symlink_to(outside)
    allowed = Permissions(scripts=(outside,)) if scripts else Permissions(write=(farm.folder, clip.parent))
    await farm.node("a", permissions=allowed)
    names = f"-var_stream_map v:0,name:v -hls_segment_filename {farm.folder}/%v/s%d.ts"
    command = f"-i ${{INPUT_FILE}} -map 0:v -c:v mpeg2video -f hls {names} {farm.folder}/%v/list.m3u8"
    task = await farm.done(await farm.add(clip, command=command, output=f"{farm.folder}/list.m3u8"))
    assert (
        task.error is not None and "that this computer runs scripts from"
        if scripts
        else "aren't allowed to write" in str(task.error)
    )
    assert list(outside.iterdir()) == []
