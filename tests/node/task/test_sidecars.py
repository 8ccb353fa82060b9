"""What a script may change in its sidecar, and what happens to all other contents."""

import json
import sys
from pathlib import Path

import pytest

from ffmate_desktop.db import file_records
from ffmate_desktop.domain.paths import output_key
from ffmate_desktop.domain.task import IfExists, TaskStatus
from tests.node.farm import LONG, Farm
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


async def test_a_sidecar_changes_command_output_metadata_and_the_last_script(
    farm: Farm, clip: Path, scripts: Scripts
) -> None:
    last = scripts.sh("post.sh", 'echo "$1" >> "$TOLD"')
    first = scripts.python(
        "pre.py",
        "task['metadata']['codec'] = 'mpeg4'\n"
        "task['command']['raw'] = '-i ${INPUT_FILE} -an -c:v ${METADATA_codec} ${OUTPUT_FILE}'\n"
        "task['outputFile']['raw'] = '${INPUT_FILE_DIR}/by hand.mkv'\n"
        f"task['postProcessing'] = {{'scriptPath': '\"{last}\" ${{OUTPUT_FILE_BASE}}'}}\n"
        "task['status'] = 'DONE_SUCCESSFUL'",
    )
    await farm.node(permissions=scripts.permissions)
    uuid = await farm.add(
        clip,
        metadata={"client": "ACME"},
        pre_processing=processing(first, arguments="${SIDECAR_FILE}", import_sidecar=True),
    )
    task = await farm.successful(uuid)
    assert task.output_file.resolved == str(clip.parent / "by hand.mkv")
    assert Path(task.output_file.resolved).exists()
    assert task.command.resolved is not None and "-c:v mpeg4" in task.command.resolved
    assert task.metadata == {"client": "ACME", "codec": "mpeg4"}
    assert scripts.lines() == ["by hand.mkv"]
    assert "the sidecar cannot change status" in await farm.log(uuid)
    assert (await farm.sql("SELECT spec ->> 'command' AS c FROM ffmate.tasks"))[0]["c"] != task.command.raw
    first.write_text("#!/bin/sh\n")  # a restart begins with the submitted task
    await farm.tasks.restart([uuid])
    second_run = await farm.successful(uuid)
    assert second_run.metadata == {"client": "ACME"}
    assert second_run.output_file.resolved == str(farm.folder / "clip.out.mp4")


async def test_metadata_that_a_script_adds_is_missing_only_afterwards(
    farm: Farm, clip: Path, scripts: Scripts
) -> None:
    adds = scripts.python("adds.py", "task['metadata'] = {'title': 'Added'}")
    none = scripts.python("none.py", "pass")
    await farm.node(permissions=scripts.permissions)
    command = "-i ${INPUT_FILE} -c copy -metadata title=${METADATA_title} ${OUTPUT_FILE}"
    tasks = [
        await farm.add(
            clip,
            command,
            f"{farm.folder}/${{METADATA_title}}.mp4",
            pre_processing=processing(script, arguments="${SIDECAR_FILE}", import_sidecar=True),
        )
        for script in (adds, none)
    ]
    assert (await farm.successful(tasks[0])).output_file.resolved == str(farm.folder / "Added.mp4")
    error = (await farm.done(tasks[1])).error or ""
    assert error.startswith("${METADATA_title} has no value: the task's metadata has no “title”.")


async def test_a_sidecar_that_changes_nothing_keeps_the_reserved_output(
    farm: Farm, clip: Path, scripts: Scripts
) -> None:
    (farm.folder / "clip.out.mp4").write_text("another file")
    first = scripts.python("pre.py", "task['metadata'] = {'seen': True}")
    await farm.node(permissions=scripts.permissions)
    script = processing(first, farm.folder / "side.json", arguments="${SIDECAR_FILE}", import_sidecar=True)
    task = await farm.successful(await farm.add(clip, pre_processing=script))
    assert task.output_file.resolved == str(farm.folder / "clip.out-2.mp4")
    assert task.metadata == {"seen": True}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("open(path, 'w').write('{'); sys.exit()", "isn't valid JSON"),
        ("open(path, 'w').write('[1]'); sys.exit()", "doesn't contain a JSON object"),
        ("open(path, 'w').write('[' * 100000); sys.exit()", "isn't valid JSON"),
        ("open(path, 'wb').write(b'\\xff\\xfe'); sys.exit()", "isn't UTF-8 text"),
        ("open(path, 'w').write(' ' * (5 << 20)); sys.exit()", "isn't a file of at most 4 MiB"),
        ("import os; os.unlink(path); sys.exit()", "is missing, so it can't be imported"),
        ("task['metadata'] = {'n': float('nan')}", "NaN isn't a number"),
        ("task['metadata'] = [1]", "can't be used: metadata must be an object"),
        ("task['command'] = 3", "command isn't text"),
        ("task['command']['raw'] = '-i ${INPUT_FILE} | sh'", "is outside quotes"),
        ("task['command']['raw'] = 'rm -rf ${INPUT_FILE}'", "tasks can only run ffmpeg"),
        ("task['inputFile']['raw'] = '/no/such/film.mov'", "doesn't exist"),
        ("task['outputFile']['raw'] = '${INPUT_FILE}'", "would overwrite its own input"),
        ("task['outputFile']['raw'] = '${NO_SUCH}/x.mp4'", "isn't a wildcard"),
        ("task['postProcessing'] = {'scriptPath': 'relative.sh'}", "doesn't include a folder"),
        ("task['postProcessing'] = 7", "postProcessing isn't an object"),
    ],
)
async def test_an_impossible_sidecar_is_refused_with_the_reason(
    farm: Farm, clip: Path, scripts: Scripts, text: str, sentence: str
) -> None:
    await farm.node(permissions=scripts.permissions)
    first = scripts.python("pre.py", text)
    script = processing(first, arguments="${SIDECAR_FILE}", import_sidecar=True)
    task = await farm.done(await farm.add(clip, pre_processing=script))
    assert task.status is TaskStatus.DONE_ERROR
    assert task.error is not None and sentence in task.error
    assert "defect" not in task.error


async def test_an_output_of_another_task_is_not_taken(farm: Farm, clip: Path, scripts: Scripts) -> None:
    await farm.node(permissions=scripts.permissions, slots=2)
    other = await farm.add(clip, command=LONG, output=str(farm.folder / "taken.out.mp4"))
    await farm.encoding(other)
    first = scripts.python("pre.py", f"task['outputFile']['raw'] = '{farm.folder}/taken.out.mp4'")
    script = processing(first, arguments="${SIDECAR_FILE}", import_sidecar=True)
    task = await farm.successful(await farm.add(clip, pre_processing=script))
    assert task.output_file.resolved == str(farm.folder / "taken.out-2.mp4")
    failing = await farm.done(await farm.add(clip, pre_processing=script, if_exists=IfExists.FAIL))
    assert failing.error is not None and "Another unfinished task writes to" in failing.error


async def test_no_file_but_a_sidecar_is_overwritten(farm: Farm, clip: Path, scripts: Scripts) -> None:
    camera = farm.folder / "camera.json"
    camera.write_text('{"iso": 100}')
    await farm.node(permissions=scripts.permissions)
    task = await farm.done(await farm.add(clip, pre_processing=processing(None, camera)))
    assert task.error is not None and "isn't a sidecar, so it won't be overwritten" in task.error
    assert json.loads(camera.read_text()) == {"iso": 100}
    before = clip.read_bytes()
    task = await farm.done(await farm.add(clip, pre_processing=processing(None, clip)))
    assert task.error is not None and "which the task reads" in task.error
    assert clip.read_bytes() == before
    sidecar = farm.folder / "mine.json"
    for _ in range(2):
        await farm.successful(await farm.add(clip, pre_processing=processing(None, sidecar)))


async def test_a_sidecar_beside_the_inputs_is_no_input_of_a_watchfolder(
    farm: Farm, clip: Path, scripts: Scripts
) -> None:
    await farm.node(permissions=scripts.permissions)
    side = clip.with_name("side.json")
    uuid = await farm.add(clip, pre_processing=processing(scripts.sh("pre.sh", "true"), side))
    await farm.successful(uuid)
    status = side.stat()
    found = [(output_key(str(side)), status.st_mtime_ns // 1000, status.st_size)]
    assert await file_records.outputs_among(farm.database, found) == {0: uuid}


async def test_a_sidecar_behind_a_link_is_no_input_where_its_folder_really_is(
    farm: Farm, clip: Path, scripts: Scripts
) -> None:
    await farm.node(permissions=scripts.permissions)
    real, link = farm.folder / "real", farm.folder / "link"
    real.mkdir()
    link.symlink_to(real)
    script = processing(scripts.sh("pre.sh", "true"), link / "side.json")
    uuid = await farm.add(clip, pre_processing=script)
    await farm.successful(uuid)
    names = [(output_key(str(folder / "side.json")), 5, 7) for folder in (link, real.resolve())]
    assert await file_records.outputs_among(farm.database, names) == {0: uuid, 1: uuid}
