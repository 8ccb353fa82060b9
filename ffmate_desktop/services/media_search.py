"""Dropped files and folders: every media file below them, and its place in the tree."""

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
"""The word of a task's metadata that stands for a `${` in a folder's name."""


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file, and the folder below the dropped one that it is in, beginning with the dropped one's name; "" when it
    was dropped itself."""

    path: str
    tree: str


@dataclass(frozen=True, slots=True)
class MediaSearchResult:
    """Files in the order of their names. `skipped` files are no media, `own` ones were written by the cluster;
    `unreadable` folders could not be entered; `is_truncated` when there are more than were asked for."""

    files: tuple[MediaFile, ...]
    skipped: int
    unreadable: tuple[str, ...]
    is_truncated: bool
    own: int = 0

    @property
    def in_folders(self) -> list[str]:
        """The files that nobody named: they are in a folder that was dropped."""
        return [file.path for file in self.files if file.tree]

    def without(self, own: Collection[str]) -> "MediaSearchResult":
        """The same without these files, which the cluster wrote."""
        kept = tuple(file for file in self.files if file.path not in own)
        return replace(self, files=kept, own=len(self.files) - len(kept))


async def find_media(
    paths: Sequence[str], *, on_progress: Callable[[int], None] | None = None, limit: int = MAX_FILES
) -> MediaSearchResult:
    """Everything dropped: a file as it is, whatever its name; of a folder every media file below it.

    `on_progress(files)` is called on the loop while a thread looks. Links to folders are not followed. Cancelling
    ends the thread soon.
    """
    loop, over = asyncio.get_running_loop(), threading.Event()

    def tell(number: int) -> None:
        if on_progress is not None:
            loop.call_soon_threadsafe(on_progress, number)

    try:
        return await asyncio.to_thread(_find, paths, tell, limit, over)
    finally:
        over.set()


def _find(
    paths: Sequence[str], tell: Callable[[int], None], limit: int, over: threading.Event
) -> MediaSearchResult:
    files: list[MediaFile] = []
    unreadable: list[str] = []
    skipped, is_truncated = 0, False
    for path, tree in _walk(paths, unreadable, over):
        if tree and not is_media(path):
            skipped += 1
            continue
        if len(files) == limit:
            is_truncated = True
            break
        files.append(MediaFile(path, tree))
        if len(files) % PROGRESS_EVERY == 0:
            tell(len(files))
    return MediaSearchResult(tuple(files), skipped, tuple(unreadable), is_truncated)


def _walk(paths: Sequence[str], unreadable: list[str], over: threading.Event) -> Iterator[tuple[str, str]]:
    for path in dict.fromkeys(paths):
        if os.path.isdir(path):  # noqa: PTH112 - that of a Path raises when it is too long
            yield from _below(path, Path(path).name or "files", unreadable, over, MAX_DEPTH)
        else:
            yield path, ""


def _below(
    folder: str, tree: str, unreadable: list[str], over: threading.Event, depth: int
) -> Iterator[tuple[str, str]]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name.lower())
    except OSError:
        unreadable.append(folder)
        return
    for entry in entries:
        if over.is_set():
            return
        if entry.is_dir(follow_symlinks=False):
            if depth and not entry.name.startswith("."):
                inside = f"{tree}{os.sep}{entry.name}"
                yield from _below(entry.path, inside, unreadable, over, depth - 1)
        elif entry.is_file():
            yield entry.path, tree


def with_output_folder(new: NewTask, folder: str, tree: str, preset: Preset | None) -> NewTask:
    """The task with its output in `folder`, below it in `tree`, under the name that its pattern gives.

    Names of folders are taken as they are, also when they look like a wildcard. Raises UsageError without a pattern.
    """
    pattern = new.output_file or (preset.output_file if preset else "")
    name = pattern.replace("\\", "/").rpartition("/")[2]
    if not name:
        raise UsageError(
            "The task has no pattern for the name of its output.", "For example ${INPUT_FILE_BASENAME}.mp4"
        )
    place = str(Path(folder, tree))
    metadata = dict(new.metadata)
    if "${" in place:
        place = place.replace("${", f"${{METADATA_{LITERAL_KEY}}}")
        metadata[LITERAL_KEY] = "${"
    return new.model_copy(update={"output_file": f"{place}{os.sep}{name}", "metadata": metadata})
