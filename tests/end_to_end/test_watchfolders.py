"""Watchfolders by the command line alone: made, watched by a node process, looked at, removed."""

import shutil
from pathlib import Path

import pytest

from tests.end_to_end.program import Program, stop, until

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow, pytest.mark.db, pytest.mark.ffmpeg]


def test_a_folder_is_watched(program: Program, clip: Path) -> None:
    root = clip.parent / "in"
    (root / "day 1").mkdir(parents=True)
    shutil.copy(clip, root / "day 1" / "one.mov")
    (root / "notes.txt").write_text("no film")
    assert program.look("watchfolders", "list") == []
    made = program.json(
        "watchfolders",
        "add",
        str(root),
        "--preset",
        "H.264 web 720p",
        "--interval",
        "1",
        "--growth-checks",
        "1",
    )
    assert (made["name"], made["path"], made["interval"], made["suspended"]) == ("in", str(root), 1, False)
    foreseen = program.look("watchfolders", "scan", "in", "--dry-run")["files"]
    assert [(file["path"], file["state"]) for file in foreseen] == [
        ("day 1/one.mov", "waiting"),
        ("notes.txt", "skipped"),
    ]
    node = program.node("a")

    def done() -> dict[str, dict[str, object]] | None:
        files = {file["path"]: file for file in program.look("watchfolders", "files", "in")}
        return files if files.get("day 1/one_720p.mp4") else None

    files = until(done, "the output is known for an output")
    assert {path: file["state"] for path, file in files.items()} == {
        "day 1/one.mov": "done",
        "day 1/one_720p.mp4": "output",
        "notes.txt": "skipped",
    }
    [task] = program.look("tasks", "list")
    assert task["source"] == "watchfolder"
    assert task["metadata"]["ffmate"]["watchfolder"]["relativeDir"] == "day 1"
    code, out, _ = program.run("watchfolders", "files", "in", "--state", "skipped")
    assert code == 0 and "Not a media file" in out and "one.mov" not in out
    edited = program.look("watchfolders", "edit", "in", "--include", "mov", "--min-size", "1M")
    assert edited["filter"]["minSize"] == 1 << 20 and edited["interval"] == 1
    again = program.refused("watchfolders", "add", str(root), "--name", "IN", "--preset", "Copy into MP4")
    assert again[0] == 1 and "A watchfolder “IN” already exists" in again[1]
    assert "failed or was cancelled" in program.refused("watchfolders", "retry", "in", "day 1/one.mov")[1]
    assert program.look("watchfolders", "retry", "in") == []
    code, out, said = program.run(
        "watchfolders", "add", str(root / "day 1"), "--preset", "Copy into MP4", "--suspended"
    )
    assert code == 0 and "“in” watches the same files: they are queued" in said
    program.look("watchfolders", "delete", "day 1")
    assert program.look("watchfolders", "suspend", "in")["suspended"]
    assert "is suspended" in program.refused("watchfolders", "scan", "in")[1]
    assert "every" not in program.run("watchfolders", "list")[1]
    assert not program.look("watchfolders", "resume", "in")["suspended"]
    assert program.refused("watchfolders", "files", "in", "--state", "lost")[0] == 2
    program.look("watchfolders", "delete", "in")
    assert "No watchfolder is named" in program.refused("watchfolders", "scan", "in")[1]
    assert stop(node) == 0
