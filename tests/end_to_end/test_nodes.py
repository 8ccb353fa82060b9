"""Two nodes on one computer: they share the embedded server and the work, and one goes on for the other."""

import json
import os
import shutil
import signal
import sys
from pathlib import Path

import psutil
import pytest

from tests.end_to_end.clerk import PATIENCE
from tests.end_to_end.program import Program, stop, until

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow, pytest.mark.db, pytest.mark.ffmpeg]

OUT = "${INPUT_FILE_DIR}/out/${INPUT_FILE_BASENAME}.mp4"
SECONDS_LONG = "-re -stream_loop 1 -i ${INPUT_FILE} -c:v libx264 -preset ultrafast ${OUTPUT_FILE}"
MINUTE_LONG = SECONDS_LONG.replace("1 -i", "-1 -i").replace("${OUTPUT_FILE}", "-t 60 ${OUTPUT_FILE}")
LONG = ("--command", MINUTE_LONG, "--output", OUT)


def test_two_nodes_share_the_work_of_a_third_process_and_all_tell_the_truth(
    program: Program, clip: Path
) -> None:
    clips = [Path(shutil.copy(clip, clip.with_name(f"{number} clip.mov"))) for number in range(6)]
    nodes = [program.node("a"), program.node("b", "--encode-priority", "low")]
    submitting = program.popen(
        "submit", *map(str, clips), "--command", SECONDS_LONG, "--output", OUT, "--wait", "--json"
    )

    def both_run() -> list[dict[str, object]] | None:
        running = program.look("tasks", "list", "--status", "RUNNING")
        assert len(running) <= 2
        return running if {task["client"]["identifier"] for task in running} == {"a", "b"} else None

    for task in until(both_run, "both nodes work"):
        assert isinstance(task["progress"], float) and 0 <= task["progress"] < 100
    for node in program.json("nodes", "list"):
        assert (node["status"], node["slots"]) == ("online", 1)
        assert node["pid"] in {process.pid for process in nodes}
        assert node["running"] <= 1
        assert node["encodePriority"] == {"a": "normal", "b": "low"}[str(node["identifier"])]
    assert "low" in program.run("nodes", "list")[1]
    out, err = submitting.communicate(timeout=PATIENCE)
    assert (submitting.returncode, err) == (0, b"")
    batch = json.loads(out)
    assert [task["name"] for task in batch["tasks"]] == [path.name for path in clips]
    assert {task["status"] for task in batch["tasks"]} == {"DONE_SUCCESSFUL"}
    assert {task["client"]["identifier"] for task in batch["tasks"]} == {"a", "b"}
    assert sorted(path.name for path in (clip.parent / "out").iterdir()) == [
        f"{n} clip.mp4" for n in range(6)
    ]
    assert len(program.json("tasks", "list", "--batch", batch["uuid"][:8])) == 6
    uuid = batch["tasks"][0]["uuid"]
    assert program.task(uuid[:8])["uuid"] == uuid
    assert any("verified and published" in entry["line"] for entry in program.json("tasks", "log", uuid))
    assert [stop(process) for process in nodes] == [0, 0]


def test_a_preset_in_one_command(program: Program, clip: Path) -> None:
    program.node("a")
    code, out, err = program.run("submit", str(clip), "--preset", "copy into mp4", "--wait")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[-1].startswith("done      clip.mov on a → ")
    assert clip.with_name("clip_copy.mp4").stat().st_size > 0


def test_a_batch_in_which_something_fails_ends_with_code_1(program: Program, clip: Path) -> None:
    program.node("a")
    noise = clip.with_name("noise.mov")
    noise.write_bytes(bytes(5000))
    os.utime(noise, (1e9, 1e9))  # nobody is still writing it
    code, out, err = program.run("submit", str(clip), str(noise), "--preset", "Copy into MP4", "--wait")
    assert (code, err) == (1, "")
    assert "done      clip.mov on a" in out
    assert "failed    noise.mov on a: " in out


@pytest.mark.skipif(os.name == "nt", reason="a Windows program can't catch SIGTERM")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_node_that_is_told_to_end_gives_its_task_back(
    program: Program, clip: Path, number: signal.Signals
) -> None:
    first = program.node("a")
    uuid = program.submit(clip, *LONG)
    ffmpeg = program.encoding(uuid, "a")
    second = program.node("b")
    assert stop(first, number) == 0
    assert not ffmpeg.is_running()
    program.encoding(uuid, "b")
    assert program.task(uuid)["attempts"] == 2
    assert stop(second, number) == 0
    assert program.task(uuid)["status"] == "QUEUED"
    assert list(clip.parent.glob("out/.*")) == []
    states = {node["identifier"]: node["status"] for node in program.look("nodes", "list")}
    assert states == {"a": "left", "b": "left"}
    until(lambda: not postgres(program), "the server stops with its last user")
    program.run("tasks", "delete", uuid)


@pytest.mark.skipif(os.name == "nt", reason="a Windows program can't catch SIGTERM")
def test_the_first_signal_drains_and_the_second_gives_back(program: Program, clip: Path) -> None:
    node = program.node("a", "--drain-time", "600")
    uuid = program.submit(clip, *LONG)
    ffmpeg = program.encoding(uuid, "a")
    assert ffmpeg.nice() == psutil.Process().nice()  # nobody works at a window here
    node.send_signal(signal.SIGTERM)
    until(lambda: program.look("nodes", "list")[0]["status"] == "draining", "it drains")
    assert "waiting up to 600 s for 1 running task." in (program.folder / "a.log").read_text(encoding="utf-8")
    assert ffmpeg.is_running()
    assert stop(node) == 0
    assert not ffmpeg.is_running()
    assert program.task(uuid)["status"] == "QUEUED"
    assert [task["uuid"] for task in program.json("tasks", "delete", uuid)] == [uuid]
    assert uuid not in [task["uuid"] for task in program.json("tasks", "list")]


def postgres(program: Program) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if any(str(program.folder / "data") in word for word in process.info["cmdline"] or ()):
            found.append(process)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere ffmpeg may outlive its node for a moment")
def test_the_task_of_a_killed_node_goes_on_and_no_ffmpeg_is_left(program: Program, clip: Path) -> None:
    first = program.node("a")
    uuid = program.submit(clip, *LONG)
    ffmpeg = program.encoding(uuid, "a")
    second = program.node("b")
    assert stop(first, signal.SIGKILL) == -signal.SIGKILL
    until(lambda: not ffmpeg.is_running(), "its ffmpeg ends with it")
    program.encoding(uuid, "b")
    assert len(program.ffmpegs()) == 1
    again = program.node("a")  # the name is free at once
    nodes = {node["identifier"]: (node["status"], node["pid"]) for node in program.look("nodes", "list")}
    assert nodes == {"a": ("online", again.pid), "b": ("online", second.pid)}
    assert program.run("tasks", "cancel", uuid)[0] == 0
    until(lambda: program.task(uuid)["status"] == "DONE_CANCELED", "it is cancelled")
    assert program.ffmpegs() == []
    assert list(clip.parent.glob("out/*")) == []
    assert [stop(node) for node in (second, again)] == [0, 0]


def test_pause_resume_drain_and_cancel_from_the_command_line(program: Program, clip: Path) -> None:
    node = program.node("a")
    uuid = program.submit(clip, *LONG)
    ffmpeg = program.encoding(uuid, "a")
    assert program.run("tasks", "pause", uuid)[0] == 0
    until(lambda: ffmpeg.status() == psutil.STATUS_STOPPED, "ffmpeg stands still")
    assert program.task(uuid)["paused"]
    assert program.run("tasks", "resume", uuid)[0] == 0
    until(lambda: ffmpeg.status() != psutil.STATUS_STOPPED, "ffmpeg goes on")
    assert program.json("nodes", "drain", "a")["status"] == "draining"
    assert (program.look("nodes", "list")[0]["status"], ffmpeg.is_running()) == ("draining", True)
    assert program.run("tasks", "cancel", uuid)[0] == 0
    assert node.wait(PATIENCE) == 0
    assert program.task(uuid)["status"] == "DONE_CANCELED"
    assert not ffmpeg.is_running()


def test_a_second_node_of_one_name_is_refused(program: Program) -> None:
    first = program.node("a")
    code, sentence = program.refused("--no-gui", "--identifier", "a")
    assert code == 1
    assert sentence.startswith("A node named “a” is already running on ")
    assert f"(process {first.pid}, " in sentence
    assert first.poll() is None
