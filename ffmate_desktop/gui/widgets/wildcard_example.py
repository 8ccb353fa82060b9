"""Example values for wildcards, before there is a task."""

from typing import Any

from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.domain.wildcards import ClockReading, WildcardValues

NEW_YEAR_2026 = ClockReading(1_767_225_600_000_000_000, 0)


def example_values(input_file: str, source: TaskSource, metadata: dict[str, Any]) -> WildcardValues:
    """Values for this input; what only a node knows is made up."""
    return WildcardValues(
        input_file=input_file,
        output_file="",
        clock=NEW_YEAR_2026,
        uuid="00000000-0000-0000-0000-000000000000",
        source=source,
        os_name="linux",
        os_arch="amd64",
        ffmpeg="ffmpeg",
        metadata=metadata,
        is_complete=False,
    )
