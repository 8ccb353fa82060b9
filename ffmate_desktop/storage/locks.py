"""FFmate's lock files: an empty `<name>.lock` beside a file says that somebody has taken it."""

import os
from collections.abc import Sequence

from ffmate_desktop import logs
from ffmate_desktop.domain.watch_names import LOCK


def write_locks(paths: Sequence[str]) -> None:
    """Put a lock beside each of these files. What cannot be written is told: FFmate will take those files, too."""
    refused = []
    for path in paths:
        try:
            os.close(os.open(path + LOCK, os.O_CREAT | os.O_WRONLY, 0o644))
        except OSError as error:
            refused.append(f"{path}{LOCK}: {error.strerror or error}")
    if refused:
        logs.watchfolder.warning("%d lock files cannot be written: %s", len(refused), refused[0])
