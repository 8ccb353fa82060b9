"""The inputs of one attempt: whether they are still what they were when it began, and which may still grow."""

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ffmate_desktop.domain.task_facts import InputVersion
from ffmate_desktop.media.diagnosis import Diagnosis
from ffmate_desktop.media.input_snapshot import InputChange, InputSnapshot
from ffmate_desktop.media.output_plan import OutputPlan
from ffmate_desktop.media.probe import MediaFacts

_LONGEST_LOOK = 3.0  # seconds for an input that an encode failed over
_LOOK_AGAIN = 0.25  # seconds between two looks


class InputWatch:
    """`note` adds a line to the log of the task. `begin` comes before the probe, `close` when nothing is compared."""

    def __init__(self, note: Callable[[str], object]) -> None:
        self._note = note
        self._record = InputSnapshot()
        self._untold: set[Path] = set()

    def begin(self, plan: OutputPlan) -> None:
        """Record every input of the plan. Reads the file system."""
        self._record.close()
        self._record = InputSnapshot.capture(plan)

    def version_of(self, path: Path) -> InputVersion | None:
        """Size and time of an input, as in the record."""
        return self._record.version_of(path)

    def probed(self, path: Path, facts: MediaFacts) -> None:
        """What the probe says of an input."""
        if not facts.shows_truncation:
            self._untold.add(path)

    async def changed(self, found: Diagnosis | None = None) -> InputChange | None:
        """An input that is not what it was; `found` is why the encode failed. Waits for one that may still grow."""
        pause = self._record.seconds_until_stable(self._doubtful(found), time.time())
        pause = pause if found is None else min(pause, _LONGEST_LOOK)
        if pause > _LOOK_AGAIN:
            self._note("an input changed just now; waiting to see whether it is still being written")
        while (changed := await asyncio.to_thread(self._record.compare)) is None and pause > 0:
            await asyncio.sleep(min(pause, _LOOK_AGAIN))
            pause -= _LOOK_AGAIN
        return changed

    def _doubtful(self, found: Diagnosis | None) -> Sequence[Path]:
        """Inputs that may be incomplete though nothing says so; any, where an encode failed over one."""
        if found is not None:
            return self._record.files if found.blames_input else ()
        return [*self._record.open_ended, *self._untold]

    def close(self) -> None:
        """Let go of the files: what follows may move them, and Windows moves no open file."""
        self._record.close()
