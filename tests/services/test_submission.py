"""Submitting: what is checked, how outputs are named, and that nothing is queued if something is wrong."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.queries import Sql
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.task import IfExists, NewTask, TaskStatus
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.tasks import TaskService

pytestmark = pytest.mark.db
COPY = "-i ${INPUT_FILE} -c copy ${OUTPUT_FILE}"


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "Tom && Jerry's “best”.mov"
    path.write_bytes(b"no media, and nobody looks yet")
    return path


def new(clip: Path, output: object = None, **changes: object) -> NewTask:
    fields = {"input_file": str(clip), "command": COPY, "output_file": output} | changes
    return NewTask.model_validate(fields)


async def outputs(tasks: TaskService) -> list[str | None]:
    return [task.output_file.resolved for task in reversed(await tasks.newest())]


async def test_a_task_is_queued_with_its_resolved_output(tasks: TaskService, clip: Path) -> None:
    pattern = "${INPUT_FILE_DIR}/${INPUT_FILE_BASENAME}_copy.mp4"
    submitted = await tasks.add([new(clip, pattern, metadata={"client": "ACME"})], source=TaskSource.CLI)
    [task] = await tasks.get(submitted.uuids)
    assert submitted.batch is None
    assert task.status is TaskStatus.QUEUED
    assert task.name == clip.name
    assert task.output_file.resolved == str(clip.with_name("Tom && Jerry's “best”_copy.mp4"))
    assert task.output_file.raw == pattern
    assert task.metadata == {"client": "ACME"}


async def test_relative_paths_start_at_the_submitters_folder(tasks: TaskService, clip: Path) -> None:
    await tasks.add([new(Path(clip.name), "out/a.mp4")], source=TaskSource.CLI, base=str(clip.parent))
    [task] = await tasks.newest()
    assert task.input_file.raw == str(clip)
    assert task.output_file.resolved == str(clip.parent / "out" / "a.mp4")


async def test_several_tasks_are_one_batch(tasks: TaskService, clip: Path) -> None:
    submitted = await tasks.add(
        [new(clip, "a.mp4"), new(clip, "b.mp4")], source=TaskSource.CLI, base=str(clip.parent)
    )
    assert submitted.batch is not None
    assert {task.batch for task in await tasks.newest()} == {submitted.batch}


async def test_rename_finds_a_free_name_on_disk_in_the_batch_and_in_the_queue(
    tasks: TaskService, clip: Path
) -> None:
    (clip.parent / "out.mp4").touch()
    wished = str(clip.parent / "out.mp4")
    await tasks.add([new(clip, wished), new(clip, wished)], source=TaskSource.CLI)
    await tasks.add([new(clip, wished)], source=TaskSource.CLI)
    names = ["out-2.mp4", "out-3.mp4", "out-4.mp4"]
    assert await outputs(tasks) == [str(clip.parent / name) for name in names]


async def test_racing_submissions_never_share_an_output(tasks: TaskService, clip: Path) -> None:
    wished = str(clip.parent / "out.mp4")
    await asyncio.gather(*(tasks.add([new(clip, wished)], source=TaskSource.CLI) for _ in range(5)))
    assert len(set(await outputs(tasks))) == 5


async def test_fail_refuses_an_existing_file_and_a_taken_path(tasks: TaskService, clip: Path) -> None:
    wished = clip.parent / "out.mp4"
    await tasks.add([new(clip, str(wished))], source=TaskSource.CLI)
    with pytest.raises(UserError, match="Another unfinished task"):
        await tasks.add([new(clip, str(wished), if_exists=IfExists.FAIL)], source=TaskSource.CLI)
    with pytest.raises(UserError, match="Another unfinished task"):
        await tasks.add([new(clip, str(wished), if_exists=IfExists.REPLACE)], source=TaskSource.CLI)
    (clip.parent / "there.mp4").touch()
    with pytest.raises(UserError, match="already exists"):
        await tasks.add(
            [new(clip, str(clip.parent / "there.mp4"), if_exists=IfExists.FAIL)], source=TaskSource.CLI
        )
    assert len(await tasks.newest()) == 1


async def test_skip_queues_nothing_for_an_existing_or_active_output(tasks: TaskService, clip: Path) -> None:
    def skipping(name: str) -> NewTask:
        return new(clip, str(clip.parent / name), if_exists=IfExists.SKIP)

    (clip.parent / "there.mp4").touch()
    await tasks.add([new(clip, str(clip.parent / "queued.mp4"))], source=TaskSource.CLI)
    names = ["there.mp4", "queued.mp4", "free.mp4", "free.mp4"]
    submitted = await tasks.add([skipping(name) for name in names], source=TaskSource.CLI)
    assert [Path(skipped.output or "").name for skipped in submitted.skipped] == [
        "there.mp4",
        "queued.mp4",
        "free.mp4",
    ]
    assert [
        phrase
        for skipped, phrase in zip(
            submitted.skipped,
            ("already exists", "Another unfinished task", "Two of these files"),
            strict=True,
        )
        if phrase in skipped.reason
    ] == ["already exists", "Another unfinished task", "Two of these files"]
    [task] = await tasks.get(submitted.uuids)
    assert (task.output_file.resolved, task.batch) == (str(clip.parent / "free.mp4"), None)
    nothing = await tasks.add([skipping("there.mp4")], source=TaskSource.CLI)
    assert (nothing.uuids, nothing.batch, len(nothing.skipped)) == ((), None, 1)
    assert len(await tasks.newest()) == 2


async def test_an_older_node_reads_skip_as_fail(tasks: TaskService, clip: Path, database: Database) -> None:
    await tasks.add(
        [new(clip, "a.mp4", if_exists=IfExists.SKIP)], source=TaskSource.CLI, base=str(clip.parent)
    )
    [row] = await database.fetch(Sql("SELECT spec FROM ffmate.tasks"))
    assert (row["spec"]["ifExists"], row["spec"]["skipExisting"]) == ("fail", True)


async def test_replace_keeps_the_name_of_an_existing_file(tasks: TaskService, clip: Path) -> None:
    wished = clip.parent / "out.mp4"
    wished.touch()
    await tasks.add([new(clip, str(wished), if_exists=IfExists.REPLACE)], source=TaskSource.CLI)
    assert await outputs(tasks) == [str(wished)]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"command": None}, "What should be done"),
        ({"command": "-i ${INPUT_FILE} ${NONSENSE}"}, "NONSENSE"),
        ({"command": "-i '${INPUT_FILE} ${OUTPUT_FILE}"}, "never closed"),
        ({"command": "-i ${INPUT_FILE} ${OUTPUT_FILE} ; rm x"}, ";"),
        ({"command": "-i ${INPUT_FILE} ${OUTPUT_FILE} && "}, "step"),
        ({"command": ""}, "empty"),
        ({"output_file": None}, "the task has no output"),
        ({"output_file": "${INPUT_FILE}"}, "input"),
        ({"output_file": "${INPUT_FILE_DIR}/"}, "doesn't name a file"),
        ({"output_file": "${INPUT_FILE_DIR}"}, "folder"),
        ({"command": "-i ${INPUT_FILE} -f mp4 -"}, "output"),
        ({"labels": ["two words"]}, "isn't a valid label"),
        ({"preset": "00000000-0000-0000-0000-000000000000", "command": None}, "doesn't exist"),
    ],
)
async def test_what_could_never_run_is_refused_before_it_is_queued(
    tasks: TaskService, clip: Path, changes: dict[str, object], sentence: str
) -> None:
    fields = {"output_file": str(clip.parent / "out.mp4")} | changes
    with pytest.raises(UserError, match=sentence):
        await tasks.add([new(clip, "${INPUT_FILE_DIR}/fine.mp4"), new(clip, **fields)], source=TaskSource.CLI)
    assert await tasks.newest() == []


async def test_missing_inputs_and_folders_are_named(tasks: TaskService, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.mov” doesn't exist"):
        await tasks.add([new(tmp_path / "gone.mov", "a.mp4")], source=TaskSource.CLI, base=str(tmp_path))
    with pytest.raises(UserError, match="is a folder"):
        await tasks.add([new(tmp_path, "a.mp4")], source=TaskSource.CLI, base=str(tmp_path))


@pytest.mark.parametrize("name", ["n" * 300 + ".mov", "zero\0.mov"])
async def test_an_impossible_file_name_is_reported_as_missing(
    tasks: TaskService, tmp_path: Path, name: str
) -> None:
    with pytest.raises(UserError, match="doesn't exist"):
        await tasks.add([new(tmp_path / name, "a.mp4")], source=TaskSource.CLI, base=str(tmp_path))


async def test_an_impossible_folder_is_reported(tasks: TaskService, clip: Path) -> None:
    for output in ("n" * 300 + "/o.mp4", "/".join(["deep"] * 1500) + "/o.mp4"):
        with pytest.raises(UserError, match="too long"):
            await tasks.add([new(clip, output)], source=TaskSource.CLI, base=str(clip.parent))


@pytest.mark.parametrize(
    "changes",
    [
        {"metadata": {"show": {"title": "\ud800"}}},
        {"name": "\udfff"},
        {"output_file": "${INPUT_FILE_DIR}/a\0b.mp4"},
        {"command": "-i ${INPUT_FILE} -metadata title=\0 ${OUTPUT_FILE}"},
    ],
)
async def test_invalid_text_is_refused(tasks: TaskService, clip: Path, changes: dict[str, object]) -> None:
    with pytest.raises(UserError, match=r"null character|isn't valid text"):
        await tasks.add(
            [new(clip, **({"output_file": str(clip.parent / "o.mp4")} | changes))], source=TaskSource.CLI
        )


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux allows file names that aren't text")
async def test_names_in_another_encoding_are_kept(tasks: TaskService, clip: Path) -> None:
    odd = clip.rename(clip.with_name(os.fsdecode(b"caf\xe9.mov")))
    await tasks.add([new(odd, "${INPUT_FILE_DIR}/o.mp4")], source=TaskSource.CLI)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows resolves .. before links")
async def test_the_folder_above_a_link_is_that_of_its_target(tasks: TaskService, clip: Path) -> None:
    far = clip.parent / "far" / "deep"
    far.mkdir(parents=True)
    (clip.parent / "link").symlink_to(far, target_is_directory=True)
    there = Path(os.path.realpath(clip.rename(far.parent / "there.mov")))
    await tasks.add(
        [new(Path("link/../there.mov"), "link/../o.mp4")], source=TaskSource.CLI, base=str(clip.parent)
    )
    assert await outputs(tasks) == [str(there.with_name("o.mp4"))]


@pytest.mark.parametrize("link", [os.symlink, os.link])
async def test_an_output_that_is_a_link_to_the_input_is_refused(
    tasks: TaskService, clip: Path, link: object
) -> None:
    other = clip.parent / "other.mov"
    assert callable(link)
    link(clip, other)
    with pytest.raises(UserError, match="input"):
        await tasks.add([new(clip, str(other), if_exists=IfExists.REPLACE)], source=TaskSource.CLI)


async def test_an_output_that_only_the_node_can_name_is_resolved_later(
    tasks: TaskService, clip: Path
) -> None:
    await tasks.add([new(clip, "${INPUT_FILE_DIR}/${OS_NAME}.mp4")], source=TaskSource.CLI)
    assert await outputs(tasks) == [None]


async def test_presets_are_found_by_name_in_any_case_or_uuid(presets: PresetService) -> None:
    preset = (await presets.all())[0]
    assert await presets.find(preset.name.upper()) == preset
    assert await presets.get(preset.uuid) == preset
    with pytest.raises(UserError, match=f"Did you mean .*“{preset.name}”"):
        await presets.find(preset.name + "x")
    with pytest.raises(UserError, match="shows all presets"):
        await presets.find("qqqq")


async def test_a_task_is_found_by_a_unique_uuid_prefix(tasks: TaskService, clip: Path) -> None:
    submitted = await tasks.add(
        [new(clip, "a.mp4"), new(clip, "b.mp4")], source=TaskSource.CLI, base=str(clip.parent)
    )
    uuid = submitted.uuids[0]
    assert await tasks.resolve(str(uuid)[:13].upper()) == uuid
    with pytest.raises(UserError, match="isn't the beginning"):
        await tasks.resolve("xyz")
    with pytest.raises(UserError, match="No task"):
        await tasks.resolve("00000000-0000-0000-0000-000000000000")


async def test_a_preset_and_a_command_together_are_refused(
    tasks: TaskService, presets: PresetService, clip: Path
) -> None:
    preset = (await presets.all())[0]
    with pytest.raises(UsageError, match="not both"):
        await tasks.add([new(clip, preset=preset.uuid)], source=TaskSource.CLI)


async def test_an_ambiguous_uuid_prefix_is_refused(tasks: TaskService, clip: Path) -> None:
    new_tasks = [new(clip, f"{number}.mp4") for number in range(17)]  # two of 17 share their first digit
    submitted = await tasks.add(new_tasks, source=TaskSource.CLI, base=str(clip.parent))
    digits = [str(uuid)[0] for uuid in submitted.uuids]
    with pytest.raises(UserError, match="More than one task begins"):
        await tasks.resolve(max(digits, key=digits.count))


async def test_two_files_with_the_same_output_are_refused(tasks: TaskService, clip: Path) -> None:
    wished = str(clip.parent / "out.mp4")
    with pytest.raises(UserError, match="Two of these files"):
        await tasks.add([new(clip, wished, if_exists=IfExists.REPLACE)] * 2, source=TaskSource.CLI)
    assert await tasks.newest() == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes in folders")
async def test_a_pipe_is_refused_as_input(tasks: TaskService, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mov")
    with pytest.raises(UserError, match="isn't a regular file"):
        await tasks.add([new(tmp_path / "pipe.mov", "a.mp4")], source=TaskSource.CLI, base=str(tmp_path))


@pytest.mark.parametrize(
    ("fields", "wildcard"),
    [
        ({"output_file": "x/${METADATA_show.titel}.mp4"}, "${METADATA_show.titel}"),
        ({"output_file": "x/${METADATA_show.titel|slug}.mp4"}, "${METADATA_show.titel}"),
        ({"output_file": "x/${METADATA_empty}.mp4"}, "${METADATA_empty}"),
        ({"command": f"-metadata t=${{METADATA_show.titel}} {COPY}"}, "${METADATA_show.titel}"),
        ({"post_processing": {"scriptPath": "/s.sh ${METADATA_show.titel}"}}, "${METADATA_show.titel}"),
        ({"post_processing": {"sidecarPath": "/x/${METADATA_empty}.json"}}, "${METADATA_empty}"),
    ],
)
async def test_a_wildcard_without_a_value_is_refused_by_name(
    tasks: TaskService, clip: Path, fields: dict[str, object], wildcard: str
) -> None:
    wrong = new(clip, "a.mp4", metadata={"show": {"title": "A"}, "empty": ""}, **fields)
    with pytest.raises(UsageError) as caught:
        await tasks.add([wrong], source=TaskSource.CLI, base=str(clip.parent))
    assert f"{wildcard} has no value" in caught.value.message
    assert "${METADATA_" in caught.value.hint
    assert await tasks.newest() == []
