"""Whether the owner of this computer lets a task do something here: asked with the real path, when it is about to."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from ffmate_desktop.domain.errors import ForbiddenScriptError, RetryElsewhereError
from ffmate_desktop.domain.permissions import Permissions


def check_script(permissions: Permissions, script: str) -> Path:
    """The real file to start. Raises RetryElsewhereError when it is not there, or may not run on this computer.

    What a link or `..` leads to is what counts, and is what is started.
    """
    path = Path(script)
    if permissions.scripts is not None and not permissions.scripts:
        error = ForbiddenScriptError(
            f"This computer doesn't run scripts, so it can't run “{script}”.",
            "The computer's owner can allow a folder of scripts: --allow-scripts DIR.",
            everywhere_message=f"No node can run the script “{script}”: none of {{nodes}} runs scripts.",
        )
        error.script = str(_real(path))
        raise error
    real = _real(path)
    try:
        is_file = stat.S_ISREG(real.stat().st_mode)
    except OSError as error:
        raise RetryElsewhereError(
            f"The script “{script}” doesn't exist on this computer.",
            "Scripts aren't sent to nodes. Each node needs them at the same path.",
            everywhere_message=f"No node has the script “{script}”: it doesn't exist on {{nodes}}.",
        ) from error
    if not is_file:
        raise RetryElsewhereError(f"The script “{script}” isn't a file.")
    if permissions.scripts is not None:
        folder = _within(real, permissions.scripts)
        if folder is None:
            raise _script_elsewhere(script, real)
        _refuse_if_anybody_may_change(real, folder)
    return real


def is_within(path: Path, folders: Iterable[Path]) -> bool:
    """Whether the real place of the path, which need not exist yet, lies below one of the folders."""
    return _within(_real(path), folders) is not None


def is_entry_within(path: Path, folders: Iterable[Path]) -> bool:
    """The same of the name itself, also when that is a link to somewhere else."""
    return _within(_real(path.parent) / path.name, folders) is not None


def is_own(path: Path, own: Iterable[Path]) -> bool:
    """Whether the path is one of these files and folders, which need not exist yet, or lies below one of them."""
    places = [
        place for real in (_real(path), _real(path.parent) / path.name) for place in (real, *real.parents)
    ]
    return any(_is_called(place, one) for one in own for place in places)


def _is_called(path: Path, other: Path) -> bool:
    """Whether two names mean one place, which need not exist, on a volume that may be blind to case."""
    if path.name.casefold() != other.name.casefold():
        return False
    folder = _identity(path.parent)
    return folder is not None and folder == _identity(other.parent)


def _script_elsewhere(script: str, real: Path) -> RetryElsewhereError:
    leads = "" if str(real) == script else f", which is {real},"
    error = ForbiddenScriptError(
        f"The script “{script}”{leads} isn't in a folder that this computer runs scripts from.",
        "Move it to an allowed folder, or allow its folder on that computer: --allow-scripts DIR. Name the script "
        "itself, not a program that runs it.",
    )
    error.script = str(real)
    return error


def _refuse_if_anybody_may_change(script: Path, folder: Path) -> None:
    """A folder that everybody on the computer can write to is no promise of its owner."""
    if os.name == "nt":
        return  # rights are lists there; the owner chose the folder
    real_folder = _real(folder)
    for path in (script, *script.parents):
        if path.stat().st_mode & stat.S_IWOTH:
            raise RetryElsewhereError(
                f"Everyone on this computer can change “{path}”, so the script won't run.",
                f"Remove that permission: chmod o-w {path}",
            )
        if path == real_folder:
            return


def _within(real: Path, folders: Iterable[Path]) -> Path | None:
    """By identity of folders, not by their names: volumes may be blind to case, or spell a name in several ways."""
    for folder in folders:
        wanted = _identity(folder)
        if wanted is not None and any(_identity(parent) == wanted for parent in real.parents):
            return folder
    return None


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
