"""The folder with the complete logs of tasks on this computer: one file for each attempt, `<task>-<epoch>.log`."""

import contextlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from ffmate_desktop import logs

SUFFIX = ".log"

_UUID_LENGTH = 36


@dataclass(frozen=True, slots=True)
class LogFile:
    """One log file. `modified` is a time in seconds since 1970, `size` is in bytes."""

    path: Path
    task: UUID
    modified: float
    size: int


def log_files(folder: Path) -> list[LogFile]:
    """The logs in the folder. Files with other names, and everything that is not a regular file, are left out."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if (task := _task(entry.name)) is None:
                    continue
                with contextlib.suppress(OSError):  # removed meanwhile
                    if entry.is_file(follow_symlinks=False):
                        stat = entry.stat(follow_symlinks=False)
                        found.append(LogFile(Path(entry.path), task, stat.st_mtime, stat.st_size))
    except FileNotFoundError:  # no task has run here yet
        pass
    except OSError as error:
        logs.task.warning("The log files in %s cannot be listed: %s", folder, error.strerror or error)
    return found


def outdated(files: Sequence[LogFile], *, now: float, days: int, count: int) -> list[LogFile]:
    """The files that are older than `days`, and all but the newest `count`; zero means that a limit is off."""
    newest_first = sorted(files, key=lambda file: file.modified, reverse=True)
    beyond = newest_first[count:] if count else []
    kept = newest_first[:count] if count else newest_first
    oldest = now - days * 86_400
    return [*beyond, *(file for file in kept if days and file.modified < oldest)]


def remove(files: Iterable[LogFile]) -> int:
    """Remove these files; returns how many went. One that cannot be removed now is left for the next time."""
    removed = 0
    for file in files:
        with contextlib.suppress(OSError):
            file.path.unlink()
            removed += 1
    return removed


def _task(name: str) -> UUID | None:
    task, rest = name[:_UUID_LENGTH], name[_UUID_LENGTH:]
    epoch = rest.removeprefix("-").removesuffix(SUFFIX)
    if rest != f"-{epoch}{SUFFIX}" or not epoch.isascii() or not epoch.isdigit():
        return None
    try:
        return UUID(task)
    except ValueError:
        return None
