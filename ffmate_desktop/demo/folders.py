"""The folders of the demo: created, searched for leftovers, and removed on success."""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from ffmate_desktop import logs
from ffmate_desktop.db.embedded import database
from ffmate_desktop.domain.errors import UsageError, UserError

GONE_PATIENCE = 3.0
"""Seconds for processes to end after they were asked to."""


@dataclass(slots=True)
class DemoFolders:
    """The folders of a demo. `root` is removed at the end unless `keep` is set; `clips` may be outside of it."""

    root: Path
    clips: Path
    outputs: Path
    alone: Path
    keep: bool = False

    @property
    def data(self) -> Path:
        """The data folder of the nodes, with their embedded database."""
        return self.root / "data"

    def temporary_files(self) -> list[Path]:
        """Unfinished outputs, which no node may leave behind."""
        return sorted(path for folder in (self.clips, self.outputs) for path in folder.rglob(".ffd-*"))


@asynccontextmanager
async def open_place(keep_in: Path | None) -> AsyncIterator[DemoFolders]:
    """New folders, with clips and outputs in `keep_in`, if given. Raises UserError.

    At the end everything except `keep_in` is removed, also after an interruption. After an error it stays, so that
    people can see what happened.
    """
    place = await asyncio.to_thread(_make, keep_in)
    try:
        yield place
    except UserError as error:
        place.keep = True
        raise UserError(f"{error}\nThe files are in {place.root}.") from error
    except Exception:  # a defect: keep the files
        place.keep = True
        raise
    finally:
        if not place.keep:
            await _remove(place)


def _make(keep_in: Path | None) -> DemoFolders:
    if keep_in is not None:
        try:
            keep_in.mkdir(parents=True, exist_ok=True)
            if any(keep_in.iterdir()):
                raise UsageError(f"The folder “{keep_in}” isn't empty.", "Choose a new one.")
        except OSError as error:
            raise UserError(f"Can't use the folder “{keep_in}”: {error.strerror}.") from error
    root = Path(tempfile.mkdtemp(prefix="ffmate-demo-")).resolve()
    root.chmod(0o711)  # as root, the database server runs as another user, who must be able to enter
    base = root if keep_in is None else keep_in.resolve()
    place = DemoFolders(root, base / "clips", base / "outputs", base / "one after another")
    for folder in (place.data, place.clips, place.outputs, place.alone):
        folder.mkdir()
    return place


async def _remove(place: DemoFolders) -> None:
    status = await database.status(place.data)
    homes = [status.folder] if status is not None else []  # for root it may be outside of our folder
    for folder in (*homes, place.alone, place.root):
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        if folder.exists():
            logs.root.warning("Couldn't remove the folder %s", folder)


async def processes_left(folder: Path) -> list[str]:
    """Processes that still work in this folder, or name it in their command, after a short wait."""
    deadline = time.monotonic() + GONE_PATIENCE
    while True:
        found = await asyncio.to_thread(_processes_of, folder)
        if not found or time.monotonic() > deadline:
            return found
        await asyncio.sleep(0.1)


def _processes_of(folder: Path) -> list[str]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and _belongs(process, folder):
                found.append(f"{process.name()} ({process.pid})")
        except (psutil.Error, OSError):  # it has just ended, belongs to another user, or its path is too long
            continue
    return found


def _belongs(process: psutil.Process, folder: Path) -> bool:
    if any(str(folder) in word for word in process.cmdline()):
        return True
    return Path(process.cwd()).is_relative_to(folder)
