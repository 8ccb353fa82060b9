"""What the owner of a computer allows tasks to do there. Stored on that computer, never in the database."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Permissions:
    """Allowed folders, including everything below them. None means no limit beyond the account's own rights.

    `scripts` holds scripts that tasks may run; tasks may read from `read` and write to `write`. `own` are files and
    folders of this program, including these permissions, which no task may write.
    """

    scripts: tuple[Path, ...] | None = ()
    read: tuple[Path, ...] | None = None
    write: tuple[Path, ...] | None = None
    own: tuple[Path, ...] = field(default=(), compare=False)
