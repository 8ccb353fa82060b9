"""Tests a preset on the first seconds of a file."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Protocol

from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.grammar import tokenise
from ffmate_desktop.domain.task import NewTask, TaskSpec
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.domain.wildcards import example_metadata, wildcards_in
from ffmate_desktop.services.submission import prepare_task

TEST_SECONDS = 2
"""Seconds of each input that are read."""


@dataclass(frozen=True, slots=True)
class PresetTestResult:
    """The output, the probe's facts about it, and a frame of it in `still`, if it has video.

    If the test failed there is no output: `trouble` and `hint` explain why, and `lines` are ffmpeg's messages.
    """

    output: Path | None = None
    facts: dict[str, Any] | None = None
    still: Path | None = None
    trouble: str = ""
    hint: str = ""
    lines: Sequence[str] = ()


class PresetTester(Protocol):
    """Runs a command as a node would. The output is deleted when the block ends or is cancelled."""

    def run(
        self, command: str, pattern: str, source: str, on_progress: Callable[[float], object]
    ) -> AbstractAsyncContextManager[PresetTestResult]:
        """Run the test; `on_progress` gets percent. Raises UserError if the command could never run."""
        ...


def preset_test_spec(command: str, pattern: str, source: str, folder: Path) -> TaskSpec:
    """The task that tests this command, with its output in `folder`; raises UserError.

    Reads the file system, so call it in a thread.
    """
    steps = tokenise(command)
    if not any(
        name.startswith("OUTPUT_FILE") for step in steps for token in step for name in wildcards_in(token)
    ):
        raise UsageError(
            "This command names its own output file, so a test could overwrite it.",
            "Use ${OUTPUT_FILE} in the command to test it.",
        )
    metadata = example_metadata([pattern, *(token for step in steps for token in step)])
    new = NewTask.model_validate(
        {"input_file": source, "command": command, "output_file": pattern, "metadata": metadata}
    )
    draft = prepare_task(new, None, source=TaskSource.PRESET_TEST, client="", base=str(folder))
    name = PurePath(draft.requested_output or draft.row.spec.output_pattern.replace("\\", "/")).name
    spec = draft.row.spec
    tokens = [_shortened(step) for step in spec.tokens]
    return spec.model_copy(
        update={
            "tokens": tokens,
            "output_pattern": f"{folder}/{name}",
            "output": str(folder / name) if draft.requested_output else None,
        }
    )


def _shortened(step: Sequence[str]) -> list[str]:
    """Limit every input to a few seconds, after the command's own input options so that the limit wins."""
    short: list[str] = []
    for word in step:
        short += ["-t", str(TEST_SECONDS), word] if word == "-i" else [word]
    return short
