"""Where libpq keeps a user's password file and certificates."""

import os
from pathlib import Path


def user_file(on_unix: str, on_windows: str) -> Path:
    """That file in the home folder, or below %APPDATA%/postgresql; it need not exist."""
    if os.name == "nt":
        return Path(os.environ.get("APPDATA", Path.home())) / "postgresql" / on_windows
    return Path("~").expanduser() / on_unix
