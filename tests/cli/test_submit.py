"""What `submit` says before anything runs."""

from uuid import UUID

import pytest

from ffmate_desktop.cli.submit import _pattern
from ffmate_desktop.cli.submit_report import warn_of_waiting
from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.node import Node
from ffmate_desktop.domain.task import Task, TaskStatus

PRESETS = "${INPUT_FILE_DIR}/${INPUT_FILE_BASENAME}_web.mp4"


@pytest.mark.parametrize(
    ("output", "pattern"),
    [
        ("new/", "new/${INPUT_FILE_BASENAME}_web.mp4"),
        ("a.mov", "a.mov"),
        ("${INPUT_FILE_BASE}", "${INPUT_FILE_BASE}"),
        ("out/${METADATA_name}", "out/${METADATA_name}"),
    ],
)
def test_a_folder_stands_for_a_file_in_it(output: str, pattern: str) -> None:
    assert _pattern(output, PRESETS) == pattern


def test_a_folder_without_its_slash_is_not_taken_for_a_file() -> None:
    with pytest.raises(UsageError) as caught:
        _pattern("/nowhere/out", PRESETS)
    assert "use /nowhere/out/, for a file /nowhere/out.mp4" in str(caught.value)


def test_a_command_may_write_a_file_without_extension() -> None:
    assert _pattern("/nowhere/out", None) == "/nowhere/out"


def test_a_folder_needs_a_name_when_no_preset_gives_one() -> None:
    with pytest.raises(UsageError, match="add the name of a file"):
        _pattern("/nowhere/", None)


def task(*labels: str) -> Task:
    return Task.model_construct(labels=list(labels), status=TaskStatus.QUEUED, uuid=UUID(int=1))


def node(status: str, *labels: str) -> Node:
    return Node.model_construct(identifier="a", status=status, labels=list(labels))


@pytest.mark.parametrize(
    ("tasks", "nodes", "words"),
    [
        ([task()], [], "No node is running"),
        ([task()], [node("left"), node("lost"), node("draining")], "No node is running"),
        ([task()], [node("online")], ""),
        ([task("gpu")], [node("late", "gpu", "os:linux")], ""),
        (
            [task("gpu", "x")],
            [node("online", "gpu"), node("online", "x")],
            "No running node provides gpu and x.",
        ),
        ([task(), task("gpu")], [node("online"), node("left", "gpu")], "--no-gui --label gpu)"),
    ],
)
def test_it_is_said_why_tasks_will_wait(
    tasks: list[Task], nodes: list[Node], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    warn_of_waiting({tuple(task.labels) for task in tasks}, nodes)
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert bool(err) == bool(words)
