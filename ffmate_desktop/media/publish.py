"""Moves finished outputs to their final names, and never destroys a file that it may not replace.

One file: the operation that moves the file also takes the name, so of several publishers exactly one gets a name.
A set of files (segments, numbered pictures): all names are checked first, then the files are moved one by one,
playlists last. If a name is taken meanwhile, the files moved so far are moved back. With RENAME, a set whose names
aren't all free goes into a new folder as a whole, since its files refer to each other by name. A file that the task
reads is never replaced.
"""

import errno
import itertools
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ffmate_desktop import logs
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.paths import numbered_path
from ffmate_desktop.domain.task import IfExists
from ffmate_desktop.media.inputs import reads_file
from ffmate_desktop.media.output_plan import OutputKind, OutputPlan, PlannedOutput
from ffmate_desktop.media.outputs import overwrites_input
from ffmate_desktop.media.rename import rename_to_free_name
from ffmate_desktop.media.temporaries import remove_temporary

_LISTS = frozenset({".m3u8", ".mpd", ".csv", ".txt", ".ffconcat"})  # name the other files of a set
_NO_SPACE = "There is no space left on the disk of “{}”."
_NOT_ALLOWED = "This user isn't allowed to write “{}”."
_TROUBLE = {
    errno.EACCES: (_NOT_ALLOWED, "Change its permissions, or choose another folder."),
    errno.EPERM: (_NOT_ALLOWED, "Change its permissions, or choose another folder."),
    errno.EROFS: ("The disk of “{}” is read-only.", "Choose another folder, or mount it for writing."),
    errno.ENOSPC: (_NO_SPACE, "Free some space, then restart the task."),
    errno.EDQUOT if sys.platform != "win32" else errno.ENOSPC: (_NO_SPACE, "Free some space, then restart the task."),
    errno.EFBIG: ("The file system of “{}” doesn't allow files of this size.", "Choose another disk (not FAT)."),
    errno.ENOENT: ("The folder of “{}” is gone.", "Is its disk or network share still connected?"),
    errno.ENOTDIR: ("A part of the path “{}” is a file, not a folder.", "Choose another output folder."),
    errno.EISDIR: ("“{}” is a folder.", "Choose another name for the output."),
    errno.EEXIST: ("“{}” already exists.", "Choose another name, or let the task rename or replace the file."),
    errno.ENAMETOOLONG: ("The name “{}” is too long for its file system.", "Choose a shorter name."),
    errno.EIO: ("The disk of “{}” reports an error.", "Check the disk or the connection to it."),
    errno.ESTALE if sys.platform != "win32" else errno.EIO: (
        "The network share of “{}” has gone away.", "Connect it again.",
    ),
}  # fmt: skip
_IN_USE = 32  # ERROR_SHARING_VIOLATION of Windows


def explain(error: OSError, path: Path) -> UserError:
    """The error as people read it, about what the file system refused at `path`."""
    if getattr(error, "winerror", None) == _IN_USE:
        return UserError(f"“{path}” is in use by another program.", "Close it there, then restart the task.")
    if error.errno == errno.ENOENT and path.parent.is_dir():
        return UserError(
            f"The temporary file of “{path}” is gone.",
            "Another node may have taken over the task. See its log.",
        )
    sentence, hint = _TROUBLE.get(
        error.errno or 0, (f"“{{}}” can't be written: {error.strerror or error}.", "")
    )
    return UserError(sentence.format(path), hint)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise explain(error, path) from error


def check_writable(folder: Path) -> None:
    """Raises UserError unless a file can be created in `folder`."""
    try:
        with tempfile.TemporaryFile(dir=folder, prefix=".ffd-check-"):
            pass
    except FileNotFoundError as error:
        if folder.is_dir():  # such as in /proc
            raise UserError(
                f"Can't create files in the folder “{folder}”.", "Choose another folder."
            ) from error
        raise UserError(
            f"The folder “{folder}” doesn't exist.", "Is its disk or network share connected?"
        ) from error
    except OSError as error:
        raise explain(error, folder) from error


def make_folders(plan: OutputPlan) -> None:
    """Creates the folders of the outputs, before anything is written. Raises UserError.

    A file that already has a temporary name of this claim isn't ours, and may be a link to another place: remove it.
    """
    for output in plan.outputs:
        if os.path.lexists(output.temporary):
            remove_temporary(output.temporary)
    for folder in plan.folders:
        with _explained(folder):
            folder.mkdir(parents=True, exist_ok=True)


def sync(plan: OutputPlan) -> None:
    """Flushes the temporary files to the disk, so that no published file is lost in a power cut."""
    for output in plan.outputs:
        files = [output.temporary] if output.kind is OutputKind.FILE else files_below(output.temporary)
        for file in files:
            with _explained(file):
                if output.kind is OutputKind.FOLDER and file.suffix.lower() == ".m3u8":
                    _name_final_folder(file, output)
                _sync_file(file)


def _name_final_folder(playlist: Path, output: PlannedOutput) -> None:
    """ffmpeg writes the address of a key with the temporary folder in it, as in its arguments."""
    text = playlist.read_bytes()
    temporary, target = os.fsencode(output.temporary), os.fsencode(output.target)
    if temporary in text:
        playlist.write_bytes(text.replace(temporary, target))


def publish(plan: OutputPlan, if_exists: IfExists) -> list[Path]:
    """Move all outputs to their final names; returns their paths, the main output first.

    Raises UserError if a name is taken (FAIL), a target is a folder or an input file, or the file system refuses.
    Files that were published before the error stay.
    """
    published: dict[Path, list[Path]] = {}
    for output in sorted(plan.outputs, key=lambda output: (output.side, output is not plan.main)):
        if output.temporary in published:
            continue  # two sets in one folder were moved together
        if output.kind is OutputKind.FILE:
            published[output.temporary] = [publish_file(plan, output, if_exists)]
        else:
            published[output.temporary] = publish_set(plan, output, if_exists)
    for folder in {path.parent for path in itertools.chain.from_iterable(published.values())}:
        sync_folder(folder)
    return list(itertools.chain.from_iterable(published.values()))


def publish_file(plan: OutputPlan, output: PlannedOutput, if_exists: IfExists) -> Path:
    """Move one file to its final name and return that; raises UserError."""
    if if_exists is not IfExists.RENAME:
        _move(plan, output.temporary, output.target, replace=if_exists is IfExists.REPLACE)
        return output.target
    for candidate in names(output.target):
        with _explained(candidate):
            try:
                rename_to_free_name(output.temporary, candidate)
            except FileExistsError:
                if not candidate.exists() or not output.temporary.samefile(candidate):
                    continue
                output.temporary.unlink()  # a second name of our own file: a node died between link and unlink
            return candidate
    raise AssertionError("names never end")


def taken(plan: OutputPlan) -> Path | None:
    """The first of the names still to be published that is taken."""
    for output in plan.outputs:
        if output.side:
            continue
        if output.kind is OutputKind.FILE:
            waiting = [output.target] if os.path.lexists(output.temporary) else []
        else:
            files = files_below(output.temporary)
            waiting = [output.target / file.relative_to(output.temporary) for file in files]
        for path in waiting:
            if os.path.lexists(path):
                return path
    return None


def names(path: Path) -> Iterator[Path]:
    """`name.ext`, `name-2.ext`, `name-3.ext` and so on."""
    yield path
    for number in itertools.count(2):
        yield Path(numbered_path(str(path), number))


def _move(plan: OutputPlan, source: Path, target: Path, *, replace: bool) -> None:
    for read in plan.inputs:
        if reads_file(read, target):
            raise overwrites_input(read, target)
    with _explained(target):
        if not replace:
            rename_to_free_name(source, target)
        elif target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        else:
            source.replace(target)


def publish_set(plan: OutputPlan, output: PlannedOutput, if_exists: IfExists) -> list[Path]:
    """Move all files of a set to their final folder; returns their paths. Raises UserError."""
    if output.side:
        return _publish_sides(plan, output, if_exists)
    files = [file.relative_to(output.temporary) for file in files_below(output.temporary)]
    files.sort(key=lambda file: (file.suffix.lower() in _LISTS, file))
    folder = output.target
    if if_exists is not IfExists.REPLACE:
        taken = next((folder / file for file in files if os.path.lexists(folder / file)), None)
        if taken is not None and if_exists is IfExists.FAIL:
            raise explain(FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)), taken)
        if taken is not None:
            folder = _new_folder(folder / set_name(output))
    try:
        move_all(plan, output.temporary, folder, files, replace=if_exists is IfExists.REPLACE)
    except UserError as error:
        if if_exists is not IfExists.RENAME or not isinstance(error.__cause__, FileExistsError):
            raise
        folder = _new_folder(folder / set_name(output))  # a name was taken meanwhile
        move_all(plan, output.temporary, folder, files, replace=False)
    remove_temporary(output.temporary)
    return [folder / file for file in files]


def _publish_sides(plan: OutputPlan, output: PlannedOutput, if_exists: IfExists) -> list[Path]:
    """Publish each file on its own. A log gets a number if its name is taken: no encode is lost over that."""
    policy = IfExists.REPLACE if if_exists is IfExists.REPLACE else IfExists.RENAME
    published = []
    for file in files_below(output.temporary):
        target = output.target / file.relative_to(output.temporary)
        with _explained(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        single = replace(output, kind=OutputKind.FILE, temporary=file, target=target)
        published.append(publish_file(plan, single, policy))
    remove_temporary(output.temporary)
    return published


def move_all(plan: OutputPlan, source: Path, folder: Path, files: list[Path], *, replace: bool) -> None:
    """Move these files (relative paths) of a set to their final folder: all of them, or none."""
    moved: list[Path] = []
    try:
        for file in files:
            with _explained(folder / file):
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
            _move(plan, source / file, folder / file, replace=replace)
            moved.append(file)
    except UserError:
        if not replace:  # all or nothing; what was replaced cannot come back
            for file in moved:
                (folder / file).replace(source / file)
        raise


def set_name(output: PlannedOutput) -> str:
    """Name of a set without numbers and extension, such as `frame` for `frame_%04d.png`."""
    return re.sub(r"%[-0-9]*[A-Za-z]|%%", "", Path(output.name).stem).strip("_-. ") or "output"


def _new_folder(path: Path) -> Path:
    for number in itertools.count(2):
        folder = path.with_name(f"{path.name}-{number}")
        with _explained(folder):
            try:
                folder.mkdir()
            except FileExistsError:
                continue
            return folder
    raise AssertionError("numbers never end")


def files_below(folder: Path) -> list[Path]:
    """Every file below a folder; no links, which ffmpeg doesn't make."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _sync_file(path: Path) -> None:
    # Windows flushes only files that are open for writing; elsewhere reading is enough, and always allowed
    descriptor = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk."""
    if sys.platform == "win32":  # NTFS journals names; a folder cannot be opened
        return
    try:
        _sync_file(folder)
    except OSError as error:  # some network file systems can't; the file itself is safe
        logs.task.debug("Can't flush the folder “%s”: %s", folder, error)
