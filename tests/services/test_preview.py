"""What the sheet shows before submitting: names, conflicts, errors; and what a dropped folder holds."""

from pathlib import Path

import pytest

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.task import IfExists, NewTask
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.services.media_search import MediaFile, find_media, with_output_folder
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.preview import PreviewIssue, PreviewService
from ffmate_desktop.services.tasks import TaskService

COPY = "-i ${INPUT_FILE} -c copy ${OUTPUT_FILE}"


@pytest.fixture
def clips(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "in" / name for name in ("a.mov", "b.mov")]
    paths[0].parent.mkdir()
    for path in paths:
        path.write_bytes(b"x")
    return paths


def new(path: Path, output: str = "out/${INPUT_FILE_BASENAME}.mp4", **changes: object) -> NewTask:
    return NewTask.model_validate({"input_file": str(path), "command": COPY, "output_file": output} | changes)


@pytest.mark.db
async def test_a_preview_shows_the_names_of_a_submission(
    database: Database, presets: PresetService, clips: list[Path], tmp_path: Path
) -> None:
    preview, tasks = PreviewService(database, presets), TaskService(database, presets)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.mp4").touch()
    await tasks.add([new(clips[1])], source=TaskSource.CLI, base=str(tmp_path))
    for output in ("out/${INPUT_FILE_BASENAME}.mp4", "out/one.mp4"):
        new_tasks = [new(path, output) for path in clips]
        rows = await preview.preview(new_tasks, source=TaskSource.CLI, base=str(tmp_path))
        submitted = await tasks.add(new_tasks, source=TaskSource.CLI, base=str(tmp_path))
        outputs = [task.output_file.resolved for task in await tasks.get(submitted.uuids)]
        assert [row.output for row in rows] == outputs
        if "one" not in output:
            assert [row.issue for row in rows] == [PreviewIssue.RENAMED, PreviewIssue.RENAMED]
            assert rows[0].message == "“a.mp4” is taken."
        else:
            assert [row.issue for row in rows] == [PreviewIssue.NONE, PreviewIssue.RENAMED]
    assert list((tmp_path / "out").iterdir()) == [tmp_path / "out" / "a.mp4"]


@pytest.mark.db
async def test_every_conflict_has_its_own_issue(
    database: Database, presets: PresetService, clips: list[Path], tmp_path: Path
) -> None:
    preview, tasks = PreviewService(database, presets), TaskService(database, presets)
    (tmp_path / "there.mp4").touch()
    (tmp_path / "file").touch()
    await tasks.add([new(clips[0], "busy.mp4")], source=TaskSource.CLI, base=str(tmp_path))
    [first, second] = clips
    fail, replace = {"if_exists": IfExists.FAIL}, {"if_exists": IfExists.REPLACE}
    cases = [
        (new(first, "there.mp4", **fail), PreviewIssue.EXISTS),
        (new(first, "there.mp4", **replace), PreviewIssue.REPLACES),
        (new(first, "busy.mp4", **fail), PreviewIssue.TAKEN),
        (new(first, "two.mp4", **fail), PreviewIssue.NONE),
        (new(second, "two.mp4", **fail), PreviewIssue.SHARED),
        (new(tmp_path / "no.mov"), PreviewIssue.INPUT),
        (new(first, command="-i ${NO_SUCH} x"), PreviewIssue.COMMAND),
        (new(first, "file/x.mp4"), PreviewIssue.FOLDER),
        (new(first, "${OS_NAME}.mp4"), PreviewIssue.NONE),
    ]
    rows = await preview.preview([task for task, _ in cases], source=TaskSource.CLI, base=str(tmp_path))
    assert [row.issue for row in rows] == [trouble for _, trouble in cases]
    for row, (task, trouble) in zip(rows, cases, strict=True):
        assert bool(row.message) == (trouble is not PreviewIssue.NONE)
        if trouble.is_error and trouble is not PreviewIssue.SHARED:
            with pytest.raises(UserError) as caught:
                await tasks.add([task], source=TaskSource.CLI, base=str(tmp_path))
            assert caught.value.message == row.message
    assert rows[-1].output is None


async def test_a_dropped_folder_is_searched_at_every_depth(tmp_path: Path) -> None:
    for name in ("a.MOV", "sub/b.mxf", "sub/notes.txt", "sub/deep/c.wav", ".hidden/d.mov", "sub/.ffd-1.mov"):
        path = tmp_path / "day ${1}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    single = tmp_path / "any.thing"
    single.touch()
    root = tmp_path / "day ${1}"
    (root / "loop").symlink_to(root, target_is_directory=True)
    counts: list[int] = []
    found = await find_media([str(root), str(single), str(single)], on_progress=counts.append)
    assert set(found.files) == {
        MediaFile(str(root / "a.MOV"), "day ${1}"),
        MediaFile(str(root / "sub" / "b.mxf"), str(Path("day ${1}", "sub"))),
        MediaFile(str(root / "sub" / "deep" / "c.wav"), str(Path("day ${1}", "sub", "deep"))),
        MediaFile(str(single), ""),
    }
    assert (found.skipped, found.unreadable, found.is_truncated) == (2, (), False)
    few = await find_media([str(root)], limit=2)
    assert (len(few.files), few.is_truncated) == (2, True)


@pytest.mark.db
async def test_the_tree_is_kept_for_any_folder_names(
    database: Database, presets: PresetService, tmp_path: Path
) -> None:
    clip = tmp_path / "day ${UUID}" / "sub" / "a.mov"
    clip.parent.mkdir(parents=True)
    clip.touch()
    [file] = (await find_media([str(tmp_path / "day ${UUID}")])).files
    task = with_output_folder(new(Path(file.path)), str(tmp_path / "out"), file.tree, None)
    [row] = await PreviewService(database, presets).preview([task], source=TaskSource.WINDOW)
    assert row.output == str(tmp_path / "out" / "day ${UUID}" / "sub" / "a.mp4")
    preset = (await presets.all())[0]
    named = with_output_folder(
        NewTask(input_file=file.path, preset=preset.uuid), str(tmp_path / "out"), "", preset
    )
    [row] = await PreviewService(database, presets).preview([named], source=TaskSource.WINDOW)
    assert row.output is not None
    assert Path(row.output).parent == tmp_path / "out"
    with pytest.raises(UsageError, match="no pattern"):
        with_output_folder(new(clip, ""), "out", "", None)
