"""Whether output folders can be written to: checked before a task is queued, not after hours of encoding."""

import errno
import os
from collections.abc import Iterable
from pathlib import Path

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.media.publish import check_writable, explain
from ffmate_desktop.services.output_names import TaskDraft


class OutputFolderChecks:
    """Checks the output folders of many drafts, each folder once."""

    def __init__(self) -> None:
        self._errors: dict[Path, UserError | None] = {}
        self._writable: set[Path] = set()

    def error(self, draft: TaskDraft) -> UserError | None:
        """Why the draft's output can't be written; None if it can, or if only the node knows the folder."""
        if draft.requested_output is None:
            return None
        folder = Path(draft.requested_output).parent
        if folder not in self._errors:
            self._errors[folder] = self._check(folder)
        return self._errors[folder]

    def _check(self, folder: Path) -> UserError | None:
        try:
            existing = _nearest_existing(folder)
            if existing not in self._writable:  # many new folders are created in the same one
                check_writable(existing)
                self._writable.add(existing)
        except UserError as error:
            return error
        return None


def check_output_folders(drafts: Iterable[TaskDraft]) -> None:
    """Raise UserError unless every output folder, or the one it will be created in, is writable."""
    checks = OutputFolderChecks()
    for draft in drafts:
        if (error := checks.error(draft)) is not None:
            raise error


def _nearest_existing(folder: Path) -> Path:
    failure: OSError = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    for parent in (folder, *folder.parents):
        try:
            parent.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:  # the name is too long, or a folder may not be entered
            failure = error
            break
        return parent
    raise explain(
        failure, folder
    ) from failure  # the loop ends without one on a Windows drive that doesn't exist
