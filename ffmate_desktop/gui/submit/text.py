"""The texts of the submit sheet: which nodes can run the tasks, and a summary of the preview."""

from collections import Counter
from collections.abc import Sequence
from typing import assert_never

from PySide6.QtCore import QCoreApplication

from ffmate_desktop.domain.node import Eligibility, Obstacle
from ffmate_desktop.gui.widgets import formatting
from ffmate_desktop.services.preview import PreviewIssue, PreviewRow

_REASONS = 2
"""For how many nodes the reason is given."""


translate = QCoreApplication.translate


def file_count_text(count: int) -> str:
    """`1 file`, `12 files`."""
    return (
        translate("SubmitSheet", "1 file")
        if count == 1
        else translate("SubmitSheet", "{0} files").format(formatting.number(count))
    )


def eligibility_text(nodes: Sequence[Eligibility]) -> tuple[str, bool]:
    """A sentence, and whether any node can run the tasks."""
    able = [node for node in nodes if node.can]
    unable = [node for node in nodes if not node.can]
    if not nodes:
        return translate("SubmitSheet", "No node is running. The files wait until one joins."), False
    if not unable:
        if len(able) == 1:
            return translate("SubmitSheet", "{0} can run this now.").format(able[0].identifier), True
        return translate("SubmitSheet", "All {0} nodes can run this now.").format(len(able)), True
    reasons = "; ".join(_reason(node) for node in unable[:_REASONS])
    if len(unable) > _REASONS:
        reasons = translate("SubmitSheet", "{0}, and {1} more").format(reasons, len(unable) - _REASONS)
    if not able:
        return translate("SubmitSheet", "No node can run this now, so it waits: {0}.").format(reasons), False
    return translate("SubmitSheet", "{0} of {1} nodes can; {2}.").format(len(able), len(nodes), reasons), True


def _reason(node: Eligibility) -> str:
    name = node.identifier
    match node.obstacle:
        case Obstacle.LABELS:
            return translate("SubmitSheet", "{0} doesn't have {1}").format(name, ", ".join(node.missing))
        case Obstacle.LEAVING:
            return translate("SubmitSheet", "{0} is finishing its tasks before it leaves").format(name)
        case Obstacle.PAUSED:
            return translate("SubmitSheet", "{0} is paused").format(name)
        case Obstacle.NO_SLOTS:
            return translate("SubmitSheet", "{0} has no slots").format(name)
        case None:
            return ""
        case _:
            assert_never(node.obstacle)


def preview_text(rows: Sequence[PreviewRow]) -> tuple[str, str]:
    """A summary of all files, and its color."""
    counts = Counter(row.issue for row in rows)
    errors = [row for row in rows if row.issue.is_error]
    if errors and len(errors) == len(rows) and len({row.message for row in errors}) == 1:
        return f"{errors[0].message} {errors[0].hint}".strip(), "failed"
    parts = [
        text.format(file_count_text(counts[issue]))
        for issue, text in (
            (PreviewIssue.INPUT, translate("SubmitSheet", "{0} can't be read")),
            (PreviewIssue.COMMAND, translate("SubmitSheet", "{0} can't run with this command")),
            (PreviewIssue.FOLDER, translate("SubmitSheet", "the output folder of {0} isn't writable")),
            (PreviewIssue.EXISTS, translate("SubmitSheet", "the output of {0} already exists")),
            (
                PreviewIssue.TAKEN,
                translate("SubmitSheet", "the output of {0} is being written by another task"),
            ),
            (PreviewIssue.SHARED, translate("SubmitSheet", "{0} would have the same output as another file")),
            (
                PreviewIssue.REPLACES,
                translate("SubmitSheet", "the output of {0} exists and will be replaced"),
            ),
            (
                PreviewIssue.RENAMED,
                translate("SubmitSheet", "the output name of {0} is taken, so a number will be added"),
            ),
        )
        if counts[issue]
    ]
    if not parts:
        return translate("SubmitSheet", "All output names are free."), "done"
    sentence = "; ".join(parts)
    tail = ""
    if errors and len(errors) < len(rows):
        single = translate("SubmitSheet", "It will be skipped.")
        tail = " " + (single if len(errors) == 1 else translate("SubmitSheet", "They will be skipped."))
    color = "failed" if errors else "warning" if counts[PreviewIssue.REPLACES] else "text_2"
    return f"{sentence[0].upper()}{sentence[1:]}.{tail}", color
