"""Passwords from libpq's password file, so that they need not stand in an address."""

import os
import re
import stat
from pathlib import Path

from ffmate_desktop.db.connection.address import Address, Host
from ffmate_desktop.db.connection.postgres_files import user_file

_FIELD = re.compile(r"((?:[^:\\]|\\.)*)(?::|$)")


def find_password(address: Address, host: Host) -> str:
    """What the first fitting line of the file says, or an empty text. Not for the event loop: reads a file."""
    path = _path(address)
    if _mode(path) is None or readable_by_others(address):
        return ""
    # A Unix socket in one of the usual folders is called localhost there.
    names = {host.name or "localhost", "localhost" if host.is_socket else host.name}
    wanted = (names, {str(host.port)}, {address.database}, {address.user})
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        if line.startswith("#"):
            continue
        *fields, password = _fields(line)
        if len(fields) == len(wanted) and all(
            field == "*" or _plain(field) in good for field, good in zip(fields, wanted, strict=True)
        ):
            return _plain(password)
    return ""


def readable_by_others(address: Address) -> Path | None:
    """The password file, if others may read it: like libpq, we then do not use it."""
    path = _path(address)
    mode = _mode(path)
    return path if os.name != "nt" and mode is not None and mode & 0o077 else None


def _path(address: Address) -> Path:
    if address.password_file:
        return Path(address.password_file).expanduser()
    return user_file(".pgpass", "pgpass.conf")


def _mode(path: Path) -> int | None:
    """Its permissions; None for what is no file or cannot be seen."""
    try:
        found = path.stat().st_mode
    except OSError:
        return None
    return found if stat.S_ISREG(found) else None


def _fields(line: str) -> list[str]:
    """Split at colons but for those behind a backslash; what follows the fourth is the password, colons and all."""
    fields: list[str] = []
    place = 0
    while len(fields) < 4 and (found := _FIELD.match(line, place)) and found.end() < len(line):
        fields.append(found[1])
        place = found.end()
    return [*fields, line[place:]]


def _plain(field: str) -> str:
    return re.sub(r"\\(.)", r"\1", field)
