"""Explains what is wrong with a file without Python or pydantic terms."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ffmate_desktop.domain.task import NewTask
from ffmate_desktop.domain.wrong_data import READ_ERRORS, first_validation_error, read_error_text


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b'{"a": 1,\n  b: 2}', "it isn't valid JSON (line 2, column 3)"),
        (b" \n", "it is empty"),
        (b"\xff\xfe", "it isn't text"),
        (b"[" * 100_000, "it isn't valid JSON, or it is nested too deeply"),
        (None, "No such file or directory"),
    ],
)
def test_why_a_file_cannot_be_read(tmp_path: Path, data: bytes | None, why: str) -> None:
    file = tmp_path / "file.json"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(READ_ERRORS) as caught:
        json.loads(file.read_text(encoding="utf-8"))
    assert read_error_text(caught.value) == why


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"command": "x"}, "inputFile is missing"),
        ({"inputFile": 5}, "inputFile must be text"),
        ({"inputFile": "a", "priority": "high"}, "priority must be a whole number"),
        ({"inputFile": "a", "priority": -1}, "priority must be at least 0"),
        ({"inputFile": "a", "metadata": [1]}, "metadata must be an object"),
        (
            {"inputFile": "a", "ifExists": "x"},
            "ifExists must be one of fail, rename, replace or skip",
        ),
        ({"inputFile": "a", "labels": ["b", 3]}, "labels.1 must be text"),
    ],
)
def test_the_first_field_that_is_wrong(fields: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError) as caught:
        NewTask.model_validate(fields)
    assert first_validation_error(caught.value) == why
