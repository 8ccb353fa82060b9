"""Submitting again what is done already: existing outputs, the cluster's own outputs, tasks from standard input."""

import json
import shutil
from pathlib import Path

import pytest

from tests.end_to_end.clerk import Clerk
from tests.end_to_end.program import Program

pytestmark = [pytest.mark.end_to_end, pytest.mark.db, pytest.mark.ffmpeg]

COPY = "-i ${INPUT_FILE} -c copy ${OUTPUT_FILE}"
COPIES = ("--command", COPY, "--output", "${INPUT_FILE_DIR}/${INPUT_FILE_BASENAME}_copy.mp4")


def test_what_is_done_is_not_done_again(program: Program, clip: Path, clerk: Clerk) -> None:
    other = clip.with_name("other.mov")
    shutil.copy(clip, other)
    program.node("a")
    copy = clip.with_name("clip_copy.mp4")
    moved = clip.with_name("moved.mp4")

    def say(*arguments: str) -> tuple[int, list[str]]:
        code, out, err = clerk.ask(*program.options, "submit", *arguments)
        assert err == ""
        return code, out.splitlines()

    code, _ = say(str(clip), *COPIES, "--wait")
    assert code == 0

    # An output that exists.
    code, lines = say(str(clip), *COPIES, "--if-exists", "skip")
    assert code == 0
    assert lines == [f"{clip} skipped: The output “{copy}” already exists.", "0 tasks queued"]
    data = program.look("submit", str(clip), str(clip), *COPIES, "--if-exists", "skip")
    assert data["tasks"] == [] and [skipped["output"] for skipped in data["skipped"]] == [str(copy)] * 2

    # An output whose name only the node knows: it decides, and that is no failure.
    named = ("--command", COPY, "--output", "${INPUT_FILE_DIR}/${INPUT_FILE_BASENAME}_${OS_NAME}.mkv")
    assert say(str(clip), *named, "--wait")[0] == 0
    code, lines = say(str(clip), *named, "--if-exists", "skip", "--wait")
    assert code == 0
    assert lines[-1].startswith("skipped   clip.mov: The output “") and "already exists" in lines[-1]
    program.look("tasks", "delete", "--name", "clip.mov", "--status", "DONE_CANCELED")
    next(clip.parent.glob("*.mkv")).unlink()

    # What `submit *` finds in the folder: two originals, and what the cluster made of one of them.
    code, lines = say(*map(str, sorted(clip.parent.iterdir())), *COPIES, "--if-exists", "skip", "--wait")
    assert code == 0
    assert any(line.startswith("done      other.mov") for line in lines)
    assert sorted(line.split(" skipped: ")[0] for line in lines if " skipped: " in line) == [
        str(clip),
        str(copy),
    ]
    tasks = program.look("tasks", "list")
    assert sorted(task["name"] for task in tasks) == ["clip.mov", "clip.mov", "other.mov"]

    # A moved output is one, too, and so is one that is reached by another path.
    copy.rename(moved)
    (clip.parent / "link").symlink_to(clip.parent)
    again = clip.parent / "link" / "other_copy.mp4"
    code, sentence = program.refused("submit", str(moved), str(again), *COPIES)
    assert (code, "--include-outputs" in sentence) == (1, True)
    data = program.look("submit", str(clip), str(moved), str(again), *COPIES)
    assert [task["name"] for task in data["tasks"]] == ["clip.mov"]
    assert [skipped["input"] for skipped in data["skipped"]] == [str(moved), str(again)]
    assert all("This cluster wrote it" in skipped["reason"] for skipped in data["skipped"])

    # Unless it is meant.
    assert program.submit(moved, *COPIES)
    assert len(program.look("submit", str(moved), str(again), *COPIES, "--include-outputs")["tasks"]) == 2


def test_tasks_and_presets_come_from_standard_input(program: Program, clip: Path, clerk: Clerk) -> None:
    def fed(text: str, *arguments: str) -> tuple[int, str, str]:
        return clerk.ask(*program.options, *arguments, folder=clip.parent, given=text)

    program.node("a")
    task = {"inputFile": "clip.mov", "command": COPY, "outputFile": "b.mp4", "ifExists": "skip"}
    code, out, _ = fed(json.dumps(task), "submit", "--from", "-", "--json")
    assert (code, json.loads(out)["inputFile"]["raw"]) == (0, str(clip))
    code, out, err = fed(json.dumps([task, task | {"inputFile": "gone.mov"}]), "submit", "--from", "-")
    assert (code, out) == (1, "")
    assert err == f"ffmate-desktop: Task 2 of 2: The file “{clip.parent}/gone.mov” doesn't exist.\n"
    code, out, err = fed(json.dumps([task, {"preset": "Nothing"}]), "submit", "--from", "-")
    assert err.startswith("ffmate-desktop: Task 2 of 2: The preset “Nothing” doesn't exist.")
    code, out, err = fed('[{"inputFile": "clip.mov",\n  x', "submit", "--from", "-")
    assert err == "ffmate-desktop: Standard input can't be read: it isn't valid JSON (line 2, column 3).\n"
    preset = {"name": "Fed", "command": COPY, "outputFile": "${INPUT_FILE}.mp4"}
    code, out, _ = fed(json.dumps([preset, {"name": "Bad"}]), "presets", "import", "-")
    assert code == 1
    assert out.startswith("Standard input: “Fed” was imported\nStandard input: “Bad” wasn't imported: ")
