"""Resolves a task's script on this node: its file, its arguments, and where its sidecar goes."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.grammar import format_command
from ffmate_desktop.domain.paths import is_absolute
from ffmate_desktop.domain.permissions import Permissions
from ffmate_desktop.domain.processing import ProcessingSpec
from ffmate_desktop.domain.wildcards import WildcardValues, expand, expand_path
from ffmate_desktop.media.permission_checks import permitted_script
from ffmate_desktop.media.scripts import script_argv

PRIVATE_SIDECAR = "sidecar.json"
"""In the folder of the attempt, where the task names no other place."""


@dataclass(frozen=True, slots=True)
class Script:
    """`argv` is empty if there is only a sidecar to write; `command` is the resolved text of the script."""

    path: str
    argv: list[str]
    command: str | None
    sidecar: Path
    needs_sidecar: bool


def resolve_script(
    spec: ProcessingSpec, values: WildcardValues, folder: Path, permissions: Permissions
) -> Script:
    """Reads the file system. Raises RetryElsewhereError if the script may not or can't run here.

    `values` lacks the sidecar; `folder` is the private one of the attempt.
    """
    sidecar = folder / PRIVATE_SIDECAR
    if spec.sidecar is not None:
        path = expand_path(spec.sidecar, values)
        if not is_absolute(path):
            raise UserError(f"The sidecar path “{path}” doesn't include a folder.", "Use its full path.")
        sidecar = Path(path)
    values = values.with_sidecar(str(sidecar))
    tokens = [expand(token, values) for token in spec.tokens]
    if not tokens:
        return Script("", [], None, sidecar, spec.needs_sidecar)
    if not is_absolute(tokens[0]):
        raise UserError(f"The script path “{tokens[0]}” doesn't include a folder.", "Use its full path.")
    real = permitted_script(permissions, tokens[0])
    argv = script_argv(real, tokens[1:], values.os_name, shutil.which)
    return Script(tokens[0], argv, format_command([tokens]), sidecar, spec.needs_sidecar)
