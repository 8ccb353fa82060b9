"""Input files as submitters name them: the full path, and whether the file can be read."""

import os
import stat
from pathlib import Path

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.paths import is_absolute


def absolute_path(path: str, base: str) -> str:
    """The full path; a relative one starts from `base`."""
    if is_absolute(path):
        return path
    full = Path(base, path)
    if ".." not in full.parts:
        return str(full)
    return str(Path(os.path.realpath(full.parent), full.name))  # what `link/..` means depends on the link


def check_input(path: str) -> None:
    """Raise UserError unless this is a regular file that this account may read."""
    file = Path(path)
    try:
        mode = file.stat().st_mode
    except PermissionError as error:
        raise UserError(f"Can't open the folder of “{path}”.", "Check the folder's permissions.") from error
    except (OSError, ValueError) as error:  # also a name that is too long or contains a null character
        raise UserError(f"The file “{path}” doesn't exist.") from error
    if stat.S_ISDIR(mode):
        raise UserError(f"“{path}” is a folder, not a file.", "Name the files in it, for example with a *.")
    if not stat.S_ISREG(mode):
        raise UserError(f"“{path}” isn't a regular file.", "Pipes and devices can't be queued.")
    if not os.access(file, os.R_OK):
        raise UserError(f"Can't read the file “{path}”.", "Check its permissions.")
