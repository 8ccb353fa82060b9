"""Which files in the folder of task logs are logs, and which of them are past a limit."""

import os
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.storage.task_logs import LogFile, log_files, outdated, remove

TASK = UUID("0197d3a0-1111-7000-8000-000000000001")


def make(folder: Path, name: str) -> Path:
    """A file with some words in it."""
    path = folder / name
    path.write_text("ffmpeg says hello\n")
    return path


def test_a_log_is_named_after_its_task_and_its_claim(tmp_path: Path) -> None:
    first, second = make(tmp_path, f"{TASK}-1.log"), make(tmp_path, f"{TASK}-12.log")
    found = log_files(tmp_path)
    assert {file.path for file in found} == {first, second}
    assert {file.task for file in found} == {TASK}
    assert {file.size for file in found} == {18}


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt",
        f"{TASK}.log",
        f"{TASK}-.log",
        f"{TASK}-1.log.bak",
        f"{TASK}-x.log",
        f"x{TASK}-1.log",
        f"{TASK}-²",
    ],
)
def test_other_files_are_left_alone(tmp_path: Path, name: str) -> None:
    make(tmp_path, name)
    assert log_files(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="creating links needs a privilege on Windows")
def test_links_and_folders_are_not_logs(tmp_path: Path) -> None:
    secret = make(tmp_path, "secret.txt")
    (tmp_path / f"{TASK}-1.log").symlink_to(secret)
    (tmp_path / f"{TASK}-2.log").mkdir()
    assert log_files(tmp_path) == []


def test_a_missing_folder_has_no_logs(tmp_path: Path) -> None:
    assert log_files(tmp_path / "logs") == []


def test_an_unreadable_folder_raises_an_error_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"folder with the logs of tasks, “.*notes.txt”, can't be read: \w"):
        log_files(make(tmp_path, "notes.txt"))


def test_a_log_that_cannot_be_removed_now_is_named(tmp_path: Path) -> None:
    make(tmp_path, f"{TASK}-1.log")
    [kept, gone] = [*log_files(tmp_path), LogFile(tmp_path / "no file" / "x.log", TASK, 0, 0)]
    kept.path.unlink()
    kept.path.mkdir()  # as refused as one that is open on Windows
    assert remove([kept, gone]) == [kept]


def aged(tmp_path: Path, *days: float) -> list[LogFile]:
    return [LogFile(tmp_path / f"{number}.log", uuid4(), -day * 86_400, 1) for number, day in enumerate(days)]


@pytest.mark.parametrize(
    ("days", "count", "expected"),
    [(0, 0, []), (90, 0, [2, 3]), (0, 1, [0, 2, 3]), (90, 3, [2, 3]), (0, 9, []), (1, 1, [0, 2, 3])],
)
def test_age_and_number_have_a_limit_each(tmp_path: Path, days: int, count: int, expected: list[int]) -> None:
    files = aged(tmp_path, 2, 0.5, 91, 400)
    old = outdated(files, now=0, days=days, count=count)
    assert sorted(files.index(file) for file in old) == expected


def test_a_log_that_is_already_gone_is_not_an_error(tmp_path: Path) -> None:
    make(tmp_path, f"{TASK}-1.log")
    files = log_files(tmp_path)
    assert remove(files) == []
    assert remove(files) == []
    assert list(tmp_path.iterdir()) == []
