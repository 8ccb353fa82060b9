"""What the owner of a computer lets tasks do there. It is kept on that computer, never in the database."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Permissions:
    """Folders, with everything below them. None: wherever the account of this program may.

    `scripts` are where scripts may lie; `read` and `write` what tasks may read and write. `own` are files and folders
    of this program, which no task may write: these permissions are among them.
    """

    scripts: tuple[Path, ...] | None = ()
    read: tuple[Path, ...] | None = None
    write: tuple[Path, ...] | None = None
    own: tuple[Path, ...] = field(default=(), compare=False)
