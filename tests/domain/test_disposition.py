"""What rows hold today about originals is read and written back unchanged; what can't be read says so."""

from dataclasses import replace
from typing import Any

import pytest

from ffmate_desktop.domain.disposition import Disposition
from ffmate_desktop.domain.stored_values import Unreadable
from ffmate_desktop.domain.watchfolder import OriginalAction

MOVE = {"action": "move", "is_done": True, "output": "/out/a.mp4", "size": 3, "folder": "/in/done"}
TRASH = {"action": "trash", "is_done": True, "output": "/out/a.mp4", "size": 3}
BEGUN = MOVE | {"target": "/in/done/a.mov", "begun": True, "tag": "1f-2-7"}

STORED: dict[str, dict[str, Any]] = {
    "to be moved": MOVE,
    "to be put into the trash": TRASH,
    "of a failed task": {
        "action": "move",
        "is_done": False,
        "output": None,
        "size": None,
        "folder": "/failed",
    },
    "of a task that was deleted": {"action": "trash", "is_done": True, "output": "/out/a.mp4", "size": None},
    "being moved": BEGUN,
    "being put into the trash": TRASH | {"begun": True, "tag": "1f-2-7"},
    "tried before": MOVE | {"tried": 4},
    "its name was taken": {key: value for key, value in BEGUN.items() if key != "target"} | {"tried": 9},
    "of a newer release": BEGUN | {"verify": {"hash": "sha256"}, "after": [1, None]},
}


@pytest.mark.parametrize("stored", STORED.values(), ids=STORED.keys())
def test_stored_values_are_written_back_unchanged(stored: dict[str, Any]) -> None:
    disposition = Disposition.from_json(stored)
    assert isinstance(disposition, Disposition)
    assert disposition.to_json() == stored


def test_fields_of_a_newer_release_survive_a_change() -> None:
    disposition = Disposition.from_json(MOVE | {"verify": True})
    assert isinstance(disposition, Disposition)
    changed = replace(disposition, begun=True, tag="1-2-3", target="/in/done/a.mov").to_json()
    assert changed == BEGUN | {"verify": True, "tag": "1-2-3"}


def test_rows_without_an_output_get_an_empty_one() -> None:
    disposition = Disposition.from_json({"action": "trash", "is_done": False})
    assert disposition == Disposition(OriginalAction.TRASH, is_done=False, output=None, size=None)
    assert disposition.to_json() == {"action": "trash", "is_done": False, "output": None, "size": None}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("action", "archive"),
        ("action", "leave"),
        ("action", ["move"]),
        ("action", None),
        ("is_done", 1),
        ("is_done", None),
        ("begun", "yes"),
        ("output", 7),
        ("size", "3"),
        ("size", True),
        ("size", 10**400),
        ("folder", None),
        ("folder", {"path": "/x"}),
        ("target", []),
        ("tag", 5),
        ("tried", -0.5),
    ],
)
def test_a_value_of_another_type_is_unreadable(field: str, value: object) -> None:
    found = Disposition.from_json(BEGUN | {field: value})
    assert isinstance(found, Unreadable) and found.why.startswith(f"{field} is missing or")


@pytest.mark.parametrize("field", ["action", "is_done", "folder"])
def test_a_value_without_a_required_field_is_unreadable(field: str) -> None:
    found = Disposition.from_json({key: value for key, value in BEGUN.items() if key != field})
    assert isinstance(found, Unreadable) and found.why.startswith(f"{field} is missing or")


@pytest.mark.parametrize("value", [None, [], "move", 3])
def test_anything_but_an_object_is_unreadable(value: object) -> None:
    assert isinstance(Disposition.from_json(value), Unreadable)
