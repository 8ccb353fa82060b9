"""Small rules of the domain: labels, changes, nodes, errors, and FFmate's JSON."""

import json
from math import isfinite
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ffmate_desktop.domain.change import (
    LogsChanged,
    NodeChanged,
    PresetsChanged,
    ProgressReported,
    TasksChanged,
    UnreadableNotificationError,
    parse_notification,
    progress_payload,
)
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.labels import check_labels
from ffmate_desktop.domain.node import NodeState, state_word
from ffmate_desktop.domain.task import LiveProgress, NewTask, Task, TaskStatus
from ffmate_desktop.domain.wire import RawResolved
from tests.garbage import GARBAGE


@pytest.mark.parametrize("label", ["gpu", "storage:media", "encoder:hevc_nvenc", "os:linux", "Schnitt-Süd"])
def test_a_label_is_one_word(label: str) -> None:
    assert check_labels([label]) == (label,)


@pytest.mark.parametrize("label", ["", "two words", "a,b", ":", "a:", "a;b", "x\n"])
def test_an_invalid_label_is_a_usage_error(label: str) -> None:
    with pytest.raises(UsageError, match="isn't a valid label"):
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
    assert parse_notification(progress_payload(9, entries)) == ProgressReported(9, tuple(entries))


def test_notifications_are_read() -> None:
    rows = '{"kind":"task","op":"update","rows":[[1,2,"QUEUED","","run",null,3,0]]}'
    assert parse_notification(rows) == TasksChanged((1,), queued=True, deleted=False)
    assert parse_notification('{"kind":"task","op":"delete","bulk":true,"queued":false}') == TasksChanged(
        None, queued=False, deleted=True
    )
    assert parse_notification('{"kind":"node","op":"update","rows":[[7,2,"draining","a"]]}') == NodeChanged(7)
    assert parse_notification('{"kind":"preset","op":"insert","bulk":true}') == PresetsChanged()
    assert parse_notification('{"kind":"of a newer program"}') is None


def test_notifications_of_a_newer_release_may_have_more_fields() -> None:
    newer = '{"kind":"progress","node":9,"more":{},"tasks":[[1,2,40.5,null,null,null,null,null,"more"]]}'
    assert parse_notification(newer) == ProgressReported(9, (LiveProgress(1, 2, 40.5),))


def test_numbers_out_of_range_are_clamped() -> None:
    [live] = progress_of("[1,2,-4,1e999,1e300,12,-1,1" + 300 * "0" + "]")
    assert live == LiveProgress(1, 2, 0.0, 1e9, 1e7, 12.0, 0, 2**63 - 1)


def progress_of(row: str) -> tuple[LiveProgress, ...]:
    news = parse_notification(f'{{"kind":"progress","node":9,"tasks":[{row}]}}')
    assert isinstance(news, ProgressReported)
    return news.tasks


@pytest.mark.parametrize("payload", GARBAGE)
def test_garbage_is_unreadable_and_nothing_else(payload: str) -> None:
    with pytest.raises(UnreadableNotificationError):
        parse_notification(payload)


_JSON: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=9) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
_KINDS = st.sampled_from(["task", "node", "batch", "preset", "watchfolder", "log", "progress"])
_NEWS = st.fixed_dictionaries(
    {"kind": _KINDS},
    optional=dict.fromkeys(("op", "rows", "bulk", "queued", "uuid", "first", "last", "node", "tasks"), _JSON),
)


@given(_NEWS.map(json.dumps) | _JSON.map(json.dumps) | st.text())
def test_any_payload_is_a_change_or_unreadable(payload: str) -> None:
    try:
        change = parse_notification(payload)
    except UnreadableNotificationError:
        return
    match change:
        case TasksChanged(ids=ids):
            numbers = list(ids or ())
        case NodeChanged(id=node):
            numbers = [node]
        case LogsChanged(first=first, last=last):
            numbers = [first, last]
        case ProgressReported(node_id=node, tasks=tasks):
            numbers = [node, *(n for live in tasks for n in (live.task_id, live.epoch, live.size or 0))]
            assert all(0 <= live.percent <= 100 and isfinite(live.fps or 0) for live in tasks)
        case _:
            numbers = []
    assert all(type(number) is int and 0 <= number < 2**63 for number in numbers)


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
def test_the_state_of_a_node_is_one_word(state: NodeState, age: float, word: str) -> None:
    assert state_word(state, age, 5) == word


def test_errors_are_a_sentence_and_a_hint() -> None:
    assert str(UserError("It broke.", "Mend it.")) == "It broke. Mend it."
    assert str(UserError("It broke.")) == "It broke."
    assert (UserError("").exit_code, UsageError("").exit_code) == (1, 2)


def test_a_task_uses_ffmates_json() -> None:
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


def test_a_new_task_refuses_unknown_fields() -> None:
    with pytest.raises(ValidationError):
        NewTask.model_validate({"inputFile": "/a", "inputfile": "/b"})
    with pytest.raises(ValidationError):
        NewTask.model_validate({"inputFile": "/a", "priority": -1})
