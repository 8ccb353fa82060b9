"""Where the embedded database of a data folder lives, and as which account its server runs.

Normally in `<data folder>/postgres`, as the user of this process. PostgreSQL refuses to run as root, so root
gives the folder to an account of its own. Where that account cannot reach the data folder (a home that only root
may enter), the database lives under /var/lib/ffmate-desktop and the data folder holds a note that says where.
Permissions of folders that were not made here are never changed.
"""

import hashlib
import os
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from ffmate_desktop.domain.errors import UserError

SYSTEM_FOLDER = Path("/var/lib/ffmate-desktop")
_NOTE = "postgres-location.txt"
_ACCOUNT = "ffmate"
_OTHER_ACCOUNTS = ("postgres", "_postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """The user that the server runs as when root starts it."""

    uid: int
    gid: int

    def can(self, script: str, *arguments: object) -> bool:
        """Run a line of shell as this account; whether it succeeded."""
        return _run(["/bin/sh", "-c", script, "sh", *map(str, arguments)], as_account(self)).returncode == 0


class Identity(TypedDict, total=False):
    """Arguments of subprocess that make a child run as another user."""

    user: int
    group: int
    extra_groups: list[int]


def as_account(account: Account | None) -> Identity:
    """Arguments for subprocess; none for the user of this process."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


@dataclass(frozen=True)
class Home:
    """A folder that only its owner (and root) may enter: the cluster, its locks, its log and its socket.

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
        """What the server and its keeper had to say."""
        return self.folder / "server.log"

    def lock(self, name: str) -> Path:
        """The lock file for `users`, `start` or `keeper`."""
        return self.folder / f"{name}.lock"

    @classmethod
    def of(cls, folder: Path) -> "Home":
        """The home in an existing folder, whose owner decides the account."""
        return cls(folder, _owner(folder) if _is_root() else None)


def existing_home(data_dir: Path) -> Home | None:
    """The home of a data folder, if it has one yet; nothing is made. UserError when the note is wrong."""
    folder = _noted(data_dir) or data_dir.resolve() / "postgres"
    return Home.of(folder) if folder.is_dir() else None


def make_home(data_dir: Path) -> Home:
    """Find or make the private folder. OSError as from mkdir; UserError when it is somebody else's."""
    data_dir = data_dir.resolve()
    data_dir.mkdir(parents=True, exist_ok=True)
    folder = _noted(data_dir) or data_dir / "postgres"
    if sys.platform == "win32":
        if _mkdir(folder):
            _make_private_on_windows(folder)
        return Home(folder, None)
    if not _is_root():
        _mkdir(folder)
        make_private(folder, os.geteuid())
        return Home(folder, None)
    account = (_owner(folder) if folder.is_dir() else None) or _service_account()
    if folder.parent == data_dir and not folder.exists() and not account.can('test -x "$1"', data_dir):
        folder = SYSTEM_FOLDER / hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
        SYSTEM_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
        (data_dir / _NOTE).write_text(
            f"{folder}\nThe database of this folder lives there: its server cannot run as root, "
            "and no other account may enter this folder.\n",
            encoding="utf-8",
        )
    make_folder_of(folder, account)
    return Home(folder, account)


def make_folder_of(folder: Path, account: Account) -> None:
    """As root: make a private folder and give it to the account, or check that it is so already."""
    _mkdir(folder)
    if folder.lstat().st_uid == 0:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)
    make_private(folder, account.uid)


def make_private(folder: Path, uid: int) -> None:
    """Check that a folder of ours is a real folder of this user, and close it to everybody else."""
    facts = folder.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != uid:
        raise UserError(
            f"The folder {folder} belongs to somebody else.",
            "Run the program as the user who made it, or choose another folder with --data-dir.",
        )
    if stat.S_IMODE(facts.st_mode) & 0o077:
        folder.chmod(0o700)


def _mkdir(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return False
    return True


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


def _owner(folder: Path) -> Account | None:
    facts = folder.lstat()
    return Account(facts.st_uid, facts.st_gid) if facts.st_uid else None


def _noted(data_dir: Path) -> Path | None:
    try:
        folder = Path((data_dir / _NOTE).read_text(encoding="utf-8").partition("\n")[0])
    except FileNotFoundError:
        return None
    # The note may lie in a folder that others write to: root must not follow it anywhere else.
    if folder.parent != SYSTEM_FOLDER:
        raise UserError(f"{data_dir / _NOTE} does not name a folder in {SYSTEM_FOLDER}.", "Remove that file.")
    return folder


def _service_account() -> Account:
    """The account of our own, made when it is missing; on a system that lets us make none, the best that exists."""
    account = _account(_ACCOUNT)
    if account is None:
        options = ("--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin")
        _run(["useradd", *options, "--home-dir", str(SYSTEM_FOLDER), _ACCOUNT], {})
    for name in (_ACCOUNT, *_OTHER_ACCOUNTS):
        if account := _account(name):
            return account
    raise UserError(
        "The embedded database cannot run as root, and this system has no account for it.",
        f"Make one with: useradd --system {_ACCOUNT}",
    )


def _account(name: str) -> Account | None:
    if sys.platform == "win32":
        return None
    import pwd  # noqa: PLC0415 - the module does not exist on Windows

    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid) if entry.pw_uid else None


def _run(command: list[str], identity: Identity) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(command, **identity, cwd="/", capture_output=True, timeout=30, check=False)
    except FileNotFoundError:
        return subprocess.CompletedProcess(command, 127)


def _make_private_on_windows(folder: Path) -> None:
    """Leave the user and the system on the folder's access list: the password for the server is in it."""
    whoami = _run(["whoami", "/user", "/fo", "csv", "/nh"], {}).stdout.decode(errors="replace")
    user = whoami.strip().rpartition(",")[2].strip('"')
    grants = (f"*{user}:(OI)(CI)F", "*S-1-5-18:(OI)(CI)F")
    if _run(["icacls", str(folder), "/inheritance:r", "/grant:r", *grants], {}).returncode:
        raise UserError(
            f"The folder {folder} cannot be made private.", "Choose another folder with --data-dir."
        )
