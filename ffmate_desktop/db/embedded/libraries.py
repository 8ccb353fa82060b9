"""A library that PostgreSQL's programs for Windows need and their wheel does not contain.

The wheel's PostgreSQL 18 is built with MinGW and needs its thread library, which Windows does not have. PyAV contains
it under another name. `tests/db/embedded/test_windows_programs.py` notices if a future wheel lacks more.
"""

import contextlib
import importlib.util
import os
import shutil
from pathlib import Path

from ffmate_desktop.domain.errors import UserError

THREADS = "libwinpthread-1.dll"


def bring_libraries(folder: Path, programs: Path, packages: Path | None = None) -> Path:
    """Put the missing library into `folder`, and return that for the search path of the programs.

    `packages` is where Python's packages are installed. Raises UserError if the library is not found.
    """
    folder.mkdir(exist_ok=True)
    if not (programs / THREADS).exists():
        _copy(_find(packages or _packages()), folder / THREADS)
    return folder


def _find(packages: Path) -> Path:
    found = sorted((packages / "av.libs").glob(f"{Path(THREADS).stem}-*.dll"))
    if not found:
        raise UserError(
            f"The embedded database can't start because {THREADS} is missing.",
            "Reinstall FFmate Desktop, or give the address of a PostgreSQL server with --database.",
        )
    return found[0]


def _packages() -> Path:
    spec = importlib.util.find_spec("av")  # not imported, because that is slow
    return Path(spec.origin).parents[1] if spec and spec.origin else Path()


def _copy(source: Path, target: Path) -> None:
    if target.exists() and target.stat().st_size == source.stat().st_size:
        return
    temporary = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.copyfile(source, temporary)
    try:
        temporary.replace(target)
    except PermissionError:  # a running server uses the file of another release
        with contextlib.suppress(OSError):
            temporary.unlink()
