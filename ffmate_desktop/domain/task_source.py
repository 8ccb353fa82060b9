"""Who creates tasks; the wildcard `${SOURCE}` shows it."""

from enum import StrEnum


class TaskSource(StrEnum):
    """Stored with each task as plain text, since other versions may know other sources."""

    WINDOW = "window"
    CLI = "cli"
    WATCHFOLDER = "watchfolder"
    PRESET_TEST = "preset-test"
