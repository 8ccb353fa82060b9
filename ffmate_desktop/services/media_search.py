"""Finds the media files in dropped files and folders, and where they are in the tree."""

import asyncio
import os
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.media_files import is_media
from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.domain.task import NewTask

MAX_FILES = 20_000
MAX_DEPTH = 64
PROGRESS_EVERY = 200
LITERAL_KEY = "ffmate_literal"
"""The metadata key that replaces a literal `${` in a folder's name."""


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file, and its folder relative to the parent of the dropped folder; "" if the file itself was dropped."""

    path: str
    tree: str


@dataclass(frozen=True, slots=True)
class MediaSearchResult:
    """Files sorted by name. `skipped` counts files that aren't media, `own` those that the cluster wrote;
    `unreadable` folders couldn't be opened; `is_truncated` means the limit was reached."""

    files: tuple[MediaFile, ...]
    skipped: int
    unreadable: tuple[str, ...]
    is_truncated: bool
    own: int = 0

    @property
    def in_folders(self) -> list[str]:
        """The files found in dropped folders, without those dropped themselves."""
        return [file.path for file in self.files if file.tree]

    def without(self, own: Collection[str]) -> "MediaSearchResult":
        """The result without these files, which the cluster wrote."""
        remaining = tuple(file for file in self.files if file.path not in own)
        return replace(self, files=remaining, own=len(self.files) - len(remaining))


async def find_media(
    paths: Sequence[str], *, on_progress: Callable[[int], None] | None = None, limit: int = MAX_FILES
) -> MediaSearchResult:
    """Find the dropped files, with any name, and all media files below dropped folders.

    `on_progress(files)` is called on the event loop while a thread searches. Links to folders aren't followed.
    Cancelling stops the thread soon.
    """
    loop, stop = asyncio.get_running_loop(), threading.Event()

    def report(number: int) -> None:
        if on_progress is not None:
            loop.call_soon_threadsafe(on_progress, number)

    try:
        return await asyncio.to_thread(_find, paths, report, limit, stop)
    finally:
        stop.set()


def _find(
    paths: Sequence[str], report: Callable[[int], None], limit: int, stop: threading.Event
) -> MediaSearchResult:
    files: list[MediaFile] = []
    unreadable: list[str] = []
    skipped, is_truncated = 0, False
    for path, tree in _walk(paths, unreadable, stop):
        if tree and not is_media(path):
            skipped += 1
            continue
        if len(files) == limit:
            is_truncated = True
            break
        files.append(MediaFile(path, tree))
        if len(files) % PROGRESS_EVERY == 0:
            report(len(files))
    return MediaSearchResult(tuple(files), skipped, tuple(unreadable), is_truncated)


def _walk(paths: Sequence[str], unreadable: list[str], stop: threading.Event) -> Iterator[tuple[str, str]]:
    for path in dict.fromkeys(paths):
        if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for a name that is too long
            yield from _below(path, Path(path).name or "files", unreadable, stop, MAX_DEPTH)
        else:
            yield path, ""


def _below(
    folder: str, tree: str, unreadable: list[str], stop: threading.Event, depth: int
) -> Iterator[tuple[str, str]]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name.lower())
    except OSError:
        unreadable.append(folder)
        return
    for entry in entries:
        if stop.is_set():
            return
        if entry.is_dir(follow_symlinks=False):
            if depth and not entry.name.startswith("."):
                inside = f"{tree}{os.sep}{entry.name}"
                yield from _below(entry.path, inside, unreadable, stop, depth - 1)
        elif entry.is_file():
            yield entry.path, tree


def with_output_folder(new: NewTask, folder: str, tree: str, preset: Preset | None) -> NewTask:
    """The task with its output in `folder`/`tree`, under the name from its pattern.

    Folder names are literal, even if they look like a wildcard. Raises UsageError if there is no pattern.
    """
    pattern = new.output_file or (preset.output_file if preset else "")
    name = pattern.replace("\\", "/").rpartition("/")[2]
    if not name:
        raise UsageError(
            "The task has no pattern for its output name.", "Add one, for example ${INPUT_FILE_BASENAME}.mp4"
        )
    place = str(Path(folder, tree))
    metadata = dict(new.metadata)
    if "${" in place:
        place = place.replace("${", f"${{METADATA_{LITERAL_KEY}}}")
        metadata[LITERAL_KEY] = "${"
    return new.model_copy(update={"output_file": f"{place}{os.sep}{name}", "metadata": metadata})
