"""What the owner of this computer lets tasks do here: said in the window or on the command line, and kept here.

Nothing of it is in the database: whoever can write there can queue commands, and must not be able to allow them too.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.permissions import Permissions
from ffmate_desktop.domain.wrong_data import READ_ERRORS, read_error_text
from ffmate_desktop.private_files import make_data_folder, own_paths, read_file, write_private


@dataclass(frozen=True, slots=True)
class Allowed:
    """Folders that were named; for `read` and `write` none means that there is no limit."""

    scripts: tuple[Path, ...] = ()
    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()


class PermissionService:
    """`given` is what this run of the program was started with; `file` keeps what the owner chose otherwise.

    With `trusts_queue` nobody but this account can queue tasks: scripts may lie anywhere then, until a folder is
    named. A running node asks `current` for each task, so a change holds at once. Both properties and methods raise
    UserError while the file is damaged.
    """

    def __init__(self, file: Path, given: Allowed, *, trusts_queue: bool) -> None:
        self._file = file
        self._given = given
        self._trusts_queue = trusts_queue
        self._chosen: Allowed | None = None
        self._listeners: list[Callable[[str], None]] = []

    @property
    def chosen(self) -> Allowed:
        """What the owner chose; what the program was started with is not in it."""
        if self._chosen is None:
            self._chosen = _load(self._file)
        return self._chosen

    @property
    def given(self) -> Allowed:
        """What only another start of the program changes."""
        return self._given

    def current(self) -> Permissions:
        """What holds now."""
        scripts, read, write = (
            tuple(dict.fromkeys((*one, *other)))
            for one, other in zip(_parts(self._given), _parts(self.chosen), strict=True)
        )
        return Permissions(
            scripts=scripts or (None if self._trusts_queue else ()),
            read=read or None,
            write=write or None,
            own=own_paths(self._file.parent),
        )

    @property
    def trusts_queue(self) -> bool:
        """Nobody but this account can queue tasks."""
        return self._trusts_queue

    def on_refused(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Hear of each script that was refused here, until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell_refused(self, script: str) -> None:
        """A task was refused here because of this script, which is there."""
        for listener in list(self._listeners):
            listener(script)

    def question(self, folder: Path) -> str:
        """What the owner is asked before a folder of scripts is allowed."""
        who = (
            "Only tasks of this computer run here"
            if self._trusts_queue
            else "Everybody who can write to the database of the queue can queue tasks"
        )
        return (
            f"Run scripts from “{folder}” on this computer? {who}. A task may then start any program in this folder, "
            "with any file names and arguments, and with all rights of your account. Choose a folder that holds "
            "nothing but scripts for tasks, and that only you can change."
        )

    def allow_scripts(self, folder: Path) -> None:
        """Run scripts from this folder too; raises UserError when it is no folder, or cannot be written down."""
        self.choose(replace(self.chosen, scripts=_added(self.chosen.scripts, folder)))

    def forbid_scripts(self, folder: Path) -> None:
        """Run scripts from this folder no more."""
        self.choose(replace(self.chosen, scripts=tuple(p for p in self.chosen.scripts if p != folder)))

    def choose(self, allowed: Allowed) -> None:
        """Let this be what the owner chose. Raises UserError when it cannot be written down; then nothing changes."""
        for folder in (*allowed.scripts, *allowed.read, *allowed.write):
            if not folder.is_absolute():
                raise UserError(f"“{folder}” is not a whole path.")
        data = {name: [str(path) for path in paths] for name, paths in asdict(allowed).items()}
        try:
            make_data_folder(self._file.parent, own=False)
            write_private(self._file, json.dumps(data, indent=2).encode())
        except (OSError, UnicodeEncodeError) as error:
            raise UserError(f"The choice could not be kept in {self._file}: {error}.") from error
        self._chosen = allowed


def _parts(allowed: Allowed) -> tuple[tuple[Path, ...], ...]:
    return allowed.scripts, allowed.read, allowed.write


def _added(folders: tuple[Path, ...], folder: Path) -> tuple[Path, ...]:
    if not folder.is_dir():
        raise UserError(f"There is no folder “{folder}”.")
    return tuple(dict.fromkeys((*folders, folder)))


def _understood(data: object) -> Allowed:
    """Raises ValueError for what means nothing: a limit in a word that is misspelt would hold nobody back."""
    if not isinstance(data, dict):
        raise ValueError("it is no object with fields")
    if unknown := sorted(data.keys() - asdict(Allowed()).keys()):
        raise ValueError(f"{unknown[0]}: there is no such setting")
    folders: dict[str, tuple[Path, ...]] = {}
    for name, given in data.items():
        if not isinstance(given, list) or not all(isinstance(path, str) for path in given):
            raise ValueError(f"{name}: this is no list of folders")
        folders[name] = tuple(Path(path) for path in given)
        if wrong := [path for path in folders[name] if not path.is_absolute()]:
            raise ValueError(f"{name}: “{wrong[0]}” is not a whole path")
    return Allowed(**folders)


def _load(file: Path) -> Allowed:
    """Raises UserError for a file that cannot be read: limits that the owner set must not be forgotten."""
    try:
        return _understood(json.loads(read_file(file)))
    except (FileNotFoundError, NotADirectoryError):
        return Allowed()
    except READ_ERRORS as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> UserError:
    return UserError(
        f"What tasks may do on this computer cannot be read from {file}: {read_error_text(error)}.",
        "Mend the file, or remove it to allow what is allowed by default.",
    )
