"""Labels: words that a task requires and a node provides."""

import re
from collections.abc import Iterable

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
