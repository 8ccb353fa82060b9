"""Labels: words that a task requires and a node provides."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ffmate_desktop.domain.errors import UsageError

_LABEL = re.compile(r"[\w.+@/-]+(:[\w.+@/-]+)*")


def check_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """The labels without repetition, sorted; raises UsageError for one that is not a word."""
    found = set()
    for label in labels:
        if not _LABEL.fullmatch(label):
            raise UsageError(
                f"“{label}” is not a label.",
                "A label is one word such as gpu, storage:media or encoder:hevc_nvenc.",
            )
        found.add(label)
    return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class LabelChange:
    """Other labels for a task: `only` these instead (None: its own), then `add` some and `remove` some."""

    only: tuple[str, ...] | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != NO_LABEL_CHANGE

    def applied_to(self, labels: Iterable[str]) -> tuple[str, ...]:
        """What a task with these labels gets."""
        kept = set(labels if self.only is None else self.only) | set(self.add)
        return tuple(sorted(kept - set(self.remove)))


NO_LABEL_CHANGE = LabelChange()
