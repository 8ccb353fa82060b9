"""Distinguish what the sandbox denied from what this node's user account isn't allowed to do."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from ffmate_desktop.media.diagnosis import Diagnosis, RetryAdvice, relevant
from ffmate_desktop.media.exit_codes import FREE_SPACE
from ffmate_desktop.media.inputs import is_same_file
from ffmate_desktop.media.mounts import is_full
from ffmate_desktop.media.named_paths import raw_and_unquoted, rooted_paths_in
from ffmate_desktop.media.output_plan import OutputKind, OutputPlan, PlannedOutput
from ffmate_desktop.media.permission_checks import is_within
from ffmate_desktop.media.processes.sandbox import Sandbox

_DENIED = re.compile(r"Permission denied|Operation not permitted|Cannot open temporary file")
_IN_LINE = re.compile(r"(?<![\w.])(/.+?)['\"]?(?:: |\.?$)")
_HINT = (
    "Make it an output of the command, or use its name without a folder. Then it is deleted with the task's other "
    "temporary files."
)


def diagnose_denial(lines: Sequence[str], plan: OutputPlan, sandbox: Sandbox | None) -> Diagnosis | None:
    """Return why ffmpeg failed if the sandbox is the reason, otherwise None. Reads from the disk."""
    denials = [] if sandbox is None else [line for line in relevant(lines) if _DENIED.search(line)]
    if sandbox is None or not denials:
        return None
    if any(_has_no_space(output) for output in plan.outputs):
        return Diagnosis("The disk is full.", FREE_SPACE, tuple(denials[:5]), RetryAdvice.LATER)
    if (path := _denied_path(denials, plan)) is not None:
        if sandbox.read is not None and not is_within(path, sandbox.read):
            return Diagnosis(
                f"Tasks aren't allowed to access “{path}” on this computer.",
                "The computer's owner can allow the folder: --allow-read DIR or --allow-write DIR.",
                tuple(denials[:5]),
                RetryAdvice.OTHER_NODE,
            )
        is_input = any(is_same_file(path, read) for read in plan.inputs)
        sentence = (
            f"The command writes to its own input, “{path.name}”. Inputs are never changed."
            if is_input
            else f"ffmpeg may only write the outputs of its command, so “{path}” was refused."
        )
        return Diagnosis(sentence, _HINT, tuple(denials[:5]), RetryAdvice.NO)
    if any("Operation not permitted" in line for line in denials) and sandbox.isolated:
        return Diagnosis(
            "The command uses a network address or a device, but this computer only lets tasks use files in certain "
            "folders.",
            "The computer's owner sets this with --allow-read and --allow-write.",
            tuple(denials[:5]),
            RetryAdvice.OTHER_NODE,
        )
    return None


def _has_no_space(output: PlannedOutput) -> bool:
    """Return whether a full disk prevented an output. ffmpeg can't create it itself, so it only reports a denial."""
    if output.kind is not OutputKind.FILE or output.temporary.exists():
        return False
    return is_full(output.temporary.parent)


def _denied_path(denials: Sequence[str], plan: OutputPlan) -> Path | None:
    """Return a path that wasn't opened for writing though the account may: named by ffmpeg, or by the command."""
    temporaries = {output.temporary for output in plan.outputs}
    for read in plan.inputs:
        if any(str(read) in line for line in denials) and _may_write(read):
            return read
    by_ffmpeg = (Path(found[1]) for line in denials for found in _IN_LINE.finditer(line))
    by_command = (
        path
        for step in plan.steps
        for token in step
        for text in raw_and_unquoted(token)
        for path in rooted_paths_in(text)
    )
    for path in (*by_ffmpeg, *by_command):
        is_output = any(path == temporary or temporary in path.parents for temporary in temporaries)
        if not is_output and path not in plan.inputs and _may_write(path):
            return path
    return None


def _may_write(path: Path) -> bool:
    try:
        if path.is_file():
            return os.access(path, os.W_OK)
        return not path.exists() and path.parent.is_dir() and os.access(path.parent, os.W_OK)
    except OSError:
        return False
