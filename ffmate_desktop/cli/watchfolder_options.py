"""The options that `watchfolders add` and `edit` share, and how their words become settings."""

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer

from ffmate_desktop.cli.numbers import number_option
from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.watchfolder import Original, OriginalAction, WatchfolderSettings

_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}

Preset = Annotated[
    str | None, typer.Option("--preset", metavar="NAME", help="What is done with the files: name or uuid.")
]
Name = Annotated[str | None, typer.Option("--name", metavar="NAME", help="Default: the folder's name.")]
Description = Annotated[str | None, typer.Option("--description", metavar="TEXT", help="For people.")]
Interval = Annotated[
    int | None, number_option("--interval", "SECONDS", "Between two scans. Default: 15.", least=1)
]
GrowthChecks = Annotated[
    int | None,
    number_option(
        "--growth-checks", "N", "So many scans must find a file unchanged before it is taken. Default: 2."
    ),
]
Include = Annotated[
    list[str] | None,
    typer.Option(
        "--include",
        metavar="WHAT",
        help="Only these: an extension such as mov, or a pattern such as 'A*/*.mxf'. Repeatable. "
        "Default: all media files.",
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="WHAT", help="Not these; 'proxies/' is a folder. Repeatable."),
]
MinSize = Annotated[
    str | None, typer.Option("--min-size", metavar="SIZE", help="Smaller files are skipped: 500k, 10M, 2G.")
]
MinAge = Annotated[
    float | None,
    number_option("--min-age", "SECONDS", "Files that changed later than this wait.", whole=False),
]
Recursive = Annotated[
    bool | None, typer.Option("--recursive/--no-recursive", help="With the folders in it, or without.")
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        metavar="PATTERN",
        help="Instead of the preset's, such as "
        "'/out/${METADATA_ffmate.watchfolder.relativeDir}/${INPUT_FILE_BASENAME}.mp4'.",
    ),
]
Priority = Annotated[int | None, number_option("--priority", "N", "Default: the preset's.")]
Label = Annotated[
    list[str] | None,
    typer.Option(
        "--label", metavar="NAME", help="Only nodes with it scan, and run the tasks; for storage. Repeatable."
    ),
]
Retries = Annotated[
    int | None,
    number_option("--retries", "N", "Queue failed files again so often. Default: 0."),
]
OnSuccess = Annotated[
    str | None,
    typer.Option(
        "--on-success",
        metavar="ACTION",
        help="What becomes of the original: leave (default), move:FOLDER, or trash.",
    ),
]
OnFailure = Annotated[
    str | None, typer.Option("--on-failure", metavar="ACTION", help="The same: leave or move:FOLDER.")
]
WriteLocks = Annotated[
    bool | None,
    typer.Option("--write-locks/--no-write-locks", help="Write FFmate's .lock files, to share with FFmate."),
]


def settings_from(
    before: WatchfolderSettings,
    words: dict[str, Any],
    *,
    include: list[str] | None,
    exclude: list[str] | None,
) -> WatchfolderSettings:
    """`before` with everything that was given; None means that a word was not given. Raises UsageError."""
    given = {key: value for key, value in words.items() if value is not None}
    wanted = before.filter
    if (size := given.pop("min_size", None)) is not None:
        wanted = wanted.model_copy(update={"min_size": _bytes(size)})
    if (age := given.pop("min_age", None)) is not None:
        wanted = wanted.model_copy(update={"min_age": age})
    for side, chosen in (("include", include), ("exclude", exclude)):
        if chosen is not None:
            endings, globs = _apart(chosen)
            wanted = wanted.model_copy(
                update={
                    "extensions": wanted.extensions.model_copy(update={side: endings}),
                    "globs": wanted.globs.model_copy(update={side: globs}),
                }
            )
    for side in ("on_success", "on_failure"):
        if side in given:
            given[side] = _original(given[side])
    if "label" in given:
        given["labels"] = tuple(
            word for text in given.pop("label") for word in text.replace(",", " ").split()
        )
    return before.model_copy(update=given | {"filter": wanted})


def _apart(words: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Extensions, and patterns. An empty word clears what was there."""
    every = [word for word in words if word.strip()]
    endings = tuple(word for word in every if re.fullmatch(r"(\*?\.)?[^*?/\\\[\].]+|\*", word))
    return _without_points(endings), tuple(word for word in every if word not in endings)


def _without_points(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(word if word == "*" else word.removeprefix("*").removeprefix(".") for word in words)


def _bytes(text: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", text.strip().lower())
    if found is None:
        raise UsageError(f"“{text}” is not a size.", "For example 500k, 10M or 2G.")
    return int(float(found[1]) * _UNITS[found[2]])


def _original(text: str) -> Original:
    action, _, folder = text.partition(":")
    try:
        return Original(action=OriginalAction(action.strip().lower()), folder=folder)
    except ValueError:
        raise UsageError(
            f"“{text}” is nothing that can be done with a file.", "There are leave, move:FOLDER and trash."
        ) from None
