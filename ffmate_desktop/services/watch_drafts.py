"""Drafts tasks for the complete files of a watchfolder. Blocks: call it in a thread."""

import os
from collections.abc import Sequence
from pathlib import PurePosixPath
from uuid import UUID

from pydantic import JsonValue

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.file_record import ScannedFile
from ffmate_desktop.domain.paths import output_key
from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.domain.task import NewTask
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.domain.watch_rules import FileRules
from ffmate_desktop.domain.watchfolder import OriginalAction, WatchfolderSettings
from ffmate_desktop.services.output_folders import OutputFolderChecks
from ffmate_desktop.services.output_names import TaskDraft
from ffmate_desktop.services.submission import prepare_task

LONGEST_KEY = 2500
"""Bytes that fit into the database's index of outputs."""


def watched_file_path(root: str, path: str) -> str:
    """The path of a watched file on this computer."""
    return os.path.join(root, *path.split("/"))  # noqa: PTH118 - text, which may be no UTF-8


def output_names_of(root: str, files: Sequence[ScannedFile]) -> list[tuple[int, tuple[str, int, int]]]:
    """What identifies each file among the cluster's outputs: position, and (path key, microseconds, bytes).

    Each file counts under its own path and under the one behind all links to its folder.
    """
    real: dict[str, str] = {}
    names = []
    for position, found in enumerate(files):
        folder, name = os.path.split(watched_file_path(root, found.path))
        if folder not in real:
            real[folder] = os.path.realpath(folder)
        for parent in dict.fromkeys((folder, real[folder])):
            key = output_key(os.path.join(parent, name))  # noqa: PTH118 - as above
            names.append((position, (key, found.mtime, found.size)))
    return names


def rules_of(settings: WatchfolderSettings) -> FileRules:
    """The rules of a watchfolder. Folders in it that originals are moved to don't belong to it."""
    return FileRules(settings.filter, recursive=settings.recursive, outside=_folders_of_originals(settings))


def _folders_of_originals(settings: WatchfolderSettings) -> list[str]:
    root = os.path.normpath(settings.path)
    found = []
    for original in (settings.on_success, settings.on_failure):
        if original.action is OriginalAction.MOVE:
            folder = os.path.normpath(os.path.join(root, original.folder))  # noqa: PTH118 - as above
            if folder.startswith(root.rstrip(os.sep) + os.sep):
                found.append(os.path.relpath(folder, root).replace(os.sep, "/"))
    return found


def draft_files(
    settings: WatchfolderSettings, uuid: UUID, preset: Preset, files: Sequence[ScannedFile], client: str
) -> tuple[list[tuple[ScannedFile, TaskDraft]], list[tuple[ScannedFile, str]]]:
    """A draft for each file that can be queued now, and a sentence for each one that can't."""
    drafts: list[tuple[ScannedFile, TaskDraft]] = []
    refused: list[tuple[ScannedFile, str]] = []
    folders = OutputFolderChecks()
    for found in files:
        try:
            draft = prepare_task(
                _new_task(settings, uuid, found),
                preset,
                source=TaskSource.WATCHFOLDER,
                client=client,
                base=settings.path,
            )
            sentence = _output_error(draft, folders)
        except UserError as error:
            sentence = str(error)
        except OSError as error:  # one file must not block the others
            sentence = f"The operating system reported: {error.strerror or error}."
        if sentence:
            refused.append((found, sentence))
        else:
            drafts.append((found, draft))
    return drafts, refused


def _new_task(settings: WatchfolderSettings, uuid: UUID, found: ScannedFile) -> NewTask:
    relative = found.path.replace("/", os.sep)
    place: dict[str, JsonValue] = {
        "uuid": str(uuid),
        "path": settings.path,
        "relativePath": relative,
        "relativeDir": str(PurePosixPath(found.path).parent).replace("/", os.sep),
    }
    return NewTask(
        input_file=watched_file_path(settings.path, found.path),
        preset=settings.preset,
        output_file=settings.output_file or None,
        priority=settings.priority,
        labels=settings.labels,
        metadata={"ffmate": {"watchfolder": place}},
    )


def _output_error(draft: TaskDraft, folders: OutputFolderChecks) -> str:
    """Why the output can't be written; empty if it can."""
    key = draft.row.output_key
    if key is not None and len(key.encode("utf-8", "surrogatepass")) > LONGEST_KEY:
        return "The path of its output is too long."
    error = folders.error(draft)
    return "" if error is None else str(error)
