"""What PostgreSQL's programs for Windows need and their wheel does not bring.

PostgreSQL 18 in the wheel is built with MinGW and needs its thread library, which no Windows has. PyAV brings it
under a name of its own. `tests/db/embedded/test_windows_programs.py` finds what else the wheel may come to miss.
"""

import contextlib
import importlib.util
import os
import shutil
from pathlib import Path

from ffmate_desktop.domain.errors import UserError

THREADS = "libwinpthread-1.dll"


def bring_libraries(folder: Path, programs: Path, packages: Path | None = None) -> Path:
    """Put the missing library into `folder` and return that, for the search path of the programs.

    `packages` is where Python's packages are installed. Raises UserError when the library is nowhere.
    """
    folder.mkdir(exist_ok=True)
    if not (programs / THREADS).exists():
        _copy(_find(packages or _packages()), folder / THREADS)
    return folder


def _find(packages: Path) -> Path:
    found = sorted((packages / "av.libs").glob(f"{Path(THREADS).stem}-*.dll"))
    if not found:
        raise UserError(
            f"The embedded database does not start here, because {THREADS} is missing.",
            "Install FFmate Desktop again, or give the address of a PostgreSQL server with --database.",
        )
    return found[0]


def _packages() -> Path:
    spec = importlib.util.find_spec("av")  # not imported: that takes long
    return Path(spec.origin).parents[1] if spec and spec.origin else Path()


def _copy(source: Path, target: Path) -> None:
    if target.exists() and target.stat().st_size == source.stat().st_size:
        return
    fresh = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.copyfile(source, fresh)
    try:
        fresh.replace(target)
    except PermissionError:  # a running server uses the one of another release
        with contextlib.suppress(OSError):
            fresh.unlink()
