"""Small rules of the domain: labels, changes, nodes, errors, and FFmate's JSON."""

import json
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ffmate_desktop.domain.change import (
    NodeChanged,
    PresetsChanged,
    ProgressNews,
    TasksChanged,
    parse,
    progress_payload,
)
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.labels import check_labels
from ffmate_desktop.domain.node import NodeState, describe
from ffmate_desktop.domain.task import LiveProgress, NewTask, Task, TaskStatus
from ffmate_desktop.domain.wire import RawResolved


@pytest.mark.parametrize("label", ["gpu", "storage:media", "encoder:hevc_nvenc", "os:linux", "Schnitt-Süd"])
def test_a_label_is_one_word(label: str) -> None:
    assert check_labels([label]) == (label,)


@pytest.mark.parametrize("label", ["", "two words", "a,b", ":", "a:", "a;b", "x\n"])
def test_what_is_no_label_gets_a_sentence(label: str) -> None:
    with pytest.raises(UsageError, match="is not a label"):
        check_labels([label])


def test_labels_are_a_set() -> None:
    assert check_labels(["b", "a", "b"]) == ("a", "b")


@given(
    st.lists(
        st.builds(
            LiveProgress,
            task_id=st.integers(1, 2**62),
            epoch=st.integers(1, 2**30),
            percent=st.floats(0, 99.9).map(lambda value: round(value, 2)),
            size=st.none() | st.integers(0, 2**60),
        )
    )
)
def test_progress_survives_its_notification(entries: list[LiveProgress]) -> None:
    assert parse(progress_payload(9, entries)) == ProgressNews(9, tuple(entries))


def test_notifications_are_read() -> None:
    rows = '{"kind":"task","op":"update","rows":[[1,2,"QUEUED","","run",null,3,0]]}'
    change = parse(rows)
    assert isinstance(change, TasksChanged)
    assert change.queued
    assert change.rows is not None
    assert (change.rows[0].id, change.rows[0].node_id, change.rows[0].epoch) == (1, None, 3)
    assert parse('{"kind":"task","op":"insert","bulk":true,"queued":false}') == TasksChanged(
        "insert", None, False
    )
    assert parse('{"kind":"node","op":"update","rows":[[7,2,"draining","a"]]}') == NodeChanged(
        7, 2, "draining", "a"
    )
    assert parse('{"kind":"preset","op":"insert","bulk":true}') == PresetsChanged()
    assert parse('{"kind":"of a newer program"}') is None


@pytest.mark.parametrize(
    ("state", "age", "word"),
    [
        (NodeState.ONLINE, 4, "online"),
        (NodeState.ONLINE, 8, "late"),
        (NodeState.DRAINING, 99, "draining"),
        (NodeState.LEFT, 99, "left"),
        (NodeState.DEAD, 99, "lost"),
    ],
)
def test_nodes_are_told_in_one_word(state: NodeState, age: float, word: str) -> None:
    assert describe(state, age, 5) == word


def test_errors_are_a_sentence_and_a_hint() -> None:
    assert str(UserError("It broke.", "Mend it.")) == "It broke. Mend it."
    assert str(UserError("It broke.")) == "It broke."
    assert (UserError("").exit_code, UsageError("").exit_code) == (1, 2)


def test_a_task_speaks_ffmates_json() -> None:
    task = Task(
        id=1,
        uuid=uuid4(),
        version=1,
        epoch=0,
        attempts=0,
        name="a",
        status=TaskStatus.QUEUED,
        command=RawResolved(raw="-i"),
        input_file=RawResolved(raw="/a"),
        output_file=RawResolved(raw="/b"),
        priority=0,
        progress=33.333333,
        remaining=-1,
        source="cli",
        created_at=1,
        updated_at=2,
    )
    data = json.loads(json.dumps(task.to_json()))
    wanted = {
        "uuid",
        "name",
        "status",
        "command",
        "inputFile",
        "outputFile",
        "priority",
        "progress",
        "remaining",
    }
    assert wanted | {"source", "createdAt", "updatedAt", "metadata"} <= data.keys()
    assert data["command"] == {"raw": "-i"}
    assert data["progress"] == 33.33
    assert not {"startedAt", "error", "batch"} & data.keys(), "what is empty is left out"


def test_a_new_task_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ValidationError):
        NewTask.model_validate({"inputFile": "/a", "inputfile": "/b"})
    with pytest.raises(ValidationError):
        NewTask.model_validate({"inputFile": "/a", "priority": -1})
