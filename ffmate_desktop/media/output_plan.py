"""What is written where: hidden temporary names beside the targets, until something may be published.

A temporary name carries the task and its claim, `.ffd-<12 hex digits>-<epoch>-<6 hex digits>-<name>`, so that a
node that lost its claim can neither be taken for the new owner nor leave something behind that nobody knows. The last
digits are of the node's incarnation: after failover to an asynchronous standby two nodes can hold one epoch.
"""

import hashlib
import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

LONGEST_NAME = 255  # bytes; the limit of every file system in common use
_LONGEST_SUFFIX = 32


class OutputKind(StrEnum):
    """A single file, or a set of files whose names ffmpeg makes up (segments, numbered pictures)."""

    FILE = "file"
    FOLDER = "folder"


@dataclass(frozen=True)
class PlannedOutput:
    """One output that will be published.

    `target` is the final file, or the folder that the final files go to; `temporary` is the file, or the folder,
    that ffmpeg writes. `name` is the target's name, or what the command calls the set inside its folder (a playlist,
    a pattern). `url` is what ffmpeg is told in step `step` (from 0), `format` the muxer or else the extension. `side`
    is a folder for files that options, filters and encoders write beside the outputs (`side_outputs`).
    """

    kind: OutputKind
    step: int
    target: Path
    temporary: Path
    name: str
    url: str
    format: str
    side: bool = False


@dataclass(frozen=True)
class OutputPlan:
    """The steps with temporary names put in, and what becomes of these names.

    `outputs` leaves out what is no file of ours: `-f null`, devices, addresses on the network, files that stay in
    the private working directory. `main` is the one that the task names, or the first. `inputs` are the local files
    that are read and must never be replaced. `folders` must exist before ffmpeg starts. Temporary names begin with
    `prefix`, the epoch and the tag of the incarnation.
    """

    steps: list[list[str]]
    outputs: tuple[PlannedOutput, ...]
    main: PlannedOutput | None
    inputs: tuple[Path, ...]
    folders: tuple[Path, ...]
    prefix: str
    epoch: int
    tag: str

    @property
    def parents(self) -> tuple[Path, ...]:
        """The folders in which this task's temporary files and folders lie."""
        return tuple(dict.fromkeys(output.temporary.parent for output in self.outputs))


def prefix_of(task: str) -> str:
    """How the temporary names of a task (UUID) begin; its epoch follows."""
    return f".ffd-{task.replace('-', '')[:12]}-"


def tag_of(incarnation: int) -> str:
    """What temporary names carry of a node's incarnation, whose 53 bits are random."""
    return f"{incarnation & 0xFFFFFF:06x}"


def shortened(start: str, name: str) -> str:
    """`start` and `name` within the length limit; the extension, which tells ffmpeg the format, stays."""
    if len(os.fsencode(start + name)) <= LONGEST_NAME:
        return start + name
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:8]
    stem, suffix = Path(name).stem, Path(name).suffix
    if len(suffix) > _LONGEST_SUFFIX:  # a point in a long title
        stem, suffix = name, ""
    while len(os.fsencode(f"{start}{stem}-{digest}{suffix}")) > LONGEST_NAME:
        stem = stem[:-1]
    return f"{start}{stem}-{digest}{suffix}"
