"""What tasks may do on this computer: set by its owner in the window or on the command line.

None of it is in the database: people who can write there can queue commands, and must not be able to allow them too.
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
    """Allowed folders. For `read` and `write`, none means no limit."""

    scripts: tuple[Path, ...] = ()
    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()


class PermissionService:
    """`given` comes from the command line and the environment; `file` stores what the owner chooses in the window.

    With `trusts_queue` only this account can queue tasks, so scripts may be anywhere until a folder is allowed. A
    running node calls `current` for each task, so a change applies at once. Properties and methods raise UserError
    while the file is damaged.
    """

    def __init__(self, file: Path, given: Allowed, *, trusts_queue: bool) -> None:
        self._file = file
        self._given = given
        self._trusts_queue = trusts_queue
        self._chosen: Allowed | None = None
        self._listeners: list[Callable[[str], None]] = []

    @property
    def chosen(self) -> Allowed:
        """What the owner chose in the window."""
        if self._chosen is None:
            self._chosen = _load(self._file)
        return self._chosen

    @property
    def given(self) -> Allowed:
        """What only another start of the program can change."""
        return self._given

    def current(self) -> Permissions:
        """The permissions in effect."""
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
        """Only this account can queue tasks."""
        return self._trusts_queue

    def on_refused(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Call `listener` for each script that is refused here; returns a function that ends this."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def report_refused(self, script: str) -> None:
        """Report that a task was refused here because of this script, which exists."""
        for listener in list(self._listeners):
            listener(script)

    def question(self, folder: Path) -> str:
        """The question for the owner before a folder of scripts is allowed."""
        who = (
            "Only tasks from this computer run here"
            if self._trusts_queue
            else "Everyone who can write to the queue's database can queue tasks"
        )
        return (
            f"Run scripts from “{folder}” on this computer? {who}. A task may then start any program in this folder, "
            "with any file names and arguments, and with all rights of your account. Choose a folder that contains "
            "nothing but scripts for tasks, and that only you can change."
        )

    def allow_scripts(self, folder: Path) -> None:
        """Allow scripts in this folder; raises UserError if it isn't a folder or can't be saved."""
        self.choose(replace(self.chosen, scripts=_added(self.chosen.scripts, folder)))

    def forbid_scripts(self, folder: Path) -> None:
        """Stop allowing scripts in this folder."""
        self.choose(replace(self.chosen, scripts=tuple(p for p in self.chosen.scripts if p != folder)))

    def choose(self, allowed: Allowed) -> None:
        """Save the owner's choice. Raises UserError if that fails; nothing changes then."""
        for folder in (*allowed.scripts, *allowed.read, *allowed.write):
            if not folder.is_absolute():
                raise UserError(f"“{folder}” isn't a full path.")
        data = {name: [str(path) for path in paths] for name, paths in asdict(allowed).items()}
        try:
            make_data_folder(self._file.parent, own=False)
            write_private(self._file, json.dumps(data, indent=2).encode())
        except (OSError, UnicodeEncodeError) as error:
            raise UserError(f"The choice can't be saved in {self._file}: {error}.") from error
        self._chosen = allowed


def _parts(allowed: Allowed) -> tuple[tuple[Path, ...], ...]:
    return allowed.scripts, allowed.read, allowed.write


def _added(folders: tuple[Path, ...], folder: Path) -> tuple[Path, ...]:
    if not folder.is_dir():
        raise UserError(f"The folder “{folder}” doesn't exist.")
    return tuple(dict.fromkeys((*folders, folder)))


def _understood(data: object) -> Allowed:
    """Raises ValueError for unknown keys and values, since a misspelled limit would limit nothing."""
    if not isinstance(data, dict):
        raise ValueError("it isn't an object with fields")
    if unknown := sorted(data.keys() - asdict(Allowed()).keys()):
        raise ValueError(f"{unknown[0]}: there is no such setting")
    folders: dict[str, tuple[Path, ...]] = {}
    for name, given in data.items():
        if not isinstance(given, list) or not all(isinstance(path, str) for path in given):
            raise ValueError(f"{name}: this isn't a list of folders")
        folders[name] = tuple(Path(path) for path in given)
        if wrong := [path for path in folders[name] if not path.is_absolute()]:
            raise ValueError(f"{name}: “{wrong[0]}” isn't a full path")
    return Allowed(**folders)


def _load(file: Path) -> Allowed:
    """Raises UserError if the file can't be read, since the owner's limits must not be ignored."""
    try:
        return _understood(json.loads(read_file(file)))
    except (FileNotFoundError, NotADirectoryError):
        return Allowed()
    except READ_ERRORS as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> UserError:
    return UserError(
        f"Can't read {file}, which says what tasks may do on this computer: {read_error_text(error)}.",
        "Fix the file, or remove it to use the defaults.",
    )
