"""A task: one ffmpeg job, its states, and the shape in which people and programs see it."""

from enum import StrEnum


class IfExists(StrEnum):
    """What the submitter wants when the output path is taken, on disk or by another active task."""

    FAIL = "fail"
    RENAME = "rename"
    REPLACE = "replace"
