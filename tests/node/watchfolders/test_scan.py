"""Watchfolders on real nodes, with real copies and encodes."""

import asyncio
import itertools
import json
import logging
import os
import shutil
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from ffmate_desktop.db import file_records, scans
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.file_record import FileRecord
from ffmate_desktop.domain.watchfolder import Extensions, FileState, Original, OriginalAction, WatchedFile
from ffmate_desktop.node.watchfolders import drafting, scan_context
from ffmate_desktop.services.watch_drafts import draft_files
from ffmate_desktop.storage.walk import Walked, Walker
from tests.node.farm import Farm
from tests.node.waiting import until
from tests.node.watchfolders.watched import Watched

pytestmark = [pytest.mark.db, pytest.mark.ffmpeg]

DONE, QUEUED, SKIPPED = FileState.DONE, FileState.QUEUED, FileState.SKIPPED
ONCE: dict[str, Any] = {"interval": 3600, "growth_checks": 0}
"""Scanned only after events, or on request."""


@pytest.fixture
def watched(farm: Farm, tmp_path: Path) -> Watched:
    root = tmp_path / "in"
    root.mkdir()
    return Watched(farm, root)


async def test_new_files_become_tasks_and_outputs_next_to_them_do_not(watched: Watched, clip: Path) -> None:
    await watched.farm.node(watches=True)
    pattern = "${INPUT_FILE_DIR}/${INPUT_FILE_BASENAME}_x.mov"
    await watched.begin(pattern=pattern, priority=7, labels=())
    watched.put(clip, "day 1/cam.a/one.mov")
    watched.put(clip, "two.MOV")
    await watched.state("day 1/cam.a/one.mov", DONE)
    await watched.state("two.MOV", DONE)
    await watched.state("day 1/cam.a/one_x.mov", FileState.OUTPUT)
    await watched.scanned(2)
    tasks = {Path(task.input_file.raw).name: task for task in await watched.tasks()}
    assert tasks.keys() == {"one.mov", "two.MOV"}
    first_task = tasks["one.mov"]
    assert (first_task.source, first_task.priority, first_task.batch) == ("watchfolder", 7, None)
    assert first_task.metadata["ffmate"] == {
        "watchfolder": {
            "uuid": str(watched.uuid),
            "path": str(watched.root),
            "relativePath": str(Path("day 1", "cam.a", "one.mov")),
            "relativeDir": str(Path("day 1", "cam.a")),
        }
    }


@pytest.mark.skipif(sys.platform == "win32", reason="creating links needs a privilege on Windows")
@pytest.mark.parametrize("linked", ["the root", "a folder in it", "nothing"])
async def test_an_output_that_changes_is_still_not_queued(
    farm: Farm, tmp_path: Path, clip: Path, linked: str
) -> None:
    """As when a script writes tags into it: size and time change, and only the name is the same."""
    real = tmp_path / "real"
    (real / "deep").mkdir(parents=True)
    root = real
    if linked == "the root":
        root = tmp_path / "link"
        root.symlink_to(real)
    elif linked == "a folder in it":
        root = tmp_path / "in"
        root.mkdir()
        (root / "deep").symlink_to(real / "deep")
    watched = Watched(farm, root)
    await farm.node(watches=True)
    await watched.begin(pattern=f"{real}/deep/${{INPUT_FILE_BASENAME}}_x.mov", labels=())
    watched.put(clip, "one.mov")
    await watched.state("one.mov", DONE)
    await watched.state("deep/one_x.mov", FileState.OUTPUT)
    with (real / "deep" / "one_x.mov").open("ab") as file:
        file.write(b"\0\0\0\x08free")
    await watched.scanned(3)
    assert len(await watched.tasks()) == 1


async def test_the_tree_is_rebuilt_at_the_output(watched: Watched, clip: Path) -> None:
    await watched.farm.node(watches=True)
    out = f"{watched.out}/${{METADATA_ffmate.watchfolder.relativeDir}}/${{INPUT_FILE_BASENAME}}.mp4"
    await watched.begin(output_file=out, **ONCE)
    watched.put(clip, "a/b ${x}/one.mov")
    watched.put(clip, "one.mov")
    await watched.state("a/b ${x}/one.mov", DONE)
    await watched.state("one.mov", DONE)
    assert (watched.out / "a" / "b ${x}" / "one.mp4").is_file()
    assert (watched.out / "one.mp4").is_file()


async def test_a_file_that_is_copied_slowly_is_queued_when_it_is_complete(
    watched: Watched, clip: Path
) -> None:
    await watched.farm.node(watches=True)
    await watched.begin(growth_checks=2)
    data = clip.read_bytes()
    with (watched.root / "slow.mov").open("wb") as file:
        for start in range(0, len(data), len(data) // 6):
            file.write(data[start : start + len(data) // 6])
            file.flush()
            assert await watched.tasks() == []
            await watched.scanned()
    growing = await watched.state("slow.mov", FileState.GROWING, FileState.WAITING)
    assert growing.reason
    done = await watched.state("slow.mov", DONE)
    assert done.size == len(data)
    assert len(await watched.tasks()) == 1


async def test_replaced_and_touched_files_are_new_versions(watched: Watched, clip: Path) -> None:
    await watched.farm.node(watches=True)
    await watched.begin(**ONCE)
    first = watched.put(clip, "one.mov")
    await watched.state("one.mov", DONE)
    other = clip.with_name("other.mov")
    shutil.copyfile(clip, other)
    other.replace(first)
    os.utime(first, ns=(1, 10**18))

    async def tasks(number: int) -> bool:
        return len(await watched.tasks()) == number

    await until(lambda: tasks(2), "the replaced file is a task")
    await watched.state("one.mov", DONE)  # a task that begins after the touch would encode that version
    os.utime(first, ns=(1, 2 * 10**18))
    await watched.service.scan(watched.uuid)  # a touch is no event
    await until(lambda: tasks(3), "the touched file is a task")
    await watched.state("one.mov", DONE)


async def test_a_file_that_is_deleted_while_it_grows_is_forgotten(watched: Watched, clip: Path) -> None:
    await watched.farm.node(watches=True)
    await watched.begin(growth_checks=50)
    file = watched.put(clip, "one.mov")
    await watched.state("one.mov", FileState.WAITING, FileState.GROWING)
    file.unlink()

    async def forgotten() -> bool:
        return "one.mov" not in await watched.files()

    await until(forgotten, "it is gone")
    assert await watched.tasks() == []


async def test_unsuitable_files_are_skipped_with_a_reason(watched: Watched, clip: Path) -> None:
    await watched.farm.node(watches=True, slots=0)
    rules = {"globs": {"exclude": ["proxies/", "*_old.*"]}, "minSize": 100}
    await watched.begin(filter=rules, **ONCE)
    for name in (
        "good.mov",
        ".hidden.mov",
        "a.mov.part",
        "b_OLD.mov",
        "proxies/x.mov",
        "notes.txt",
        ".git/x.mov",
    ):
        watched.put(clip, name)
    (watched.root / "tiny.mov").write_bytes(b"x")
    (watched.root / "dangling.mov").symlink_to(watched.root / "nothing")
    (watched.root / "loop").symlink_to(watched.root)
    os.mkfifo(watched.root / "pipe.mov")
    await watched.state("good.mov", QUEUED)
    await watched.service.scan(watched.uuid)
    await watched.scanned()
    files = await watched.files()
    assert {path for path, file in files.items() if file.state is QUEUED} == {"good.mov"}
    assert files.keys() == {"good.mov", ".hidden.mov", "a.mov.part", "b_OLD.mov", "notes.txt", "tiny.mov"}
    assert all(file.reason for file in files.values() if file.state is SKIPPED)


async def test_an_unreadable_folder_is_reported_and_the_others_are_scanned(
    watched: Watched, clip: Path
) -> None:
    await watched.farm.node(watches=True, slots=0)
    deep = watched.root / "deep"
    before = Path.cwd()
    deep.mkdir()
    os.chdir(deep)
    try:  # a folder that no path can name
        for _ in range(25):
            os.mkdir("d" * 200)  # noqa: PTH102 - the whole path is too long
            os.chdir("d" * 200)
    finally:
        os.chdir(before)
    await watched.begin(growth_checks=0)
    watched.put(clip, "one.mov")
    await watched.state("one.mov", QUEUED)
    folder = await watched.scanned()
    assert folder.error is not None and "can't be read" in folder.error
    shutil.rmtree(deep)

    async def clears() -> bool:
        return (await watched.now()).error is None

    await until(clears, "the error clears")
    assert len(await watched.tasks()) == 1


async def test_a_share_that_is_not_mounted_is_not_an_empty_folder(watched: Watched, clip: Path) -> None:
    await watched.farm.node(watches=True, slots=0)
    await watched.begin(growth_checks=0)
    watched.put(clip, "one.mov")
    await watched.state("one.mov", QUEUED)
    away = watched.root.with_name("away")
    watched.root.rename(away)

    async def error_contains(words: str) -> bool:
        return words in ((await watched.now()).error or "")

    await until(lambda: error_contains("doesn't exist"), "a missing folder is reported")
    watched.root.mkdir()  # the mount point
    await until(lambda: error_contains("isn't mounted"), "an empty one is reported")
    assert (await watched.files())["one.mov"].state is QUEUED
    watched.root.rmdir()
    away.rename(watched.root)
    watched.put(clip, "two.mov")
    await watched.state("two.mov", QUEUED)
    assert (await watched.now()).error is None
    assert len(await watched.tasks()) == 2
    other = watched.root.with_name("other")
    other.mkdir()
    watched.root.rename(away)
    other.rename(watched.root)
    await until(lambda: error_contains("isn't mounted"), "it was emptied on purpose")
    await watched.service.suspend(watched.uuid)
    await watched.service.resume(watched.uuid)

    async def empty() -> bool:
        files = await watched.files()
        return all(file.gone for file in files.values()) and (await watched.now()).error is None

    await until(empty, "who resumes vouches for it")
    assert len(await watched.files()) == 2  # they had tasks


async def test_an_error_and_its_end_are_each_logged_once(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    await watched.farm.node(watches=True, slots=0)
    await watched.begin()
    await watched.scanned()
    caplog.set_level(logging.INFO, "ffmate.watchfolder")
    watched.root.rmdir()
    await watched.scanned(3)
    messages = [record.message for record in caplog.records]
    assert messages == [f"The folder “{watched.root}” doesn't exist."]
    watched.root.mkdir()
    await watched.scanned(2)
    assert [record.message for record in caplog.records][1:] == ["“in” can be scanned again"]


async def test_an_output_folder_that_does_not_answer_is_not_mistaken_for_the_watchfolder(
    watched: Watched, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan_context, "PATIENCE", 0.5)
    answer = threading.Event()

    def hang(*args: Any) -> Any:  # a share whose server is gone
        assert answer.wait(60)
        return draft_files(*args)

    monkeypatch.setattr(drafting, "draft_files", hang)
    await watched.farm.node(watches=True, slots=0)
    await watched.begin(growth_checks=0)
    await watched.scanned_first()
    watched.put(clip, "one.mov")

    async def has_error() -> bool:
        return (await watched.now()).error is not None

    await until(has_error, "the outputs do not answer")
    for _ in range(3):
        error = (await watched.scanned()).error
        assert error is not None and error.startswith("The folder for the outputs doesn't answer.")
    answer.set()
    await watched.state("one.mov", QUEUED)


async def test_a_file_whose_task_was_cancelled_stays_so_on_every_node(watched: Watched, clip: Path) -> None:
    first = await watched.farm.node(watches=True, slots=0)
    await watched.begin(growth_checks=0)
    watched.put(clip, "one.mov")
    queued = await watched.state("one.mov", QUEUED)
    assert queued.task is not None
    await watched.farm.tasks.cancel([queued.task])
    await watched.state("one.mov", SKIPPED)
    await watched.scanned(2)
    await first.stop()
    await watched.farm.node("b", watches=True, slots=0)
    await watched.scanned(2)
    assert len(await watched.tasks()) == 1
    await watched.farm.tasks.delete([queued.task])
    file = await watched.state("one.mov", SKIPPED)
    # but when people ask for it
    assert await watched.service.queue_again(watched.uuid, [file.id]) == {file.id}
    requeued = await watched.state("one.mov", QUEUED)
    assert requeued.task not in (None, queued.task)


async def test_a_record_of_a_node_that_numbers_inodes_differently_is_matched(
    watched: Watched, clip: Path
) -> None:
    first = await watched.farm.node(watches=True, slots=0)
    await watched.begin(growth_checks=0)
    for name in ("one.mov", "two.mov"):
        watched.put(clip, name)
        queued = await watched.state(name, QUEUED)
        assert queued.task is not None
        await watched.farm.tasks.cancel([queued.task])
        await watched.farm.tasks.delete([queued.task])
        await watched.state(name, SKIPPED)
    await watched.scanned()
    await first.stop()
    await watched.farm.sql("UPDATE ffmate.watched_files SET view = view + 1 RETURNING id")
    await watched.farm.node("b", watches=True, slots=0)
    await watched.scanned(2)
    file = (await watched.files())["one.mov"]
    assert await watched.service.queue_again(watched.uuid, [file.id])
    await watched.scanned(2)
    gone_file = (await watched.files(gone=True))["one.mov"]
    assert (gone_file.state, gone_file.gone) == (QUEUED, False)
    (watched.root / "two.mov").unlink()
    await watched.scanned(2)
    assert (await watched.files())["two.mov"].gone


@pytest.mark.parametrize("good", [True, False])
async def test_an_original_is_moved_even_if_its_task_was_deleted(
    watched: Watched, clip: Path, good: bool
) -> None:
    worker = await watched.farm.node(watches=True)
    done = Original(action=OriginalAction.MOVE, folder="done")
    failed = Original(action=OriginalAction.MOVE, folder="failed")
    await watched.begin(growth_checks=0, on_success=done, on_failure=failed)
    await watched.scanned_first()
    if good:
        watched.put(clip, "a/one.mov")
    else:
        (watched.root / "a").mkdir()
        (watched.root / "a" / "one.mov").write_bytes(b"no film")
    queued = await watched.state("a/one.mov", QUEUED, FileState.RUNNING)
    watching = worker.node._scan_duty
    assert watching is not None
    watching._may_scan = lambda: False  # no scan in the meantime
    await watched.state("a/one.mov", DONE, FileState.FAILED)
    assert queued.task is not None
    await watched.farm.tasks.delete([queued.task])
    watching._may_scan = lambda: True
    await watched.service.scan(watched.uuid)
    await until(lambda: moved(watched, "a/one.mov"), "it is moved")
    assert (watched.root / ("done" if good else "failed") / "a" / "one.mov").is_file()


async def test_settings_of_a_newer_release_do_not_stop_the_scan_duty(
    watched: Watched, clip: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await watched.begin(growth_checks=0)
    await watched.farm.sql(
        'UPDATE ffmate.watchfolders SET spec = spec || \'{"onFailure": {"action": "mail"}}\''
    )
    caplog.set_level(logging.INFO, "ffmate.watchfolder")
    await watched.farm.node(watches=True, slots=0)
    watched.put(clip, "one.mov")
    await watched.scanned(3)
    [message] = [record.message for record in caplog.records if record.levelno >= logging.INFO]
    assert "newer release" in message and await watched.files() == {}
    with pytest.raises(UserError, match="newer release"):
        await watched.service.edit(watched.uuid, (await watched.now()).settings())
    with pytest.raises(UserError, match="newer release"):
        await watched.service.dry_run(watched.uuid)
    await watched.farm.sql("UPDATE ffmate.watchfolders SET spec = spec - 'onFailure'")
    await watched.state("one.mov", QUEUED)


async def test_three_nodes_make_one_task_a_file(watched: Watched, clip: Path) -> None:
    for name in "abc":
        await watched.farm.node(name, watches=True, slots=0, machine="one")
    await watched.begin()
    for number in range(60):
        watched.put(clip, f"{number % 7}/{number}.mov")
        await asyncio.sleep(0.05)

    async def all_queued() -> bool:
        files = await watched.files()
        return len(files) == 60 and all(file.state is QUEUED for file in files.values())

    await until(all_queued, "every file is queued")
    await watched.scanned(2)
    assert len(await watched.tasks()) == 60
    assert await watched.doubled() == []


async def test_only_nodes_with_the_labels_scan(watched: Watched, clip: Path) -> None:
    await watched.farm.node("without", watches=True, slots=0)
    await watched.farm.node("with", watches=True, slots=0, labels=("storage:a",))
    await watched.begin(labels=["storage:a"], growth_checks=0)
    watched.put(clip, "one.mov")
    await watched.state("one.mov", QUEUED)
    assert (await watched.scanned(2)).last_node == "with"
    [task] = await watched.tasks()
    assert task.labels == ["storage:a"]


async def test_failed_files_are_retried_and_then_moved(watched: Watched) -> None:
    await watched.farm.node(watches=True)
    failed = Original(action=OriginalAction.MOVE, folder="failed")
    await watched.begin(growth_checks=0, retries=1, on_failure=failed)
    bad = watched.root / "x" / "bad.mov"
    bad.parent.mkdir()
    bad.write_bytes(b"no film at all")
    file = await until(lambda: moved(watched, "x/bad.mov"), "it is moved")
    assert (file.attempts, file.gone) == (2, True)
    assert (watched.root / "failed" / "x" / "bad.mov").read_bytes() == b"no film at all"
    assert not bad.exists()
    assert len(await watched.tasks()) == 1


async def moved(watched: Watched, path: str) -> WatchedFile | None:
    file = (await watched.files(gone=True)).get(path)
    return file if file is not None and file.reason.startswith("Moved to") else None


async def test_originals_are_moved_with_their_tree_and_never_over_others(
    watched: Watched, clip: Path
) -> None:
    await watched.farm.node(watches=True)
    done = watched.root / "done"
    (done / "a").mkdir(parents=True)
    (done / "a" / "one.mov").write_bytes(b"somebody else's")
    await watched.begin(growth_checks=0, on_success=Original(action=OriginalAction.MOVE, folder="done"))
    watched.put(clip, "a/one.mov")
    await until(lambda: moved(watched, "a/one.mov"), "it is moved")
    assert (done / "a" / "one-2.mov").read_bytes() == clip.read_bytes()
    assert (done / "a" / "one.mov").read_bytes() == b"somebody else's"
    assert not (watched.root / "a" / "one.mov").exists()
    await watched.scanned(2)
    assert len(await watched.tasks()) == 1


@pytest.mark.parametrize(
    "command",
    [
        "-i ${INPUT_FILE} -c copy ${OUTPUT_FILE} -map 0:v:0 -frames:v 1 -update 1 ${OUTPUT_FILE}.jpg",
        "-i ${INPUT_FILE} -c copy ${OUTPUT_FILE}.m3u8",
        "-i ${INPUT_FILE} -frames:v 3 ${OUTPUT_FILE}_%02d.png",
    ],
    ids=["two files", "list of segments", "pictures"],
)
async def test_originals_of_tasks_with_several_files_are_moved(
    watched: Watched, clip: Path, command: str
) -> None:
    await watched.farm.node(watches=True)
    await watched.begin(
        command, growth_checks=0, on_success=Original(action=OriginalAction.MOVE, folder="done")
    )
    watched.put(clip, "one.mov")
    await watched.state("one.mov", DONE, FileState.FAILED, gone=True)

    async def skipped() -> WatchedFile | None:
        file = (await watched.files(gone=True))["one.mov"]
        return file if file.reason else None

    file = await until(skipped, "its result is shown")
    assert file.reason.startswith("Moved to"), file.reason
    assert (watched.root / "done" / "one.mov").read_bytes() == clip.read_bytes()


async def test_moved_originals_are_not_new_when_their_folder_is_scanned_later(
    watched: Watched, clip: Path
) -> None:
    await watched.farm.node(watches=True)
    await watched.begin(growth_checks=0, on_success=Original(action=OriginalAction.MOVE, folder="done"))
    watched.put(clip, "a/one.mov")
    await until(lambda: moved(watched, "a/one.mov"), "it is moved")
    now = await watched.now()
    leave = now.settings().model_copy(update={"on_success": Original()})
    await watched.service.edit(watched.uuid, leave, version=now.version)
    await watched.state("done/a/one.mov", FileState.DONE)
    shutil.copyfile(clip, watched.root / "done" / "two.mov")
    await watched.state("done/two.mov", FileState.DONE)
    await watched.scanned(2)
    assert len(await watched.tasks()) == 2


async def test_an_original_stays_if_its_output_is_missing(watched: Watched, clip: Path) -> None:
    worker = await watched.farm.node(watches=True)
    await watched.begin(growth_checks=0, on_success=Original(action=OriginalAction.MOVE, folder="done"))
    duty = worker.node._scan_duty
    assert duty is not None
    duty._busy.update((-1, -2))  # it has no time for a scan
    source = watched.put(clip, "one.mov")
    duty._busy.clear()
    await until((watched.out / "one.mp4").exists, "it is encoded")
    (watched.out / "one.mp4").unlink()

    async def left() -> bool:
        return (await watched.files())["one.mov"].reason.startswith("Left in place")

    await until(left, "it is reported")
    assert source.exists()


async def test_lock_files_of_ffmate_are_respected_and_written(watched: Watched, clip: Path) -> None:
    await watched.farm.node(watches=True, slots=0)
    await watched.begin(growth_checks=0, write_locks=True)
    lock = watched.root / "theirs.mov.lock"
    lock.touch()
    watched.put(clip, "theirs.mov")
    watched.put(clip, "ours.mov")
    await watched.state("ours.mov", QUEUED)
    claimed = "FFmate has claimed it: its .lock file is next to it."
    assert (await watched.state("theirs.mov", SKIPPED)).reason == claimed
    assert (watched.root / "ours.mov.lock").is_file()
    await watched.scanned()
    lock.unlink()
    await watched.state("theirs.mov", QUEUED)
    await watched.scanned()
    assert len(await watched.tasks()) == 2


@pytest.mark.parametrize("replaced", [False, True])
async def test_a_file_is_queued_again_although_our_lock_file_is_next_to_it(
    watched: Watched, clip: Path, replaced: bool
) -> None:
    await watched.farm.node(watches=True, slots=0)
    await watched.begin(growth_checks=1, write_locks=True)
    watched.put(clip, "one.mov")
    first = await watched.state("one.mov", QUEUED)
    assert first.task is not None
    await watched.farm.tasks.cancel([first.task])
    await watched.farm.tasks.delete([first.task])
    file = await watched.state("one.mov", SKIPPED)
    if replaced:
        with (watched.root / "one.mov").open("ab") as end:
            end.write(b"\0\0\0\x08free")
    else:
        assert await watched.service.queue_again(watched.uuid, [file.id])
    requeued = await watched.state("one.mov", QUEUED)
    assert requeued.task not in (None, first.task)
    assert (watched.root / "one.mov.lock").is_file()


async def test_a_dry_run_reports_every_file_and_writes_nothing(watched: Watched, clip: Path) -> None:
    await watched.begin(**ONCE)
    watched.put(clip, "one.mov")
    watched.put(clip, "two.txt")
    run = await watched.service.dry_run(watched.uuid)
    assert [(file.path, file.takes, file.state) for file in run.files] == [
        ("one.mov", True, QUEUED),
        ("two.txt", False, SKIPPED),
    ]
    assert run.files[0].output == str(watched.out / "one.mp4")
    assert await watched.files() == {}
    assert await watched.tasks() == []


async def test_a_file_whose_output_path_is_too_long_blocks_no_other(watched: Watched, clip: Path) -> None:
    watched.out.mkdir()
    await watched.farm.node(watches=True)
    pattern = f"{watched.out}/${{INPUT_FILE_BASENAME}} as pictures/%03d.png"
    await watched.begin("-i ${INPUT_FILE} -frames:v 2 ${OUTPUT_FILE}", pattern)
    watched.put(clip, f"{250 * 'a'}.mov")
    watched.put(clip, "b.mov")
    await watched.state("b.mov", DONE)
    refused = await watched.state(f"{250 * 'a'}.mov", FileState.WAITING)
    assert "too long" in refused.reason


async def test_names_in_any_encoding(watched: Watched, clip: Path) -> None:
    await watched.farm.node(watches=True)
    await watched.begin(pattern=f"{watched.out}/${{INPUT_FILE_BASENAME}}.mp4", **ONCE)
    names = ["b\udcff\udc80.mov", "日本.mov", "e\u0301.mov", "a\nb'\"$`.mov", "-i.mov", "x && y | z;.mov"]
    for name in names:
        watched.put(clip, name)
    for name in names:
        await watched.state(name, DONE)
    json.dumps([file.to_json() for file in (await watched.files()).values()])


async def test_edits_apply_at_once_and_a_deleted_preset_is_reported(watched: Watched, clip: Path) -> None:
    await watched.farm.node(watches=True, slots=0)
    await watched.begin(interval=3600, growth_checks=0, filter={"extensions": {"include": ["mxf"]}})
    watched.put(clip, "one.mov")
    await watched.state("one.mov", SKIPPED)
    assert watched.folder is not None
    [preset] = await watched._presets.all()
    from ffmate_desktop.services.preset_editor import PresetEditor

    await PresetEditor(watched.farm.database, watched._presets).delete(preset.uuid)

    async def reports_preset() -> bool:
        return "preset" in ((await watched.now()).error or "")

    await until(reports_preset, "the deleted preset is reported although no file needs it")
    settings = watched.folder.settings()
    open_filter = settings.filter.model_copy(update={"extensions": Extensions(include=("MOV",))})
    from ffmate_desktop.db import watchfolders as stored

    changed = settings.model_copy(update={"filter": open_filter})
    assert await stored.update(watched.farm.database, watched.uuid, changed)
    await until(reports_preset, "the deleted preset is reported again")
    assert (await watched.files())["one.mov"].state is FileState.WAITING
    preset_editor = PresetEditor(watched.farm.database, watched._presets)
    from ffmate_desktop.services.preset_editor import PresetDraft
    from tests.node.watchfolders.watched import COPY

    other = await preset_editor.add(PresetDraft("other", COPY, output_file=f"{watched.out}/x.mp4"))
    await watched.service.edit(watched.uuid, changed.model_copy(update={"preset": other.uuid}))
    await watched.state("one.mov", QUEUED)
    assert (await watched.now()).error is None


async def test_a_running_scan_with_old_rules_decides_nothing_for_new_ones(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = await watched.farm.node(watches=True, slots=0)
    folder = await watched.begin(**ONCE)
    (watched.root / "notes.txt").write_text("x")
    await watched.state("notes.txt", SKIPPED)
    await worker.stop()
    old_looks, new_walks, old_is_over = threading.Event(), threading.Event(), threading.Event()
    walk, records_by_path, end_scan = Walker.walk, file_records.records_by_path, scans.end_scan
    walks = itertools.count()

    def walk_late(walker: Walker) -> Walked:
        if next(walks):
            new_walks.set()
            assert old_is_over.wait(30)
        return walk(walker)

    async def look_late(*args: Any) -> dict[str, FileRecord]:
        found = await records_by_path(*args)
        if not old_looks.is_set():
            old_looks.set()
            assert await asyncio.to_thread(new_walks.wait, 30)
        return found

    async def end(*args: Any, **options: Any) -> None:
        try:
            await end_scan(*args, **options)
        finally:
            old_is_over.set()

    monkeypatch.setattr(Walker, "walk", walk_late)
    monkeypatch.setattr(file_records, "records_by_path", look_late)
    monkeypatch.setattr(scans, "end_scan", end)
    await watched.farm.node("b", watches=True, slots=0)
    await watched.service.scan(watched.uuid)
    await until(old_looks.is_set, "the scan of the old rules looks at the file")
    settings = (await folder.now()).settings()
    rules = settings.filter.model_copy(update={"extensions": Extensions(include=("txt",))})
    await watched.service.edit(watched.uuid, settings.model_copy(update={"filter": rules}))
    await watched.state("notes.txt", QUEUED)


async def test_polling_alone_finds_everything(
    watched: Watched, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ffmate_desktop.storage.events.is_local", lambda _path: False)  # a network share
    await watched.farm.node(watches=True, slots=0)
    await watched.begin()
    watched.put(clip, "a/one.mov")
    await watched.state("a/one.mov", QUEUED)
    watched.put(clip, "a/b/two.mov")
    await watched.state("a/b/two.mov", QUEUED)


async def test_events_alone_shorten_the_wait(watched: Watched, clip: Path) -> None:
    await watched.farm.node(watches=True, slots=0)
    await watched.begin(**ONCE)
    await watched.scanned_first()
    for path in ("one.mov", "new/two.mov", "new/deeper/three.mov"):
        watched.put(clip, path)
        await watched.state(path, QUEUED)
    (watched.root / "new").rename(watched.root / "moved")
    await watched.state("moved/deeper/three.mov", QUEUED)


async def test_an_original_that_another_task_needs_stays(watched: Watched, clip: Path) -> None:
    await watched.farm.node(watches=True)
    source = watched.put(clip, "one.mov")
    other = await watched.farm.add(source, labels=("nobody",))
    await watched.begin(growth_checks=0, on_success=Original(action=OriginalAction.MOVE, folder="done"))
    await watched.state("one.mov", DONE)
    await watched.scanned(2)
    assert source.exists()
    await watched.farm.tasks.cancel([other])
    await until(lambda: moved(watched, "one.mov"), "it is moved when no task needs it")


async def test_a_node_that_dies_while_it_moves_an_original(watched: Watched, clip: Path) -> None:
    """Its record has the new name; the file is at the old path, the new one, both, or neither."""
    worker = await watched.farm.node(watches=True)
    await watched.begin(growth_checks=0, on_success=Original(action=OriginalAction.MOVE, folder="done"))
    watched.put(clip, "seen.mov")
    await until(lambda: moved(watched, "seen.mov"), "it works")
    await worker.stop()
    places = {"old.mov": "old", "new.mov": "new", "both.mov": "old new", "none.mov": ""}
    for name, where in places.items():
        source = watched.put(clip, name)
        status, target = source.stat(), watched.root / "done" / name
        if "new" in where:
            shutil.copyfile(source, target)
            os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
        await watched.farm.sql(
            "INSERT INTO ffmate.watched_files (folder, path, size, mtime, inode, view, state, disposal, ledger)"
            " SELECT id, $1, $2, $3, $4, $5, 'done', $6, ledger FROM ffmate.watchfolders",
            name, status.st_size, status.st_mtime_ns // 1000, status.st_ino, watched.root.stat().st_ino,
            {"action": "move", "is_done": True, "begun": True, "folder": str(target.parent), "target": str(target),
             "output": str(watched.out / "seen.mp4"), "size": (watched.out / "seen.mp4").stat().st_size},
        )  # fmt: skip
        if "old" not in where:
            source.unlink()
    await watched.farm.node("b", watches=True)
    await watched.service.scan(watched.uuid)

    async def settled() -> bool:
        files = await watched.files(gone=True)
        return all(name in files and files[name].gone for name in places)

    await until(settled, "every original is away")
    assert sorted(path.name for path in (watched.root / "done").iterdir()) == [
        "both.mov", "new.mov", "old.mov", "seen.mov",
    ]  # fmt: skip
    assert [path.name for path in watched.root.iterdir()] == ["done"]
    assert len(await watched.tasks()) == 1


async def test_originals_of_a_share_that_is_not_mounted_are_not_given_up(
    watched: Watched, clip: Path
) -> None:
    worker = await watched.farm.node(watches=True)
    await watched.begin(growth_checks=0, on_success=Original(action=OriginalAction.MOVE, folder="done"))
    watched.put(clip, "one.mov")
    await until(lambda: moved(watched, "one.mov"), "it works")
    two = watched.put(clip, "two.mov")
    other = await watched.farm.add(two, labels=("nobody",))  # so that it is not moved yet
    await watched.state("two.mov", DONE)
    away, empty = watched.root.with_name("away"), watched.root.with_name("empty")
    empty.mkdir()
    watched.root.rename(away)
    empty.rename(watched.root)
    await watched.farm.tasks.cancel([other])

    async def reports_mount() -> bool:
        return "isn't mounted" in ((await watched.now()).error or "")

    await until(reports_mount, "it is reported")
    assert not (await watched.files())["two.mov"].gone
    watched.root.rmdir()
    away.rename(watched.root)
    await until(lambda: moved(watched, "two.mov"), "it is moved when the share is back")
    assert worker.node.running == 0
