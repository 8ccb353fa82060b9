"""Labels: words that tasks require and nodes provide."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ffmate_desktop.domain.errors import UsageError

_LABEL = re.compile(r"[\w.+@/-]+(:[\w.+@/-]+)*")


def check_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """The labels, sorted and without duplicates; raises UsageError for an invalid one."""
    found = set()
    for label in labels:
        if not _LABEL.fullmatch(label):
            raise UsageError(
                f"“{label}” isn't a valid label.",
                "A label is a single word, such as gpu, storage:media or encoder:hevc_nvenc.",
            )
        found.add(label)
    return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class LabelChange:
    """A change to a task's labels: replace them with `only` (None keeps them), then `add`, then `remove`."""

    only: tuple[str, ...] | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != NO_LABEL_CHANGE

    def applied_to(self, labels: Iterable[str]) -> tuple[str, ...]:
        """The labels after the change."""
        changed = set(labels if self.only is None else self.only) | set(self.add)
        return tuple(sorted(changed - set(self.remove)))


NO_LABEL_CHANGE = LabelChange()
