"""Where the embedded database of a data folder is.

Normally it is in `<data folder>/embedded-postgres`. As root, that folder is given to the account that the server runs
as. If that account cannot enter the data folder (a home that only root may enter), the database is under
/var/lib/ffmate-desktop, and a note in the data folder names the place. Permissions of folders that were not created
here are never changed.
"""

import contextlib
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from ffmate_desktop.db.embedded.account import (
    SYSTEM_FOLDER,
    WINDOWS,
    Account,
    give,
    owner_of,
    run,
    service_account,
    user_id,
)
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.wrong_data import read_error_text
from ffmate_desktop.private_files import make_data_folder, read_file

FOLDER = "embedded-postgres"
NOTE = "embedded-postgres.txt"
_NOTE_TEXT = """\
{folder}
The database of this folder is there: its server cannot run as root, and no other account may enter this folder.
"""


@dataclass(frozen=True)
class Home:
    """A folder that only its owner (and root) may enter: the cluster, its locks, its logs and its socket.

    `account` is None when the server runs as the user of this process.
    """

    folder: Path
    account: Account | None

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.folder / "cluster"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.folder / "server.log"

    @property
    def libraries(self) -> Path:
        """Additional libraries for PostgreSQL's programs on Windows."""
        return self.folder / "libraries"

    @property
    def keeper_log(self) -> Path:
        """The keeper's log, normally empty."""
        return self.folder / "keeper.log"

    @property
    def keeper_host(self) -> Path:
        """The name of the computer that runs the keeper, because the folder may be on a network drive."""
        return self.folder / "keeper.host"

    def lock(self, name: str) -> Path:
        """The lock file for `users`, `start` or `keeper`."""
        return self.folder / f"{name}.lock"

    @classmethod
    def of(cls, folder: Path) -> "Home":
        """The home in an existing folder; its owner is the account."""
        return cls(folder, owner_of(folder) if user_id() == 0 else None)


def existing_home(data_dir: Path) -> Home | None:
    """The home of a data folder if there is one. Creates nothing. UserError if the note is wrong."""
    folder = _folder_in_note(data_dir) or data_dir.resolve() / FOLDER
    return Home.of(folder) if folder.is_dir() else None


def make_home(data_dir: Path) -> Home:
    """Find or create the private folder. OSError as from mkdir; UserError if it belongs to another user."""
    data_dir = data_dir.resolve()
    make_data_folder(data_dir, own=False)
    folder = _folder_in_note(data_dir) or data_dir / FOLDER
    account = None
    if WINDOWS:
        folder.mkdir(exist_ok=True)
        if not Home(folder, None).cluster.exists():
            _make_private_on_windows(folder)
        return Home(folder, None)
    if user_id() == 0:
        account = (owner_of(folder) if folder.is_dir() else None) or service_account()
        if folder.parent == data_dir and not folder.exists() and not account.can('test -x "$1"', data_dir):
            folder = SYSTEM_FOLDER / hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
            SYSTEM_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
            (data_dir / NOTE).write_text(_NOTE_TEXT.format(folder=folder), encoding="utf-8")
    make_database_folder(folder, account)
    return Home(folder, account)


def make_database_folder(folder: Path, account: Account | None = None) -> None:
    """Create a folder that only this user may enter (as root: give it to the account), or check an existing one."""
    uid = account.uid if account else user_id()
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    facts = folder.lstat()
    if account and facts.st_uid == 0 and stat.S_ISDIR(facts.st_mode) and not any(folder.iterdir()):
        give(folder, account)
        facts = folder.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != uid:
        raise UserError(
            f"{folder} belongs to another user.",
            "Run the program as the user who created it, or choose another folder with --data-dir.",
        )
    if stat.S_IMODE(facts.st_mode) & 0o077:
        raise UserError(
            f"Other users can open the folder {folder}, but a database must be private.",
            "Run chmod 700 on it, or use --data-dir to choose a folder on a disk that supports permissions.",
        )


def _folder_in_note(data_dir: Path) -> Path | None:
    try:
        folder = Path(read_file(data_dir / NOTE).decode().partition("\n")[0])
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise UserError(f"Can't read {data_dir / NOTE}: {read_error_text(error)}.", "Remove it.") from error
    # Other users may be able to write the note, so root must not follow it anywhere else.
    if folder.parent != SYSTEM_FOLDER:
        raise UserError(f"{data_dir / NOTE} doesn't name a folder in {SYSTEM_FOLDER}.", "Remove that file.")
    return folder


def _make_private_on_windows(folder: Path) -> None:
    """Allow access only for the user and the system: the folder contains the server's password."""
    whoami = run(["whoami", "/user", "/fo", "csv", "/nh"]).stdout.decode(errors="replace")
    user = whoami.strip().rpartition(",")[2].strip('"')
    grants = (f"*{user}:(OI)(CI)F", "*S-1-5-18:(OI)(CI)F")
    if run(["icacls", str(folder), "/inheritance:r", "/grant:r", *grants]).returncode:
        hint = "Choose another folder with --data-dir."
        raise UserError(f"Can't make the folder {folder} private.", hint)
