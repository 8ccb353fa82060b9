"""The one command with which another computer joins this cluster."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from ffmate_desktop.db.connection.uri import without_password

_SHELL = {"$": "%24", "`": "%60", '"': "%22", "!": "%21", "\\": "%5C"}
_LOCAL = re.compile(r"localhost|127\.\d+\.\d+\.\d+|::1|")


@dataclass(frozen=True, slots=True)
class Invitation:
    """`command` holds the password, `hidden` shows stars instead; they are equal when there is none. `local_host` is
    the host in it, or the path of its socket, that means "this computer" wherever it is read; else None."""

    command: str
    hidden: str
    local_host: str | None

    @property
    def has_password(self) -> bool:
        """There is something to hide."""
        return self.command != self.hidden


def invitation(uri: str) -> Invitation:
    """For a database that others can reach, by the URI that this computer uses.

    Between double quotes, with what shells read inside them percent-encoded, it works in sh, PowerShell and cmd.
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
