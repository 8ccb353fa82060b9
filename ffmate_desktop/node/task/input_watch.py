"""Detects whether an input of an attempt changed since it began, or is still being written."""

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ffmate_desktop.domain.task_facts import InputVersion
from ffmate_desktop.media.diagnosis import Diagnosis
from ffmate_desktop.media.input_snapshot import InputChange, InputSnapshot
from ffmate_desktop.media.output_plan import OutputPlan
from ffmate_desktop.media.probe import MediaFacts

_LONGEST_WAIT = 3.0  # seconds, for an input that made the encode fail
_INTERVAL = 0.25  # seconds between two comparisons


class InputWatch:
    """`note` adds a line to the task's log. Call `begin` before the probe, and `close` after the last comparison."""

    def __init__(self, note: Callable[[str], object]) -> None:
        self._note = note
        self._snapshot = InputSnapshot()
        self._without_end: set[Path] = set()

    def begin(self, plan: OutputPlan) -> None:
        """Take a snapshot of every input of the plan. Reads the file system."""
        self._snapshot.close()
        self._snapshot = InputSnapshot.capture(plan)

    def version_of(self, path: Path) -> InputVersion | None:
        """Size and time of an input when the attempt began."""
        return self._snapshot.version_of(path)

    def on_probed(self, path: Path, facts: MediaFacts) -> None:
        """Take note of an input whose facts can't show that its end is missing."""
        if not facts.shows_truncation:
            self._without_end.add(path)

    async def changed(self, diagnosis: Diagnosis | None = None) -> InputChange | None:
        """An input that changed; `diagnosis` says why the encode failed. Waits for an input that may still grow."""
        pause = self._snapshot.seconds_until_stable(self._may_be_incomplete(diagnosis), time.time())
        pause = pause if diagnosis is None else min(pause, _LONGEST_WAIT)
        if pause > _INTERVAL:
            self._note("an input changed just now; waiting to see whether it is still being written")
        while (changed := await asyncio.to_thread(self._snapshot.compare)) is None and pause > 0:
            await asyncio.sleep(min(pause, _INTERVAL))
            pause -= _INTERVAL
        return changed

    def _may_be_incomplete(self, diagnosis: Diagnosis | None) -> Sequence[Path]:
        """Inputs whose facts don't show that their end is missing; all, if the encode failed because of an input."""
        if diagnosis is not None:
            return self._snapshot.files if diagnosis.blames_input else ()
        return [*self._snapshot.open_ended, *self._without_end]

    def close(self) -> None:
        """Close the files: the next stages may move them, and Windows can't move open files."""
        self._snapshot.close()
