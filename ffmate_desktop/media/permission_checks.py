"""Check what the owner of this computer allows a task to do. The checks use real paths, right before the action."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from ffmate_desktop.domain.errors import ForbiddenScriptError, RetryElsewhereError
from ffmate_desktop.domain.permissions import Permissions


def permitted_script(permissions: Permissions, script: str) -> Path:
    """Return the real file to start, after following links and `..`.

    Raises RetryElsewhereError if it doesn't exist or isn't allowed to run on this computer.
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
            raise _script_not_allowed(script, real)
        _refuse_if_everyone_can_write(real, folder)
    return real


def is_within(path: Path, folders: Iterable[Path]) -> bool:
    """Return whether the real path, which may not exist yet, is below one of the folders."""
    return _within(_real(path), folders) is not None


def is_entry_within(path: Path, folders: Iterable[Path]) -> bool:
    """Return whether the name itself is below one of the folders, even if it links somewhere else."""
    return _within(_real(path.parent) / path.name, folders) is not None


def is_own(path: Path, own: Iterable[Path]) -> bool:
    """Return whether the path is one of these files and folders, or below one of them. They may not exist yet."""
    candidates = [
        candidate
        for real in (_real(path), _real(path.parent) / path.name)
        for candidate in (real, *real.parents)
    ]
    return any(_is_same_entry(candidate, entry) for entry in own for candidate in candidates)


def _is_same_entry(path: Path, other: Path) -> bool:
    """Return whether two paths name the same directory entry, which may not exist. The volume may ignore case."""
    if path.name.casefold() != other.name.casefold():
        return False
    folder = _identity(path.parent)
    return folder is not None and folder == _identity(other.parent)


def _script_not_allowed(script: str, real: Path) -> RetryElsewhereError:
    resolved = "" if str(real) == script else f", which is {real},"
    error = ForbiddenScriptError(
        f"The script “{script}”{resolved} isn't in a folder that this computer runs scripts from.",
        "Move it to an allowed folder, or allow its folder on that computer: --allow-scripts DIR. Name the script "
        "itself, not a program that runs it.",
    )
    error.script = str(real)
    return error


def _refuse_if_everyone_can_write(script: Path, folder: Path) -> None:
    """If everyone can write to a folder, its owner doesn't control what is in it."""
    if os.name == "nt":
        return  # permissions are access lists there; the owner chose the folder
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
    """Compare folders by identity, not by name: volumes may ignore case or spell a name in several ways."""
    for folder in folders:
        identity = _identity(folder)
        if identity is not None and any(_identity(parent) == identity for parent in real.parents):
            return folder
    return None


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
