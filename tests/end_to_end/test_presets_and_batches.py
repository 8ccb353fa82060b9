"""Presets, batches, scripts and FFmate's database, as people do it on the command line."""

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.end_to_end.program import Program, until
from tests.services import ffmate_database as theirs

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.ffmpeg,
    pytest.mark.skipif(
        sys.platform == "win32", reason="the test runs a shell script, which Windows can't start"
    ),
]
COPY = "-i ${INPUT_FILE} -c copy ${OUTPUT_FILE}"


def test_a_preset_with_scripts_and_a_batch_of_two_presets(program: Program, clip: Path) -> None:
    script = clip.parent / "post.sh"
    script.write_text(f'#!/bin/sh\necho "$1" >> "{clip.parent}/told"\n')
    script.chmod(0o755)
    words = (
        "--output",
        "${INPUT_FILE_DIR}/${INPUT_FILE_BASENAME}.a.mp4",
        "--post-script",
        f'"{script}" ${{OUTPUT_FILE}}',
    )
    made = program.json("presets", "add", "Mine", "--command", COPY, *words)
    assert made["postProcessing"]["scriptPath"].endswith("${OUTPUT_FILE}")
    changed = program.look("presets", "edit", "mine", "--priority", "3")
    assert changed["postProcessing"] == made["postProcessing"]
    code, out, err = program.run("presets", "export", "--to", f"{clip.parent}/presets/")
    assert (code, err) == (0, ""), out
    assert (clip.parent / "presets" / "Mine.json").is_file()
    assert program.refused("presets", "delete", "Nothing")[1].startswith("The preset “Nothing” doesn't exist")
    program.look("presets", "delete", "Mine")
    [imported] = program.look("presets", "import", f"{clip.parent}/presets")
    assert imported["imported"] and imported["preset"]["postProcessing"] == made["postProcessing"]

    tasks = clip.parent / "tasks.json"
    second = {"inputFile": "clip.mov", "command": COPY, "outputFile": "b.mp4"}
    tasks.write_text(json.dumps({"tasks": [{"inputFile": "clip.mov", "preset": "Mine"}, second]}))
    program.node("a")
    batch = program.json("submit", "--from", str(tasks))
    # The embedded database is this account's alone, so scripts may lie anywhere.
    until(
        lambda: program.look("batches", "show", batch["uuid"][:8]).get("finishedAt"), "the batch is finished"
    )
    whole = program.look("batches", "show", batch["uuid"])
    assert (whole["total"], whole["byStatus"], whole["progress"]) == (2, {"DONE_SUCCESSFUL": 2}, 100)
    assert whole["remaining"] == 0
    assert (clip.parent / "told").read_text() == f"{clip.parent}/clip.a.mp4\n"
    assert (clip.parent / "b.mp4").exists()
    assert [listed["uuid"] for listed in program.json("batches", "list", "--limit", "0")] == [batch["uuid"]]
    code, out, _ = program.run("batches", "restart", batch["uuid"][:8])
    assert (code, out) == (0, "2 of 2 tasks queued again\n")
    until(lambda: program.look("batches", "show", batch["uuid"]).get("finishedAt"), "it is finished again")


def test_a_database_of_ffmate_is_shown_then_taken_over(program: Program, home: Path) -> None:
    path = home / "ffmate.sqlite"
    with closing(sqlite3.connect(path)) as database:
        for statement in theirs.statements(theirs.SQLITE, str(home)):
            database.execute(statement)
        database.commit()
    shown = program.look("import-ffmate", str(path), "--dry-run")
    assert [item["fate"] for item in shown].count("new") == 6
    assert program.refused("import-ffmate", str(path))[1].startswith("There is no terminal to ask for")
    code, out, err = program.run("import-ffmate", str(path), "--yes")
    assert code == 0, err
    assert "Inbox" in out and "imported" in out
    assert "doesn't send them yet" in err
    assert program.look("presets", "show", "It's “Delivery”")["preProcessing"] == theirs.BEFORE
    assert len(program.look("watchfolders", "list")) == 2
    code, out, _ = program.run("import-ffmate", str(path), "--yes")
    assert code == 0 and "already exists" in out
