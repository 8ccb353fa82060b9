"""The command that lets another computer join this cluster."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from ffmate_desktop.db.connection.uri import without_password

_SHELL = {"$": "%24", "`": "%60", '"': "%22", "!": "%21", "\\": "%5C"}
_LOCAL = re.compile(r"localhost|127\.\d+\.\d+\.\d+|::1|")


@dataclass(frozen=True, slots=True)
class Invitation:
    """`command` contains the password, `masked` shows stars instead; without a password they are equal. `local_host`
    is a host or socket path in the command that other computers would take to mean themselves, or None."""

    command: str
    masked: str
    local_host: str | None

    @property
    def has_password(self) -> bool:
        """Whether the command contains a password."""
        return self.command != self.masked


def invitation(uri: str) -> Invitation:
    """The invitation for the database with this URI.

    The URI is in double quotes, with characters that shells interpret percent-encoded, so that the command works in
    sh, PowerShell and cmd.
    """
    safe = "".join(_SHELL.get(letter, letter) for letter in uri)
    return Invitation(_command(safe), _command(without_password(safe)), _local_host(uri))


def _command(uri: str) -> str:
    return f'ffmate-desktop --database "{uri}"'


def _local_host(uri: str) -> str | None:
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
    except ValueError:  # a URI that only asyncpg understands
        return None
    host = dict(parse_qsl(parts.query)).get("host", host)
    if host.startswith("/"):
        return host
    return (host or "localhost") if _LOCAL.fullmatch(host) else None
