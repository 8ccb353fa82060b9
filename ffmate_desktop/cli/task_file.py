"""Tasks from a file in FFmate's JSON: a new task, a list of them, or a new batch."""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ffmate_desktop.cli.standard_input import NAME, read_standard_input
from ffmate_desktop.cli.terminal import say
from ffmate_desktop.cli.text import printable
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.task import NewTask
from ffmate_desktop.domain.wrong_data import READ_ERRORS, first_validation_error, read_error_text
from ffmate_desktop.private_files import read_file

LARGEST = 256 * 1024 * 1024
"""Bytes; a hundred thousand tasks need less."""


def read_tasks(file: Path | None) -> list[dict[str, Any]]:
    """The tasks in a file, or in standard input for None, unchecked. Raises UserError."""
    name = NAME if file is None else f"“{file}”"
    try:
        data = json.loads(read_standard_input() if file is None else _read(file))
    except READ_ERRORS as error:
        raise UserError(f"{name} can't be read: {read_error_text(error)}.") from error
    entries = data.get("tasks", data) if isinstance(data, dict) else data
    entries = entries if isinstance(entries, list) else [entries]
    if not entries or not all(isinstance(entry, dict) for entry in entries):
        raise UserError(
            f"{name} contains no tasks.",
            'It should look like {"tasks": [{"inputFile": "a.mov", "preset": "..."}]}',
        )
    if isinstance(data, dict) and "tasks" in data:
        _warn_of_others(data, name)
    return entries


def _warn_of_others(batch: dict[str, Any], name: str) -> None:
    """Warn on stderr that fields of the batch itself, such as webhooks or metadata, are ignored."""
    others = sorted(batch.keys() - {"tasks", "uuid"})
    if others:
        fields = ", ".join(f"“{printable(field)}”" for field in others[:5])
        say(
            f"Only the tasks in {name[0].lower() + name[1:]} are used. These fields are ignored: {fields}.",
            err=True,
        )


def _read(file: Path) -> str:
    return read_file(file, most=LARGEST, pipes=True).decode("utf-8-sig")


def as_new_task(entry: dict[str, Any]) -> NewTask:
    """One task. If it has a preset, its command is ignored, as in FFmate. Raises UsageError."""
    known = {field.alias or name for name, field in NewTask.model_fields.items()}
    unknown = sorted(entry.keys() - known)
    if unknown:
        raise UsageError(f"A task has no field “{unknown[0]}”.", f"Fields: {', '.join(sorted(known))}.")
    fields = {key: value for key, value in entry.items() if value is not None}
    if fields.get("preset"):
        fields.pop("command", None)
    try:
        return NewTask.model_validate(fields)
    except ValidationError as error:
        raise UsageError(f"The task isn't valid: {first_validation_error(error)}.") from error
