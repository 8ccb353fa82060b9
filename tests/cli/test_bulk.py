"""Bulk commands: one line at the end, a question before something is lost, wrong use without conditions."""

import json
import os
import sys
from pathlib import Path

import asyncpg
import pytest

from tests.cli.many import BATCH, fill
from tests.end_to_end.clerk import PATIENCE, Clerk

pytestmark = pytest.mark.db


async def test_failed_tasks_are_queued_again_by_condition(database_uri: str, clerk: Clerk) -> None:
    await fill(database_uri, 8)  # 2 failed, 2 done, 4 wait

    def ask(*arguments: str) -> tuple[int, str, str]:
        return clerk.ask("--database", database_uri, *arguments)

    would = "2 tasks (2 DONE_ERROR) would be queued again. Nothing was changed.\n"
    assert ask("tasks", "restart", "--status", "DONE_ERROR", "--dry-run") == (0, would, "")
    assert ask("batches", "restart", "--failed", BATCH[:6]) == (0, "2 of 8 tasks queued again\n", "")
    code, _, err = ask("batches", "restart", "--failed", BATCH)
    assert (code, err) == (1, f"ffmate-desktop: No task of batch {BATCH[:8]} has failed.\n")
    assert ask("tasks", "restart", "--status", "done_error") == (0, "No task meets these conditions.\n", "")
    assert ask("tasks", "restart", "--batch", BATCH) == (0, "2 of 8 tasks queued again\n", "")
    assert ask("tasks", "pause", "--label", "nobody") == (0, "8 of 8 tasks paused\n", "")
    code, out, _ = ask("tasks", "resume", "--name", "*1.mov", "--json")
    assert (code, json.loads(out)) == (0, {"matched": 1, "changed": 1})
    code, out, _ = ask("tasks", "list", "--name", "*1.mov", "--json")
    assert [task["name"] for task in json.loads(out)] == ["a film of some length 1.mov"]
    assert ask("tasks", "cancel", "--status", "QUEUED", "--older-than", "0s") == (
        0, "8 of 8 tasks cancelled\n", ""
    )  # fmt: skip
    assert ask("tasks", "delete", "--older-than", "1d") == (0, "No task meets these conditions.\n", "")
    assert ask("tasks", "delete", "--status", "DONE_CANCELED", "--yes") == (0, "8 of 8 tasks deleted\n", "")
    assert ask("batches", "list")[1].startswith("No batches.")


WRONG = (
    (["delete"], "Name tasks, or use conditions"),
    (["cancel", "abc", "--batch", "abc"], "Name tasks, or use conditions"),
    (["restart", "--status", "FAILED"], "“FAILED” isn't a status."),
    (["delete", "--older-than", "a month"], "“a month” isn't a duration."),
    (["delete", "--status", "DONE_ERROR", "--label", ""], "--label needs a value."),
    (["delete", "--batch", " "], "--batch needs a value."),
    (["pause", "abc", "--dry-run"], "--dry-run needs conditions."),
    (["restart", "--preset", "Nothing"], "The preset “Nothing” doesn't exist."),
)


def test_wrong_use(database_uri: str, clerk: Clerk) -> None:
    for arguments, sentence in WRONG:
        code, out, err = clerk.ask("--database", database_uri, "tasks", *arguments)
        assert (code, out) == (1 if "Nothing" in sentence else 2, "")
        assert err.startswith(f"ffmate-desktop: {sentence}") and err.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals (the module pty)")
async def test_a_terminal_is_asked_before_tasks_are_lost(database_uri: str) -> None:
    import pty
    import subprocess

    from tests.end_to_end.clerk import environment

    await fill(database_uri, 8)

    def answered(answer: str, *arguments: str) -> tuple[int, str]:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "ffmate_desktop", "--database", database_uri, *arguments],
            env=environment({}), stdin=theirs, stdout=theirs, stderr=theirs,
        )  # fmt: skip
        os.close(theirs)
        os.write(ours, answer.encode())
        code = process.wait(PATIENCE)
        screen = os.read(ours, 65536).decode()
        os.close(ours)
        return code, screen

    code, screen = answered("n\n", "tasks", "delete", "--batch", BATCH)
    assert code == 130
    assert "Delete 8 tasks (4 QUEUED, 2 DONE_SUCCESSFUL, 2 DONE_ERROR)? [y/N]" in screen


async def test_waiting_tasks_are_edited(database_uri: str, clerk: Clerk) -> None:
    await fill(database_uri, 8)

    def ask(*arguments: str) -> tuple[int, str, str]:
        return clerk.ask("--database", database_uri, "tasks", *arguments)

    assert ask("edit", "--batch", BATCH, "--priority", "5", "--add-label", "gpu,nas") == (
        0, "4 of 4 tasks changed\n", ""
    )  # fmt: skip
    assert ask("edit", "--batch", BATCH, "--label", "", "--dry-run")[1].startswith("4 tasks (4 QUEUED) would")
    tasks = json.loads(ask("list", "--json")[1])
    assert [task["priority"] for task in tasks if task["status"] == "QUEUED"] == [5] * 4
    waiting = next(task for task in tasks if task["status"] == "QUEUED")
    done = next(task for task in tasks if task["status"] == "DONE_ERROR")
    assert waiting["labels"] == ["gpu", "nas", "nobody"]
    code, out, err = ask("edit", waiting["uuid"], done["uuid"], "--label", "", "--name", "new")
    assert (code, out) == (1, f"{waiting['uuid']} changed\n")
    assert err == f"ffmate-desktop: {done['uuid'][:8]}: It is no longer waiting, so it can't be changed.\n"
    code, out, _ = ask("edit", waiting["uuid"][:8], "--priority", "6", "--json")
    assert [(entry["name"], entry["labels"], entry["priority"]) for entry in json.loads(out)] == [
        ("new", [], 6)
    ]
    for arguments, sentence in (
        (["--batch", BATCH], "What should be changed?"),
        (["--from-preset", "", "--priority", "1"], "--from-preset needs a value."),
        ([waiting["uuid"], "--batch", BATCH, "--priority", "1"], "Name tasks"),
        ([waiting["uuid"], "--label", "a b", "--preset", "X", "--remove-label", "a"], "A new preset brings"),
        ([waiting["uuid"], "--add-label", "a;b"], "“a;b” isn't a valid label."),
        ([waiting["uuid"], "--priority", "-1"], "--priority takes a whole number"),
    ):
        code, out, err = ask("edit", *arguments)
        assert (code, out) == (2, "") and err.startswith(f"ffmate-desktop: {sentence}"), err
    assert ask("edit", waiting["uuid"], "--preset", "Nothing")[0] == 1


WATCHED = """
INSERT INTO ffmate.watched_files (folder, path, size, mtime, inode, view, state, task, ledger)
SELECT w.id, t.name, 1, 1, 0, 0, 'failed', t.uuid, 0
  FROM ffmate.watchfolders w, ffmate.tasks t WHERE t.status = 'DONE_ERROR'
"""


async def test_failed_files_of_a_watchfolder_are_tried_again_in_one_line(
    database_uri: str, clerk: Clerk, tmp_path: Path
) -> None:
    await fill(database_uri, 8)

    def ask(*arguments: str) -> tuple[int, str, str]:
        return clerk.ask("--database", database_uri, "watchfolders", *arguments)

    assert ask("add", str(tmp_path), "--name", "in", "--preset", "Copy into MP4", "--suspended")[0] == 0
    connection = await asyncpg.connect(database_uri)
    await connection.execute(WATCHED)
    await connection.close()
    name = "a film of some length 4.mov"
    assert ask("retry", "in", name) == (0, f"Retrying {name}\n", "")
    assert ask("retry", "in") == (0, "Retrying 1 file.\n", "")
    assert ask("retry", "in") == (0, "No files to retry.\n", "")
    assert ask("retry", "in", "--json") == (0, "[]\n", "")
