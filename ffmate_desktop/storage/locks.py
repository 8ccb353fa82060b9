"""FFmate's lock files: an empty `<name>.lock` next to a file says that it has been queued."""

import os
from collections.abc import Sequence

from ffmate_desktop import logs
from ffmate_desktop.domain.counts import counted
from ffmate_desktop.domain.watch_rules import LOCK


def write_locks(paths: Sequence[str]) -> None:
    """Write a lock next to each of these files. Logs those it can't write: FFmate will queue these files too."""
    refused = []
    for path in paths:
        try:
            os.close(os.open(path + LOCK, os.O_CREAT | os.O_WRONLY, 0o644))
        except OSError as error:
            refused.append(f"{path}{LOCK}: {error.strerror or error}")
    if refused:
        logs.watchfolder.warning(
            "Can't write %s, so FFmate may queue these files too: %s",
            counted(len(refused), "lock file"),
            refused[0],
        )
