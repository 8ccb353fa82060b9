"""Find and remove what dead node processes left on this computer: processes and working folders.

Every node process has its own working folder and holds a lock next to it while it lives. The system releases the lock
however the process dies. PIDs aren't enough: those of another container look dead, and they are reused.
"""

import asyncio
import contextlib
import os
import shutil
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Self
from urllib.parse import quote, unquote

import psutil

from ffmate_desktop import logs
from ffmate_desktop.domain.counts import counted
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.file_locks import FileLock
from ffmate_desktop.media.processes.table import ProcessTable, processes, with_descendants
from ffmate_desktop.private_files import make_private_folder

PATIENCE = 3.0
"""Seconds after which processes that hang in the kernel are given up."""

_SUFFIX = ".lock"


class NodeFolder:
    """The working folder of one node process, inside a folder that nodes may share, even across containers.

    `owner` identifies it in the environment of the processes that this node starts.
    """

    def __init__(self, path: Path, lock: FileLock) -> None:
        self.path = path
        self.owner = quote(str(_lock_of(path)), errors="surrogateescape")
        self._lock = lock

    @classmethod
    def create(cls, parent: Path) -> Self:
        """Create a new folder. Raises UserError if the disk refuses. Like all methods, it blocks: use a thread."""
        path = parent.resolve() / uuid.uuid4().hex[:16]
        lock = FileLock(_lock_of(path))
        try:
            make_private_folder(parent)
            with _gate(parent):
                lock.acquire(exclusive=True)
            make_private_folder(path)
        except OSError as trouble:
            lock.release()
            raise UserError(
                f"Can't use {parent} as a working folder: {trouble.strerror or trouble}.",
                "Free up some space or change its permissions, or choose another folder with --data-dir.",
            ) from trouble
        return cls(path, lock)

    def remove_leftovers(self) -> None:
        """End the processes of this user's dead nodes on this computer, and remove their folders next to this one."""
        parent = self.path.parent
        if self._lock.is_free():
            logs.cluster.warning("File locks don't work in %s, so leftovers of dead nodes stay there", parent)
            return
        with contextlib.ExitStack() as held:
            dead: dict[Path, FileLock] = {}
            with _gate(parent):
                for path in parent.glob(f"*{_SUFFIX}"):
                    _take_if_dead(path, dead, held)
            ended = _end_processes(dead, held)
            folders = [path.with_suffix("") for path in dead if path.parent == parent]
            for folder in folders:
                _remove(folder, dead[_lock_of(folder)])
        if ended or folders:
            logs.cluster.info(
                "Ended %s and removed %s that dead nodes left behind",
                "1 process" if ended == 1 else f"{ended} processes",
                counted(len(folders), "working folder"),
            )

    def remove(self) -> None:
        """Remove the folder. Nothing may use it anymore."""
        _remove(self.path, self._lock)


@contextlib.asynccontextmanager
async def node_folder(parent: Path) -> AsyncIterator[NodeFolder]:
    """Create a folder for this node process and remove what dead ones left. Raises UserError if the disk refuses."""
    creation = asyncio.ensure_future(asyncio.to_thread(NodeFolder.create, parent))
    try:
        folder = await asyncio.shield(creation)
    except asyncio.CancelledError:  # the thread continues
        with contextlib.suppress(UserError):
            await asyncio.to_thread((await creation).remove)
        raise
    try:
        try:
            await asyncio.to_thread(folder.remove_leftovers)
        except OSError as trouble:
            logs.cluster.warning("Can't remove the leftovers of dead nodes in %s: %s", parent, trouble)
        yield folder
    finally:
        await asyncio.to_thread(folder.remove)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(folder.name + _SUFFIX)


@contextlib.contextmanager
def _gate(parent: Path) -> Iterator[None]:
    """Prevent cleanup while a lock is created: a new lock is briefly free, and would look like a dead node's."""
    gate = FileLock(parent / "gate")
    gate.acquire(exclusive=True, block=True)
    try:
        yield
    finally:
        gate.release()


def _take_if_dead(path: Path, dead: dict[Path, FileLock], held: contextlib.ExitStack) -> None:
    """Add the lock to `dead` if it is free. Hold it then, so that two nodes don't clean up at the same time."""
    lock = FileLock(path)
    with contextlib.suppress(OSError):  # belongs to another user, or was deleted
        if lock.acquire(exclusive=True):
            dead[path] = lock
            held.callback(lock.release)


def _remove(folder: Path, lock: FileLock) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()  # Windows can't delete an open file; the name is never reused
    with contextlib.suppress(OSError):
        _lock_of(folder).unlink()


def _end_processes(dead: dict[Path, FileLock], held: contextlib.ExitStack) -> int:
    """Kill the processes with the mark of a dead node, and their descendants. Return how many."""
    deadline = time.monotonic() + PATIENCE
    is_owner_dead: dict[Path, bool] = dict.fromkeys(dead, True)

    def is_dead(owner: str) -> bool:
        path = Path(unquote(owner, errors="surrogateescape"))  # as `create` resolved it
        if path not in is_owner_dead:
            # Without a lock it is unknown: it belongs to another container, or its folder was deleted.
            if path.is_absolute() and path.suffix == _SUFFIX and path.exists():
                _take_if_dead(path, dead, held)
            is_owner_dead[path] = path in dead
        return is_owner_dead[path]

    ended: set[int] = set()
    while (found := _marked_by_dead(processes(), is_dead)) and time.monotonic() < deadline:
        for pid in found:
            with contextlib.suppress(psutil.Error):
                psutil.Process(pid).kill()
        ended |= found
        time.sleep(0.005)
    return len(ended)


def _marked_by_dead(table: ProcessTable, is_dead: Callable[[str], bool]) -> set[int]:
    roots = []
    for entry in table.values():
        owner, sharp, _ = entry.mark.rpartition("#")
        if sharp and is_dead(owner):
            roots.append(entry.pid)
    return with_descendants(table, roots) - _ancestry(table)


def _ancestry(table: ProcessTable) -> set[int]:
    """Return this process and its ancestors. A node that has died since may have started them."""
    found: set[int] = set()
    pid = os.getpid()
    while pid in table and pid not in found:
        found.add(pid)
        pid = table[pid].parent
    return found
