"""The folder .venv: what is installed in it, whether that will do, and making it so, one set-up at a time."""

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

from installers import SetUpFailed, install, installer, installer_environment
from programs import VENV, clean_environment, exec_program, output_of, script

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

STAMP, LOCK = "bootstrap.json", "bootstrap.lock"


def this_python() -> str:
    """The Python that .venv has to be made of; the same inside .venv and outside of it."""
    return f"{sys.version_info[:2]} {os.path.realpath(sys.base_prefix)!a}"


def fingerprint(root: Path) -> dict[str, str]:
    """Everything that makes an installation outdated when it changes."""
    project = hashlib.sha256((root / "pyproject.toml").read_bytes()).hexdigest()
    return {"format": "1", "python": this_python(), "root": str(root), "project": project}


def read_stamp(root: Path) -> dict[str, str] | None:
    """What was installed. Empty if a set-up was interrupted, None if .venv is missing or was made by hand."""
    try:
        stamp: dict[str, str] = json.loads((root / VENV / STAMP).read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:  # interrupted while it was written
        return {}
    return stamp


def write_stamp(root: Path, stamp: dict[str, str]) -> None:
    """Note what is installed."""
    (root / VENV / STAMP).write_text(json.dumps(stamp), encoding="utf-8")


def is_ready(root: Path, groups: set[str]) -> bool:
    """Whether nothing has to be done."""
    stamp = read_stamp(root) or {}
    return (
        fingerprint(root).items() <= stamp.items()
        and groups <= set(stamp["groups"].split())
        and script(root, "python").exists()
        and script(root, "ffmate-desktop").exists()
    )


def is_usable(root: Path) -> bool:
    """Whether .venv can be brought up to date; otherwise it has to be made anew."""
    stamp = read_stamp(root)
    if stamp is not None and stamp.get("root") != str(root):  # interrupted, or moved here from another folder
        return False
    question = "import os, sys; print(f'{sys.version_info[:2]} {os.path.realpath(sys.base_prefix)!a}')"
    return output_of([str(script(root, "python")), "-I", "-c", question]) == this_python()


def requirements(root: Path, groups: set[str]) -> list[str]:
    """The project itself, used where it lies, and the members of the dependency groups."""
    import tomllib  # noqa: PLC0415 (an old Python has none)

    known = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8")).get("dependency-groups", {})
    return ["-e", ".", *(member for group in sorted(groups) for member in known[group])]


def try_lock(descriptor: int) -> bool:
    """Take the lock, which ends with its process, unless another process has it."""
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
    """One set-up at a time. Installers inherit the lock: it holds until they end, even if we are killed."""
    with (root / VENV / LOCK).open("a+b") as file:
        if not try_lock(file.fileno()):
            print("Waiting for another set-up of this folder to end ...", file=sys.stderr, flush=True)
            while not try_lock(file.fileno()):
                time.sleep(0.2)
        yield file.fileno()


def make_venv(root: Path) -> None:
    """Make .venv anew, in place: stamp and lock stay. Raises SetUpFailed where it is somebody else's."""
    if (root / VENV).is_symlink():
        raise SetUpFailed(f"{root / VENV} is a link to an environment that does not fit. Remove the link.")
    for old in (root / VENV).iterdir():
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        elif old.name not in (STAMP, LOCK):
            old.unlink()
    venv.create(root / VENV, symlinks=os.name != "nt")


def set_up(root: Path, groups: set[str]) -> None:
    """See to it that .venv holds the project and the dependency groups. Raises SetUpFailed and OSError."""
    if is_ready(root, groups):
        return
    (root / VENV).mkdir(exist_ok=True)
    if Path(sys.prefix).resolve() == (root / VENV).resolve():  # do not run on what may have to be deleted
        base: str = getattr(
            sys, "_base_executable", sys.executable
        )  # what the virtual environment was made from
        exec_program([base, *sys.argv], clean_environment())
    with locked(root) as lock:
        if is_ready(root, groups):  # thanks to the one that we waited for
            return
        usable = is_usable(root)
        began = time.monotonic()
        version = ".".join(map(str, sys.version_info[:2]))
        print(f"Setting up {root / VENV} with Python {version} ...", end="", file=sys.stderr, flush=True)
        groups = groups | set((read_stamp(root) or {}).get("groups", "").split())
        write_stamp(root, {})
        if not usable:
            make_venv(root)
        environment = installer_environment()
        try:
            command = installer(root, environment, lock)
            install([*command, *requirements(root, groups)], root, environment, lock)
        except SetUpFailed:
            if usable:  # an installer that refuses leaves everything as it was
                (root / VENV / STAMP).unlink()
            raise
        write_stamp(root, {**fingerprint(root), "groups": " ".join(sorted(groups))})
        print(f" done in {time.monotonic() - began:.0f} s.", file=sys.stderr, flush=True)
