"""What a node process that died left on this computer: processes and working folders; found and removed at a start.

Every node process works in a folder of its own and holds a lock beside it for as long as it lives; the system drops
the lock however it dies. Process numbers would not do: those of another container look dead, and they come again.
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
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.file_locks import FileLock
from ffmate_desktop.media.processes.table import ProcessTable, processes, with_descendants
from ffmate_desktop.private_files import make_private_folder

PATIENCE = 3.0
"""Seconds after which processes that hang in the kernel are left."""

_SUFFIX = ".lock"


class NodeFolder:
    """The working folder of one node process, inside a folder that nodes may share; also across containers.

    `owner` names it in the environment of the processes that this node starts.
    """

    def __init__(self, path: Path, lock: FileLock) -> None:
        self.path = path
        self.owner = quote(str(_lock_of(path)), errors="surrogateescape")
        self._lock = lock

    @classmethod
    def create(cls, parent: Path) -> Self:
        """A new one. Raises UserError when the disk refuses. Blocks, as all here: call it in a thread."""
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

    def end_leftovers(self) -> None:
        """End the processes of dead nodes of this user on this computer; remove their folders beside this one."""
        parent = self.path.parent
        if self._lock.is_free():
            logs.cluster.warning("File locks don't work in %s, so leftovers of dead nodes stay there", parent)
            return
        with contextlib.ExitStack() as held:
            dead: dict[Path, FileLock] = {}
            with _gate(parent):
                for path in parent.glob(f"*{_SUFFIX}"):
                    _judge(path, dead, held)
            ended = _end_processes(dead, held)
            folders = [path.with_suffix("") for path in dead if path.parent == parent]
            for folder in folders:
                _remove(folder, dead[_lock_of(folder)])
        if ended or folders:
            text = "Removed %d processes and %d working folders left by dead nodes"
            logs.cluster.info(text, ended, len(folders))

    def remove(self) -> None:
        """Remove it; nothing may work in it any more."""
        _remove(self.path, self._lock)


@contextlib.asynccontextmanager
async def node_folder(parent: Path) -> AsyncIterator[NodeFolder]:
    """A folder for this node process, after what dead ones left is gone; raises UserError when the disk refuses."""
    taking = asyncio.ensure_future(asyncio.to_thread(NodeFolder.create, parent))
    try:
        folder = await asyncio.shield(taking)
    except asyncio.CancelledError:  # the thread goes on
        with contextlib.suppress(UserError):
            await asyncio.to_thread((await taking).remove)
        raise
    try:
        try:
            await asyncio.to_thread(folder.end_leftovers)
        except OSError as trouble:
            logs.cluster.warning("Can't remove the leftovers of dead nodes in %s: %s", parent, trouble)
        yield folder
    finally:
        await asyncio.to_thread(folder.remove)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(folder.name + _SUFFIX)


@contextlib.contextmanager
def _gate(parent: Path) -> Iterator[None]:
    """Nobody judges while somebody makes a lock: for a moment a new lock is free, and looks like one of the dead."""
    gate = FileLock(parent / "gate")
    gate.acquire(exclusive=True, block=True)
    try:
        yield
    finally:
        gate.release()


def _judge(path: Path, dead: dict[Path, FileLock], held: contextlib.ExitStack) -> None:
    """Add the lock to `dead` if nobody holds it; we hold it then, so that two starts do not clean up together."""
    lock = FileLock(path)
    with contextlib.suppress(OSError):  # of another user, or gone
        if lock.acquire(exclusive=True):
            dead[path] = lock
            held.callback(lock.release)


def _remove(folder: Path, lock: FileLock) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()  # Windows removes no open file; the name never comes again
    with contextlib.suppress(OSError):
        _lock_of(folder).unlink()


def _end_processes(dead: dict[Path, FileLock], held: contextlib.ExitStack) -> int:
    """Kill what carries the mark of a dead node process, with descendants; returns how many these were."""
    deadline = time.monotonic() + PATIENCE
    judged: dict[Path, bool] = dict.fromkeys(dead, True)

    def is_dead(owner: str) -> bool:
        path = Path(unquote(owner, errors="surrogateescape"))  # as `create` resolved it
        if path not in judged:
            # Where there is no lock there is no answer: another container's, or a folder that somebody deleted.
            if path.is_absolute() and path.suffix == _SUFFIX and path.exists():
                _judge(path, dead, held)
            judged[path] = path in dead
        return judged[path]

    ended: set[int] = set()
    while (found := _left(processes(), is_dead)) and time.monotonic() < deadline:
        for pid in found:
            with contextlib.suppress(psutil.Error):
                psutil.Process(pid).kill()
        ended |= found
        time.sleep(0.005)
    return len(ended)


def _left(table: ProcessTable, is_dead: Callable[[str], bool]) -> set[int]:
    roots = []
    for entry in table.values():
        owner, sharp, _ = entry.mark.rpartition("#")
        if sharp and is_dead(owner):
            roots.append(entry.pid)
    return with_descendants(table, roots) - _lineage(table)


def _lineage(table: ProcessTable) -> set[int]:
    """This process and those above it, which may have been started by a node that has died since."""
    found: set[int] = set()
    pid = os.getpid()
    while pid in table and pid not in found:
        found.add(pid)
        pid = table[pid].parent
    return found
