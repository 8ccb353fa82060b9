"""The .venv folder: check what is installed in it and bring it up to date, one setup at a time."""

import contextlib
import hashlib
import json
import os
import shutil
import sys
import time
import venv
from collections.abc import Iterator
from pathlib import Path

from installers import SetupError, installer_command, installer_environment, run_installer
from programs import VENV, clean_environment, exec_program, output_of, venv_program

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

STAMP, LOCK = "bootstrap.json", "bootstrap.lock"


def this_python() -> str:
    """Identify the Python that .venv must be based on. The value is the same inside and outside of .venv."""
    return f"{sys.version_info[:2]} {os.path.realpath(sys.base_prefix)!a}"


def fingerprint(root: Path) -> dict[str, str]:
    """Return everything that makes an installation outdated when it changes."""
    project = hashlib.sha256((root / "pyproject.toml").read_bytes()).hexdigest()
    return {"format": "1", "python": this_python(), "root": str(root), "project": project}


def read_stamp(root: Path) -> dict[str, str] | None:
    """Return what was installed. Empty after an interrupted setup, None if .venv is missing or was made by hand."""
    try:
        stamp: dict[str, str] = json.loads((root / VENV / STAMP).read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:  # interrupted while it was written
        return {}
    return stamp


def write_stamp(root: Path, stamp: dict[str, str]) -> None:
    """Record what is installed."""
    (root / VENV / STAMP).write_text(json.dumps(stamp), encoding="utf-8")


def is_ready(root: Path, groups: set[str]) -> bool:
    """Return whether everything is installed already."""
    stamp = read_stamp(root) or {}
    return (
        fingerprint(root).items() <= stamp.items()
        and groups <= set(stamp["groups"].split())
        and venv_program(root, "python").exists()
        and venv_program(root, "ffmate-desktop").exists()
    )


def can_update(root: Path) -> bool:
    """Return whether .venv can be updated. Otherwise it must be recreated."""
    stamp = read_stamp(root)
    if stamp is not None and stamp.get("root") != str(root):  # interrupted, or moved here from another folder
        return False
    question = "import os, sys; print(f'{sys.version_info[:2]} {os.path.realpath(sys.base_prefix)!a}')"
    return output_of([str(venv_program(root, "python")), "-I", "-c", question]) == this_python()


def requirements(root: Path, groups: set[str]) -> list[str]:
    """Return the project itself, as an editable install, and the members of the dependency groups."""
    import tomllib  # noqa: PLC0415 (old Pythons don't have it)

    members = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8")).get(
        "dependency-groups", {}
    )
    return ["-e", ".", *(member for group in sorted(groups) for member in members[group])]


def try_lock(descriptor: int) -> bool:
    """Take the lock unless another process holds it. The system releases it when this process ends."""
    try:
        if sys.platform == "win32":
            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


@contextlib.contextmanager
def locked(root: Path) -> Iterator[int]:
    """Allow one setup at a time. Installers inherit the lock, so it is held until they end, even if we are killed."""
    with (root / VENV / LOCK).open("a+b") as file:
        if not try_lock(file.fileno()):
            print("Waiting for another setup of this folder to finish ...", file=sys.stderr, flush=True)
            while not try_lock(file.fileno()):
                time.sleep(0.2)
        yield file.fileno()


def make_venv(root: Path) -> None:
    """Recreate .venv in place, keeping the stamp and the lock. Raises SetupError if it is a link."""
    if (root / VENV).is_symlink():
        raise SetupError(
            f"{root / VENV} is a link to an unsuitable environment. Remove the link and try again."
        )
    for old in (root / VENV).iterdir():
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        elif old.name not in (STAMP, LOCK):
            old.unlink()
    venv.create(root / VENV, symlinks=os.name != "nt")


def set_up(root: Path, groups: set[str]) -> None:
    """Install the project and the dependency groups into .venv. Raises SetupError and OSError."""
    if is_ready(root, groups):
        return
    (root / VENV).mkdir(exist_ok=True)
    if Path(sys.prefix).resolve() == (root / VENV).resolve():  # don't run from what may have to be deleted
        base: str = getattr(sys, "_base_executable", sys.executable)  # the Python that .venv is based on
        exec_program([base, *sys.argv], clean_environment())
    with locked(root) as lock:
        if is_ready(root, groups):  # the setup that we waited for did it
            return
        usable = can_update(root)
        began = time.monotonic()
        version = ".".join(map(str, sys.version_info[:2]))
        print(f"Setting up {root / VENV} with Python {version} ...", end="", file=sys.stderr, flush=True)
        groups = groups | set((read_stamp(root) or {}).get("groups", "").split())
        write_stamp(root, {})
        if not usable:
            make_venv(root)
        environment = installer_environment()
        try:
            command = installer_command(root, environment, lock)
            run_installer([*command, *requirements(root, groups)], root, environment, lock)
        except SetupError:
            if usable:  # a failed installer leaves everything as it was
                (root / VENV / STAMP).unlink()
            raise
        write_stamp(root, {**fingerprint(root), "groups": " ".join(sorted(groups))})
        print(f" done in {time.monotonic() - began:.0f} s.", file=sys.stderr, flush=True)
