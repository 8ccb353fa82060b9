"""Scripts before and after the encode, on real nodes: what they get, what they may do, and how they end."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from ffmate_desktop.domain.task import TaskStatus
from tests.node.farm import LONG, Farm
from tests.node.scripted import Scripts, processing
from tests.node.waiting import until

pytestmark = [
    pytest.mark.db,
    pytest.mark.ffmpeg,
    pytest.mark.skipif(
        sys.platform == "win32", reason="these tests run shell scripts, which Windows can't start"
    ),
]

FOREVER = 'echo begun >> "$TOLD"; sleep 300 & sleep 300'


@pytest.fixture
def scripts(farm: Farm) -> Scripts:
    return Scripts(farm.folder.parent)


def sleepers() -> list[psutil.Process]:
    """Processes that a stopped script must not leave."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it ends during the check
            if "sleep" in process.name():
                found.append(process)
    return found


async def test_both_scripts_run_in_their_order_and_see_what_they_need(
    farm: Farm, clip: Path, scripts: Scripts
) -> None:
    before = scripts.sh(
        "pre.sh", 'echo "pre $1" >> "$TOLD"; cat "$2" | tr -d "\\n" >> "$TOLD"; echo >> "$TOLD"; ls -ld .'
    )
    after = scripts.sh(
        "post.sh", 'echo "post $(test -s "$1" && echo there)" >> "$TOLD"; echo hello from post'
    )
    await farm.node(permissions=scripts.permissions)
    sidecar = farm.folder / "clip.json"
    uuid = await farm.add(
        clip,
        pre_processing=processing(before, sidecar, arguments='"${INPUT_FILE}" "${SIDECAR_FILE}"'),
        post_processing=processing(after, arguments="${OUTPUT_FILE}"),
        metadata={"client": "ACME"},
    )
    task = await farm.successful(uuid)
    lines = scripts.lines()
    assert (lines[0], lines[2]) == (f"pre {clip}", "post there")
    scripts.told.write_text(lines[1])
    [written] = scripts.sidecars()
    assert (written["uuid"], written["status"], written["metadata"]) == (
        str(uuid),
        "PRE_PROCESSING",
        {"client": "ACME"},
    )
    assert written["inputFile"]["resolved"] == str(clip)
    assert written["outputFile"]["resolved"] == task.output_file.resolved
    assert written["preProcessing"]["sidecarPath"] == {"raw": str(sidecar), "resolved": str(sidecar)}
    assert sidecar.exists()
    log = await farm.log(uuid)
    assert "hello from post" in log
    assert "drwx------" in log, "the private folder is closed to other accounts"
    assert task.pre_processing is not None and task.post_processing is not None
    assert task.pre_processing.started_at is not None and task.pre_processing.finished_at is not None
    assert task.post_processing.script_path is not None
    assert task.post_processing.script_path.resolved == f'"{after}" {task.output_file.resolved}'
    assert task.post_processing.error is None


async def test_a_script_is_killed_with_everything_it_started_when_it_is_cancelled(
    farm: Farm, clip: Path, scripts: Scripts
) -> None:
    await farm.node(permissions=scripts.permissions)
    uuid = await farm.add(clip, pre_processing=processing(scripts.sh("pre.sh", FOREVER)))
    await until(lambda: scripts.lines() == ["begun"] and len(sleepers()) == 2, "the script runs")
    assert (await farm.task(uuid)).status is TaskStatus.PRE_PROCESSING
    await farm.tasks.cancel([uuid])
    task = await farm.done(uuid)
    assert task.status is TaskStatus.DONE_CANCELED
    assert sleepers() == []
    await farm.tasks.restart([uuid])
    await until(lambda: scripts.lines() == ["begun", "begun"], "a restarted task runs its script again")
    await farm.tasks.cancel([uuid])
    await farm.done(uuid)


async def test_a_script_that_takes_too_long_is_killed_and_fails_the_task(
    farm: Farm, clip: Path, scripts: Scripts
) -> None:
    await farm.node(permissions=scripts.permissions, script_seconds=0.5)
    uuid = await farm.add(clip, pre_processing=processing(scripts.sh("pre.sh", FOREVER)))
    task = await farm.done(uuid)
    assert task.status is TaskStatus.DONE_ERROR
    assert task.error == "The script took too long and was stopped."
    assert task.pre_processing is not None and task.pre_processing.error == task.error
    assert sleepers() == []


async def test_a_script_is_paused_with_its_task_and_its_time_stands_still(
    farm: Farm, clip: Path, scripts: Scripts
) -> None:
    await farm.node(permissions=scripts.permissions, script_seconds=3)
    uuid = await farm.add(
        clip, pre_processing=processing(scripts.sh("pre.sh", 'echo begun >> "$TOLD"; sleep 0.5'))
    )
    await until(lambda: sleepers() and scripts.lines(), "the script runs")
    await farm.tasks.pause([uuid])
    await until(
        lambda: [p.status() for p in sleepers()] == [psutil.STATUS_STOPPED],
        "what the script started stands still",
    )
    await farm.tasks.resume([uuid])
    await farm.successful(uuid)


async def test_the_error_names_the_windows_line_ends_of_a_script(
    farm: Farm, clip: Path, scripts: Scripts
) -> None:
    script = scripts.sh("crlf.sh", "exit 0")
    script.write_bytes(script.read_bytes().replace(b"\n", b"\r\n"))
    await farm.node(permissions=scripts.permissions)
    task = await farm.done(await farm.add(clip, pre_processing=processing(script)))
    assert task.error is not None
    assert task.error.startswith(
        f"The script “{script}” failed (exit code 127). It has Windows line endings."
    )


@pytest.mark.parametrize("which", ["pre_processing", "post_processing"])
async def test_a_script_that_fails_fails_the_task_with_its_last_lines(
    farm: Farm, clip: Path, scripts: Scripts, which: str
) -> None:
    script = scripts.sh(
        "fails.sh", "for n in 1 2 3 4 5 6 7 8 9; do echo line $n; done; echo no luck >&2; exit 3"
    )
    await farm.node(permissions=scripts.permissions)
    options: dict[str, Any] = {which: processing(script)}
    uuid = await farm.add(clip, **options)
    task = await farm.done(uuid)
    assert task.status is TaskStatus.DONE_ERROR
    assert task.error is not None
    sentence, *lines = task.error.splitlines()
    assert sentence == f"The script “{script}” failed (exit code 3)."
    assert "no luck" in lines and "line 9" in lines and "line 1" not in lines
    assert getattr(task, which).error == sentence
    outputs = [path.name for path in farm.folder.iterdir() if ".out" in path.name]
    assert outputs == ([] if which == "pre_processing" else ["clip.out.mp4"])


async def test_the_output_of_a_script_is_not_read_as_that_of_ffmpeg(
    farm: Farm, clip: Path, scripts: Scripts
) -> None:
    script = scripts.sh("pre.sh", "echo '[fatal] Invalid data found when processing input'")
    await farm.node(permissions=scripts.permissions)
    await farm.successful(await farm.add(clip, pre_processing=processing(script)))


async def test_processes_that_a_script_leaves_end_with_it(farm: Farm, clip: Path, scripts: Scripts) -> None:
    script = scripts.sh("pre.sh", "nohup sleep 300 > /dev/null 2>&1 & exit 0")
    await farm.node(permissions=scripts.permissions)
    await farm.successful(await farm.add(clip, pre_processing=processing(script)))
    assert sleepers() == []


async def test_a_script_does_not_learn_the_password_of_the_queue(
    farm: Farm, clip: Path, scripts: Scripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FFMATE_DATABASE", "postgresql://u:secret@host/db")
    script = scripts.sh("pre.sh", 'env | grep -c secret >> "$TOLD"; true')
    await farm.node(permissions=scripts.permissions)
    await farm.successful(await farm.add(clip, pre_processing=processing(script)))
    assert scripts.lines() == ["0"]


async def test_a_task_with_a_last_script_keeps_its_slot_to_its_end(
    farm: Farm, clip: Path, scripts: Scripts
) -> None:
    await farm.node(permissions=scripts.permissions)
    script = scripts.sh(
        "post.sh", f'echo begun >> "$TOLD"; until [ -e "{farm.folder}/go" ]; do sleep 0.05; done'
    )
    first = await farm.add(clip, post_processing=processing(script))
    second = await farm.add(clip, command=LONG)
    await until(scripts.lines, "the script runs")
    assert (await farm.task(first)).status is TaskStatus.POST_PROCESSING
    assert (await farm.task(second)).status is TaskStatus.QUEUED
    (farm.folder / "go").touch()
    await farm.successful(first)
    await farm.encoding(second)


async def test_a_sidecar_alone_is_written(farm: Farm, clip: Path) -> None:
    await farm.node()
    sidecar = farm.folder / "new folder" / "clip.json"
    uuid = await farm.add(clip, post_processing=processing(None, sidecar))
    await farm.successful(uuid)
    assert f'"uuid": "{uuid}"' in sidecar.read_text()
