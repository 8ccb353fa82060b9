"""libpq's files in a user's home: where they are, and passwords from the password file."""

import os
import re
import stat
from pathlib import Path

from ffmate_desktop.db.connection.address import Address, Host

_FIELD = re.compile(r"((?:[^:\\]|\\.)*)(?::|$)")


def user_file(on_unix: str, on_windows: str) -> Path:
    """A file of libpq in the home folder, or in %APPDATA%/postgresql. It need not exist."""
    if os.name == "nt":
        return Path(os.environ.get("APPDATA", Path.home())) / "postgresql" / on_windows
    return Path("~").expanduser() / on_unix


def find_password(address: Address, host: Host) -> str:
    """The password of the first matching line, or an empty text. Reads a file, so not for the event loop."""
    path = _path(address)
    if _mode(path) is None or readable_by_others(address):
        return ""
    # The file calls a Unix socket in a default folder localhost.
    names = {host.name or "localhost", "localhost" if host.is_socket else host.name}
    expected = (names, {str(host.port)}, {address.database}, {address.user})
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        if line.startswith("#"):
            continue
        *fields, password = _fields(line)
        if len(fields) == len(expected) and all(
            field == "*" or _plain(field) in allowed for field, allowed in zip(fields, expected, strict=True)
        ):
            return _plain(password)
    return ""


def readable_by_others(address: Address) -> Path | None:
    """The password file, if other users can read it. Like libpq, we do not use it then."""
    path = _path(address)
    mode = _mode(path)
    return path if os.name != "nt" and mode is not None and mode & 0o077 else None


def _path(address: Address) -> Path:
    if address.password_file:
        return Path(address.password_file).expanduser()
    return user_file(".pgpass", "pgpass.conf")


def _mode(path: Path) -> int | None:
    """Its permissions; None if it isn't a file or cannot be accessed."""
    try:
        found = path.stat().st_mode
    except OSError:
        return None
    return found if stat.S_ISREG(found) else None


def _fields(line: str) -> list[str]:
    """Split at colons that do not follow a backslash. The rest after the fourth is the password."""
    fields: list[str] = []
    place = 0
    while len(fields) < 4 and (found := _FIELD.match(line, place)) and found.end() < len(line):
        fields.append(found[1])
        place = found.end()
    return [*fields, line[place:]]


def _plain(field: str) -> str:
    return re.sub(r"\\(.)", r"\1", field)
