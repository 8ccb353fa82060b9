"""The options that `watchfolders add` and `edit` share, and how they become settings."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, get_type_hints

import typer

from ffmate_desktop.cli.numbers import number_option
from ffmate_desktop.cli.signatures import expand_parameter
from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.watchfolder import FileFilter, Original, OriginalAction, WatchfolderSettings

_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}

PresetOption = Annotated[
    str | None, typer.Option("--preset", metavar="NAME", help="The preset for the files: name or UUID.")
]
Name = Annotated[str | None, typer.Option("--name", metavar="NAME", help="Default: the folder's name.")]
Description = Annotated[str | None, typer.Option("--description", metavar="TEXT", help="What it is for.")]
Interval = Annotated[
    int | None, number_option("--interval", "SECONDS", "Seconds between scans. Default: 15.", least=1)
]
GrowthChecks = Annotated[
    int | None,
    number_option(
        "--growth-checks", "N", "Queue a file after this many scans found it unchanged. Default: 2."
    ),
]
Include = Annotated[
    list[str] | None,
    typer.Option(
        "--include",
        metavar="WHAT",
        help="Only these files: an extension such as mov, or a pattern such as 'A*/*.mxf'. Repeatable. "
        "Default: all media files.",
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="WHAT", help="Not these files; 'proxies/' is a folder. Repeatable."),
]
MinSize = Annotated[
    str | None, typer.Option("--min-size", metavar="SIZE", help="Skip smaller files: 500k, 10M, 2G.")
]
MinAge = Annotated[
    float | None,
    number_option("--min-age", "SECONDS", "Wait until a file hasn't changed for this long.", whole=False),
]
Recursive = Annotated[
    bool | None, typer.Option("--recursive/--no-recursive", help="Scan subfolders too, or not. Default: yes.")
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        metavar="PATTERN",
        help="Output pattern instead of the preset's, such as "
        "'/out/${METADATA_ffmate.watchfolder.relativeDir}/${INPUT_FILE_BASENAME}.mp4'.",
    ),
]
Priority = Annotated[int | None, number_option("--priority", "N", "Default: the preset's.")]
Label = Annotated[
    list[str] | None,
    typer.Option(
        "--label",
        metavar="NAME",
        help="Only nodes with this label scan the folder and run its tasks. Repeatable.",
    ),
]
Retries = Annotated[
    int | None,
    number_option("--retries", "N", "Retry a failed file up to N times. Default: 0."),
]
OnSuccess = Annotated[
    str | None,
    typer.Option(
        "--on-success",
        metavar="ACTION",
        help="What to do with the original: leave (default), move:FOLDER, or trash.",
    ),
]
OnFailure = Annotated[
    str | None,
    typer.Option("--on-failure", metavar="ACTION", help="The same after a failure: leave or move:FOLDER."),
]
WriteLocks = Annotated[
    bool | None,
    typer.Option(
        "--write-locks/--no-write-locks",
        help="Write FFmate's .lock files, if FFmate watches the folder too.",
    ),
]


@dataclass(frozen=True, slots=True)
class SettingsOptions:
    """The options as they were given; None means not given. Each field becomes an option, in this order."""

    preset: PresetOption = None
    name: Name = None
    description: Description = None
    interval: Interval = None
    growth_checks: GrowthChecks = None
    include: Include = None
    exclude: Exclude = None
    min_size: MinSize = None
    min_age: MinAge = None
    recursive: Recursive = None
    output_file: Output = None
    priority: Priority = None
    label: Label = None
    retries: Retries = None
    on_success: OnSuccess = None
    on_failure: OnFailure = None
    write_locks: WriteLocks = None

    def apply_to(self, before: WatchfolderSettings) -> WatchfolderSettings:
        """`before` with these options, except the preset, which takes a look-up. Raises UsageError."""
        changes: dict[str, Any] = {
            name: value for name in _UNCHANGED if (value := getattr(self, name)) is not None
        }
        if self.on_success is not None:
            changes["on_success"] = _original(self.on_success)
        if self.on_failure is not None:
            changes["on_failure"] = _original(self.on_failure)
        if self.label is not None:
            changes["labels"] = tuple(word for text in self.label for word in text.replace(",", " ").split())
        return before.model_copy(update=changes | {"filter": self._filter(before.filter)})

    def _filter(self, before: FileFilter) -> FileFilter:
        changes: dict[str, Any] = {}
        if self.min_size is not None:
            changes["min_size"] = _bytes(self.min_size)
        if self.min_age is not None:
            changes["min_age"] = self.min_age
        extensions, globs = before.extensions, before.globs
        for side, words in (("include", self.include), ("exclude", self.exclude)):
            if words is not None:
                its_extensions, its_globs = _split_extensions(words)
                extensions = extensions.model_copy(update={side: its_extensions})
                globs = globs.model_copy(update={side: its_globs})
        return before.model_copy(update=changes | {"extensions": extensions, "globs": globs})


_UNCHANGED = (
    "name",
    "description",
    "interval",
    "growth_checks",
    "recursive",
    "output_file",
    "priority",
    "retries",
    "write_locks",
)
"""Options whose values are those of the settings."""


def takes_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Replace the parameter `options` of a command with an option for each field of SettingsOptions."""
    hints = get_type_hints(SettingsOptions, include_extras=True)
    return expand_parameter(command, "options", hints, SettingsOptions)


def _split_extensions(words: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split extensions from patterns. An empty word clears the list."""
    every = [word for word in words if word.strip()]
    extensions = tuple(word for word in every if re.fullmatch(r"(\*?\.)?[^*?/\\\[\].]+|\*", word))
    return _without_dots(extensions), tuple(word for word in every if word not in extensions)


def _without_dots(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(word if word == "*" else word.removeprefix("*").removeprefix(".") for word in words)


def _bytes(text: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", text.strip().lower())
    if found is None:
        raise UsageError(f"“{text}” isn't a size.", "Use something like 500k, 10M or 2G.")
    return int(float(found[1]) * _UNITS[found[2]])


def _original(text: str) -> Original:
    action, _, folder = text.partition(":")
    try:
        return Original(action=OriginalAction(action.strip().lower()), folder=folder)
    except ValueError:
        raise UsageError(
            f"“{text}” isn't an action for originals.", "Use leave, move:FOLDER or trash."
        ) from None
