"""Where outputs are written: to hidden temporary names next to their targets, until they may be published.

A temporary name contains the task and its claim, `.ffd-<12 hex digits>-<epoch>-<6 hex digits>-<name>`. So the files
of a node that lost its claim can't be confused with those of the new owner, and can always be found and deleted. The
last digits are from the node's incarnation: after failover to an asynchronous standby, two nodes can have one epoch.
"""

import hashlib
import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

MAX_NAME = 255  # bytes; the limit of all common file systems
_MAX_SUFFIX = 32


class OutputKind(StrEnum):
    """A single file, or a set of files whose names ffmpeg generates (segments, numbered pictures)."""

    FILE = "file"
    FOLDER = "folder"


@dataclass(frozen=True)
class PlannedOutput:
    """One output that will be published.

    `target` is the final file, or the folder of the final files. `temporary` is the file or folder that ffmpeg
    writes. `name` is the target's name, or the name of the set inside its folder (a playlist, a pattern). `url` is
    the argument of ffmpeg in step `step` (from 0). `format` is the muxer or else the extension. `side`: a folder for
    files that options, filters and encoders write next to the outputs (`side_outputs`).
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
    """The steps with temporary names, and where the outputs go.

    `outputs` doesn't include `-f null`, devices, network addresses, and files that stay in the private working
    directory. `main` is the output that the task names, or the first one. `inputs` are the local files that are read
    and must never be replaced. `folders` must exist before ffmpeg starts. Temporary names start with `prefix`, the
    epoch and the tag of the incarnation.
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
        """The folders that contain this task's temporary files and folders."""
        return tuple(dict.fromkeys(output.temporary.parent for output in self.outputs))


def prefix_of(task: str) -> str:
    """Return the prefix of the temporary names of a task (UUID). The epoch follows."""
    return f".ffd-{task.replace('-', '')[:12]}-"


def tag_of(incarnation: int) -> str:
    """Return the part of a node's incarnation (53 random bits) that is in temporary names."""
    return f"{incarnation & 0xFFFFFF:06x}"


def shortened(start: str, name: str) -> str:
    """Return `start` and `name` within the length limit, with the extension, which tells ffmpeg the format."""
    if len(os.fsencode(start + name)) <= MAX_NAME:
        return start + name
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:8]
    stem, suffix = Path(name).stem, Path(name).suffix
    if len(suffix) > _MAX_SUFFIX:  # a dot in a long title
        stem, suffix = name, ""
    while len(os.fsencode(f"{start}{stem}-{digest}{suffix}")) > MAX_NAME:
        stem = stem[:-1]
    return f"{start}{stem}-{digest}{suffix}"
