"""The folder with the complete logs of tasks on this computer: one file for each attempt, `<task>-<epoch>.log`."""

import contextlib
import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from ffmate_desktop.domain.errors import UserError

SUFFIX = ".log"

_UUID_LENGTH = 36


@dataclass(frozen=True, slots=True)
class LogFile:
    """One log file. `modified` is a time in seconds since 1970, `size` is in bytes."""

    path: Path
    task: UUID
    modified: float
    size: int


def log_files(folder: Path, tasks: Collection[UUID] | None = None) -> list[LogFile]:
    """The logs in the folder, of these tasks or of all.

    Files with other names, and everything that is not a regular file, are left out.
    Raises UserError when the folder is there and cannot be read.
    """
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if (task := _task(entry.name)) is None or (tasks is not None and task not in tasks):
                    continue
                with contextlib.suppress(OSError):  # removed meanwhile
                    if entry.is_file(follow_symlinks=False):
                        stat = entry.stat(follow_symlinks=False)
                        found.append(LogFile(Path(entry.path), task, stat.st_mtime, stat.st_size))
    except FileNotFoundError:  # no task has run here yet
        pass
    except OSError as error:
        raise UserError(
            f"The folder with the logs of tasks, “{folder}”, can't be read: {error.strerror or error}.",
            "It has to be a folder that the account of this program can read and write.",
        ) from error
    return found


def outdated(files: Sequence[LogFile], *, now: float, days: int, count: int) -> list[LogFile]:
    """The files that are older than `days`, and all but the newest `count`; zero means that a limit is off."""
    newest_first = sorted(files, key=lambda file: file.modified, reverse=True)
    beyond = newest_first[count:] if count else []
    within_count = newest_first[:count] if count else newest_first
    oldest = now - days * 86_400
    return [*beyond, *(file for file in within_count if days and file.modified < oldest)]


def remove(files: Iterable[LogFile]) -> list[LogFile]:
    """Remove these files; returns those that cannot be removed now, such as one that is open on Windows."""
    left = []
    for file in files:
        try:
            file.path.unlink(missing_ok=True)
        except OSError:
            left.append(file)
    return left


def _task(name: str) -> UUID | None:
    task, rest = name[:_UUID_LENGTH], name[_UUID_LENGTH:]
    epoch = rest.removeprefix("-").removesuffix(SUFFIX)
    if rest != f"-{epoch}{SUFFIX}" or not epoch.isascii() or not epoch.isdigit():
        return None
    try:
        return UUID(task)
    except ValueError:
        return None
