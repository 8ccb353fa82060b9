"""The sidecar of a script: the task as JSON in a file. Only an earlier sidecar is ever overwritten."""

import json
import os
import secrets
import stat
from pathlib import Path
from typing import Any

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.wrong_data import read_error_text
from ffmate_desktop.media.inputs import is_same_file
from ffmate_desktop.media.publish import explain

LARGEST = 4 << 20
"""Maximum size of a sidecar in bytes."""

_REQUIRED_KEYS = {"uuid", "status", "command", "inputFile"}
"""Keys of every sidecar that FFmate or this program writes."""


def write(path: Path, task: dict[str, Any], inputs: list[Path]) -> None:
    """Write the task's sidecar atomically. Raises UserError if it would overwrite another file."""
    _check_overwrite(path, inputs)
    # A unique name that can't be guessed: other tasks may write the same sidecar, and someone may plant a link.
    temporary = path.with_name(f".ffd-{secrets.token_hex(8)}-sidecar")
    # Escape everything: file names may contain bytes that aren't Unicode.
    data = json.dumps(task, indent=2, ensure_ascii=True).encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as file:
                file.write(data)
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise explain(error, path) from error


def read(path: Path) -> dict[str, Any]:
    """Read the task that a script left in its sidecar. Raises UserError unless it is a JSON object."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) or path.stat().st_size > LARGEST:
            raise UserError(f"The sidecar “{path}” isn't a file of at most {LARGEST >> 20} MiB.")
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise UserError(
            f"The sidecar “{path}” is missing, so it can't be imported.", "The script must not delete it."
        ) from error
    except OSError as error:
        raise explain(error, path) from error
    except UnicodeDecodeError as error:
        raise UserError(f"The sidecar “{path}” isn't UTF-8 text.") from error
    try:
        task = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise UserError(f"The sidecar “{path}” can't be read: {read_error_text(error)}.") from error
    if not isinstance(task, dict):
        raise UserError(
            f"The sidecar “{path}” doesn't contain a JSON object.",
            "Keep the structure that the script received.",
        )
    return task


def _check_overwrite(path: Path, inputs: list[Path]) -> None:
    if any(is_same_file(path, read) or path == read for read in inputs):
        raise UserError(
            f"The sidecar would overwrite “{path}”, which the task reads.", "Give the sidecar another name."
        )
    if not os.path.lexists(path):
        return
    try:
        earlier = read(path)
    except UserError as error:
        raise _not_a_sidecar(path) from error
    if not earlier.keys() >= _REQUIRED_KEYS:
        raise _not_a_sidecar(path)


def _not_a_sidecar(path: Path) -> UserError:
    return UserError(
        f"“{path}” exists but isn't a sidecar, so it won't be overwritten.", "Give the sidecar another name."
    )


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} isn't a number")
