"""Walks a tree and reports the files that are new or changed. Blocks: call it in a thread."""

import heapq
import os
import threading
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import starmap
from typing import overload

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.file_record import ScannedFile
from ffmate_desktop.domain.watch_rules import LOCK, FileRules, is_ignored
from ffmate_desktop.domain.watch_version import is_lasting
from ffmate_desktop.storage.numbering import INODES, Numbering, numbering_of

SORTED = 2000
"""Names that are sorted at once, in about a millisecond."""

DEEPEST = 200
"""The deepest nesting of folders; a deeper tree is a mistake."""

Fingerprint = int
"""Path, size, time, inode and lock of a file as one number, valid in this process only."""


def fingerprint(path: str, size: int, mtime: int, inode: int, locked: bool = False) -> Fingerprint:
    """The number of a version of a file; `inode` is 0 where inodes don't last."""
    return hash((path, size, mtime, inode, locked))


def find_numbering(root: str) -> Numbering:
    """How files below this folder are numbered. Raises UnreachableError."""
    try:
        return numbering_of(root)
    except OSError as error:
        raise UnreachableError(_unreachable(root, error)) from error


def walk_fingerprint(found: ScannedFile, view: int, locked: bool = False) -> Fingerprint:
    """The fingerprint that a walk with this view computes for the file."""
    return fingerprint(found.path, found.size, found.mtime, found.inode if is_lasting(view) else 0, locked)


class WalkStoppedError(Exception):
    """The walk was ended from outside."""


class UnreachableError(UserError):
    """This computer can't reach or read the folder."""


class FoundFiles(Sequence[ScannedFile]):
    """Files in the order in which they were found.

    Stored as plain tuples, which the garbage collector ignores: traversing a hundred thousand objects would stop
    every thread for 40 ms.
    """

    def __init__(self) -> None:
        self._plain: list[tuple[str, int, int, int, bool]] = []

    def add(self, path: str, size: int, mtime: int, inode: int, locked: bool) -> None:
        """Add a file, with the fields of `ScannedFile`."""
        self._plain.append((path, size, mtime, inode, locked))

    def __len__(self) -> int:
        return len(self._plain)

    def __iter__(self) -> Iterator[ScannedFile]:
        return starmap(ScannedFile, self._plain)

    @overload
    def __getitem__(self, which: int) -> ScannedFile: ...
    @overload
    def __getitem__(self, which: slice) -> list[ScannedFile]: ...
    def __getitem__(self, which: int | slice) -> ScannedFile | list[ScannedFile]:
        if isinstance(which, slice):
            return [ScannedFile(*plain) for plain in self._plain[which]]
        return ScannedFile(*self._plain[which])


@dataclass(slots=True)
class Walked:
    """The result of a walk. `changed_files` are new or changed, sorted by name in each folder; `missing` are the
    known fingerprints that were not seen.

    `root` is (device, inode) of the folder. `unreadable` has paths below the root that couldn't be read, each with a
    sentence. `files` counts all files.
    """

    root: tuple[int, int]
    missing: dict[Fingerprint, int]
    changed_files: FoundFiles = field(default_factory=FoundFiles)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    files: int = 0
    seen_known: bool = False
    """At least one known file was seen."""
    is_empty: bool = True
    """The folder is empty."""
    mounts: list[str] = field(default_factory=list)
    """Folders below the root where another file system is mounted, or was and is missing."""


class Walker:
    """One walk over the tree at `root`.

    `rules` decide which folders are entered. `known` are the fingerprints of files that need nothing; `foreign` are
    fingerprints without inode, of records whose inode means nothing here. The paths in `open_ones` are always
    reported. `device` is where inodes last (`Numbering`). `mounts` are folders where other file systems were mounted
    before: if such a folder is empty, it counts as unreadable.

    `steps` grows while the storage answers; `end` makes the walk raise WalkEndedError soon.
    """

    def __init__(
        self,
        root: str,
        rules: FileRules,
        known: dict[Fingerprint, int],
        foreign: dict[Fingerprint, int] | None = None,
        open_ones: Container[str] = (),
        *,
        device: int | None = None,
        mounts: Container[str] = (),
    ) -> None:
        self._root = root
        self._rules = rules
        self._known = known
        self._foreign = foreign or {}
        self._open = open_ones
        self._device = device
        self._mounts = mounts
        self._over = threading.Event()
        self._walked = Walked((0, 0), {})
        self.steps = 0
        self._links: list[tuple[str, str, int]] = []
        self._followed: list[str] = []

    def end(self) -> None:
        """End the walk at its next folder."""
        self._over.set()

    def walk(self) -> Walked:
        """Raises UnreachableError when the root cannot be read."""
        self._walked.missing = dict(self._known)
        self._foreign = dict(self._foreign)
        try:
            status = os.stat(self._root)  # noqa: PTH116 - a text is what there is
            self._walked.root = (status.st_dev, status.st_ino & INODES)
            self._walked.is_empty = _is_empty(self._root)
            self._followed.append(os.path.realpath(self._root))
            self._below(self._root, "", 0, status.st_dev)
        except OSError as error:
            raise UnreachableError(_unreachable(self._root, error)) from error
        while self._links:  # real folders first: the path without links counts
            self._links.sort(reverse=True)
            relative, path, depth = self._links.pop()
            self._follow(relative, path, depth)
        self._walked.missing |= self._foreign
        return self._walked

    def _follow(self, relative: str, path: str, depth: int) -> None:
        """Follow a link to a folder, unless that is part of the walked folders or contains one of them."""
        real = os.path.realpath(path)
        if any(_is_within(real, other) or _is_within(other, real) for other in self._followed):
            return
        self._followed.append(real)
        self._enter(path, relative, depth, self._walked.root[0])

    def _enter(self, path: str, relative: str, depth: int, parent: int) -> None:
        try:
            device = os.stat(path).st_dev  # noqa: PTH116 - as above
            if device != parent:
                self._walked.mounts.append(relative)
            elif relative in self._mounts and _is_empty(path):
                self._walked.mounts.append(relative)
                sentence = f"The folder “{relative}” is empty: its disk or share isn't mounted."
                self._walked.unreadable.append((relative, sentence))
                return
            self._below(path, relative, depth, device)
        except OSError as error:
            sentence = f"The folder “{relative}” can't be read: {error.strerror or error}."
            self._walked.unreadable.append((relative, sentence))

    def _below(self, folder: str, relative: str, depth: int, device: int) -> None:
        if self._over.is_set():
            raise WalkStoppedError
        self.steps += 1
        prefix = f"{relative}/" if relative else ""
        folders: list[tuple[str, str]] = []
        files: list[os.DirEntry[str]] = []
        locks: set[str] = set()
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                try:
                    if entry.is_dir():
                        inside = prefix + name
                        if depth < DEEPEST and self._rules.enters(inside, name):
                            if entry.is_symlink():
                                self._links.append((inside, entry.path, depth + 1))
                            else:
                                folders.append((inside, entry.path))
                    elif name.endswith(LOCK):
                        locks.add(name[: -len(LOCK)])
                    elif entry.is_file() and not is_ignored(name):
                        files.append(entry)
                except OSError:  # for example a circular link
                    continue
        for file in _in_order(files):
            self._look_at(file, prefix + file.name, bool(locks) and file.name in locks)
        for inside, path in sorted(folders):
            self._enter(path, inside, depth + 1, device)

    def _look_at(self, file: "os.DirEntry[str]", path: str, locked: bool) -> None:
        try:
            status = file.stat()
        except OSError:  # gone since
            return
        walked = self._walked
        walked.files += 1
        self.steps += 1
        size, mtime = status.st_size, status.st_mtime_ns // 1000
        inode = lasting = status.st_ino & INODES
        if status.st_dev != self._device:  # another file system, or one without lasting inodes
            lasting = 0
            if self._device is not None:
                inode = 0
        if path not in self._open and self._is_known(path, size, mtime, lasting, locked):
            walked.seen_known = True
            return
        if not path.isascii() and not _is_text(path):
            shown = path.encode("utf-8", "replace").decode()
            walked.unreadable.append((shown, f"The file name “{shown}” isn't valid text. Rename the file."))
            return
        if os.name == "nt":  # folder entries update the size of an open file late
            try:
                status = os.stat(file.path)  # noqa: PTH116 - a text is what there is
            except OSError:
                return
            size, mtime, inode = status.st_size, status.st_mtime_ns // 1000, status.st_ino & INODES
        walked.changed_files.add(path, size, mtime, inode, locked)

    def _is_known(self, path: str, size: int, mtime: int, inode: int, locked: bool) -> bool:
        missing = self._walked.missing
        is_known = missing.pop(fingerprint(path, size, mtime, inode), None) is not None or (
            locked and missing.pop(fingerprint(path, size, mtime, inode, True), None) is not None
        )
        # Also if it is known: another node may have recorded it since, and it isn't missing there either.
        return is_known | (
            bool(self._foreign)
            and (
                self._foreign.pop(fingerprint(path, size, mtime, 0), None) is not None
                or self._foreign.pop(fingerprint(path, size, mtime, 0, locked), None) is not None
            )
        )


def _in_order(files: "list[os.DirEntry[str]]") -> "Iterator[os.DirEntry[str]]":
    """Sort by name, a long list in pieces: no other thread runs during a sort."""
    pieces = [sorted(files[start : start + SORTED], key=_name) for start in range(0, len(files), SORTED)]
    return heapq.merge(*pieces, key=_name)


def _name(entry: "os.DirEntry[str]") -> str:
    return entry.name


def _is_empty(folder: str) -> bool:
    with os.scandir(folder) as entries:
        return next(iter(entries), None) is None


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _is_text(path: str) -> bool:
    """Bytes that aren't UTF-8 can be stored; unpaired surrogates of Windows can't."""
    try:
        path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _unreachable(root: str, error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return f"The folder “{root}” doesn't exist."
        case NotADirectoryError():
            return f"“{root}” isn't a folder."
        case PermissionError():
            return f"No permission to read the folder “{root}”."
        case _:
            return f"The folder “{root}” doesn't answer: {error.strerror or error}."
