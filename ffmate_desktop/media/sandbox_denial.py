"""Tells apart what the sandbox refused from what the account of the node may not do."""

import os
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ffmate_desktop.media.diagnosis import Diagnosis, RetryAdvice, relevant
from ffmate_desktop.media.exit_codes import FREE_SPACE
from ffmate_desktop.media.inputs import is_same_file
from ffmate_desktop.media.named_paths import paths_in, raw_and_unquoted
from ffmate_desktop.media.output_plan import OutputKind, OutputPlan, PlannedOutput
from ffmate_desktop.media.permission_checks import is_within
from ffmate_desktop.media.processes.sandbox import Sandbox

_DENIED = re.compile(r"Permission denied|Operation not permitted|Cannot open temporary file")
_IN_LINE = re.compile(r"(?<![\w.])(/.+?)['\"]?(?:: |\.?$)")
_ROOM = 1 << 20
_HINT = (
    "Make it an output of the command, or use its name without a folder. Then it is deleted with the task's other "
    "temporary files."
)


def diagnose_denial(lines: Sequence[str], plan: OutputPlan, sandbox: Sandbox | None) -> Diagnosis | None:
    """Why ffmpeg failed, when the sandbox is the reason; touches the disk."""
    said = [] if sandbox is None else [line for line in relevant(lines) if _DENIED.search(line)]
    if sandbox is None or not said:
        return None
    if any(_has_no_room(output) for output in plan.outputs):
        return Diagnosis("The disk is full.", FREE_SPACE, tuple(said[:5]), RetryAdvice.LATER)
    if (path := _refused(said, plan)) is not None:
        if sandbox.read is not None and not is_within(path, sandbox.read):
            return Diagnosis(
                f"Tasks aren't allowed to access “{path}” on this computer.",
                "The computer's owner can allow the folder: --allow-read DIR or --allow-write DIR.",
                tuple(said[:5]),
                RetryAdvice.OTHER_NODE,
            )
        own = any(is_same_file(path, read) for read in plan.inputs)
        sentence = (
            f"The command writes to its own input, “{path.name}”. Inputs are never changed."
            if own
            else f"ffmpeg may only write the outputs of its command, so “{path}” was refused."
        )
        return Diagnosis(sentence, _HINT, tuple(said[:5]), RetryAdvice.NO)
    if any("Operation not permitted" in line for line in said) and sandbox.isolated:
        return Diagnosis(
            "The command uses a network address or a device, but this computer only lets tasks use files in certain "
            "folders.",
            "The computer's owner sets this with --allow-read and --allow-write.",
            tuple(said[:5]),
            RetryAdvice.OTHER_NODE,
        )
    return None


def _has_no_room(output: PlannedOutput) -> bool:
    """Whether an output could not even be made; ffmpeg, which must not make it, hears only that it may not."""
    if output.kind is not OutputKind.FILE or output.temporary.exists():
        return False
    with suppress(OSError):
        return shutil.disk_usage(output.temporary.parent).free < _ROOM
    return False


def _refused(said: Sequence[str], plan: OutputPlan) -> Path | None:
    """A file that was not opened for writing, though this account may: named by ffmpeg, or else by the command."""
    ours = {output.temporary for output in plan.outputs}
    for read in plan.inputs:
        if any(str(read) in line for line in said) and _may_write(read):
            return read
    by_ffmpeg = (Path(found[1]) for line in said for found in _IN_LINE.finditer(line))
    by_command = (
        path
        for step in plan.steps
        for token in step
        for text in raw_and_unquoted(token)
        for path in paths_in(text)
    )
    for path in (*by_ffmpeg, *by_command):
        is_ours = any(path == one or one in path.parents for one in ours)
        if not is_ours and path not in plan.inputs and _may_write(path):
            return path
    return None


def _may_write(path: Path) -> bool:
    try:
        if path.is_file():
            return os.access(path, os.W_OK)
        return not path.exists() and path.parent.is_dir() and os.access(path.parent, os.W_OK)
    except OSError:
        return False
