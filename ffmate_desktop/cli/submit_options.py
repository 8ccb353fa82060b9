"""The options of `submit`."""

from pathlib import Path
from typing import Annotated

import typer

from ffmate_desktop.cli.numbers import number_option
from ffmate_desktop.domain.task import IfExists

Inputs = Annotated[
    list[str] | None,
    typer.Argument(metavar="INPUT", help="Files. Several become one batch.", show_default=False),
]

FromFile = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="FILE",
        help="Tasks in FFmate's JSON instead: one, a list, or a batch. Each has its own preset. "
        "- reads standard input.",
    ),
]

PresetOption = Annotated[
    str | None, typer.Option("--preset", metavar="NAME", help="Name or UUID of a preset.")
]

CommandOption = Annotated[
    str | None,
    typer.Option(
        "--command",
        metavar="CMD",
        help="ffmpeg arguments with wildcards: -i ${INPUT_FILE} ... ${OUTPUT_FILE}",
    ),
]

Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        metavar="PATTERN",
        help="Path of the output, with wildcards. With --preset, a folder works too: out/",
    ),
]

Priority = Annotated[int | None, number_option("--priority", "N", "Higher numbers run first.")]

Label = Annotated[
    list[str] | None,
    typer.Option("--label", metavar="NAME", help="A label that the node must provide. Repeatable."),
]

Name = Annotated[
    str | None,
    typer.Option("--name", metavar="NAME", help="Name of the task. Default: the name of the file."),
]

Metadata = Annotated[
    str | None,
    typer.Option("--metadata", metavar="JSON", help="JSON object for wildcards and scripts."),
]

IfOutputExists = Annotated[
    IfExists,
    typer.Option(
        "--if-exists",
        help="What to do if the output path is taken. skip: don't queue the file.",
    ),
]

IncludeOutputs = Annotated[
    bool,
    typer.Option(
        "--include-outputs",
        help="Also queue files that this cluster wrote. By default, several inputs leave them out.",
    ),
]

PreScript = Annotated[
    str | None,
    typer.Option(
        "--pre-script",
        metavar="SCRIPT",
        help="Script to run before the encode: full path and arguments, with wildcards.",
    ),
]

PreSidecar = Annotated[
    str | None,
    typer.Option("--pre-sidecar", metavar="PATH", help="File with the task as JSON, for the script."),
]

ImportSidecar = Annotated[
    bool,
    typer.Option(
        "--import-sidecar", help="Apply the changes that the script makes in its sidecar to the task."
    ),
]

PostScript = Annotated[
    str | None,
    typer.Option(
        "--post-script", metavar="SCRIPT", help="Script to run after the output has been published."
    ),
]

PostSidecar = Annotated[
    str | None,
    typer.Option("--post-sidecar", metavar="PATH", help="File with the task as JSON, for that script."),
]

Wait = Annotated[bool, typer.Option("--wait", help="Show progress until all tasks are done.")]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
