"""The account that PostgreSQL runs as: the user of this process, or a separate account if that is root."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from ffmate_desktop.domain.errors import UserError

SYSTEM_FOLDER = Path("/var/lib/ffmate-desktop")
WINDOWS = os.name == "nt"
_ACCOUNT = "ffmate"
_OTHER_ACCOUNTS = ("postgres", "_postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A user, with its group, that is not root."""

    uid: int
    gid: int

    def can(self, script: str, *arguments: object) -> bool:
        """Run a line of shell as this account; returns whether it succeeded."""
        return run(["/bin/sh", "-c", script, "sh", *map(str, arguments)], self).returncode == 0


class Identity(TypedDict, total=False):
    """Arguments of subprocess that make a child run as another user."""

    user: int
    group: int
    extra_groups: list[int]


def as_account(account: Account | None) -> Identity:
    """Arguments for subprocess; none for the user of this process."""
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}


def run(command: list[str], account: Account | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run a short system command. A missing command counts as failed."""
    try:
        return subprocess.run(
            command, **as_account(account), cwd="/", capture_output=True, timeout=30, check=False
        )
    except FileNotFoundError:
        return subprocess.CompletedProcess(command, 127)


def owner_of(folder: Path) -> Account | None:
    """Who owns a folder; None for root."""
    facts = folder.lstat()
    return Account(facts.st_uid, facts.st_gid) if facts.st_uid else None


def service_account() -> Account:
    """Our own account, created if missing; if the system does not allow that, the best existing one."""
    if _named(_ACCOUNT) is None:
        options = ("--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin")
        run(["useradd", *options, "--home-dir", str(SYSTEM_FOLDER), _ACCOUNT])
    for name in (_ACCOUNT, *_OTHER_ACCOUNTS):
        if account := _named(name):
            return account
    raise UserError(
        "The embedded database can't run as root, and this system has no account for it.",
        f"Create one with: useradd --system {_ACCOUNT}",
    )


if sys.platform == "win32":

    def user_id() -> int:
        """Windows has no numeric user ids."""
        return -1

    def give(path: Path, account: Account) -> None:
        """Windows has no root, so this does nothing."""

    def _named(name: str) -> Account | None:
        return None

else:
    import pwd

    def user_id() -> int:
        """The user that this process acts as; 0 is root."""
        return os.geteuid()

    def give(path: Path, account: Account) -> None:
        """Make the account the owner (of a link itself, not of its target)."""
        os.chown(path, account.uid, account.gid, follow_symlinks=False)

    def _named(name: str) -> Account | None:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            return None
        return Account(entry.pw_uid, entry.pw_gid) if entry.pw_uid else None
