"""The address of a database as data: what `uri.parse` returns."""

from dataclasses import dataclass, field

POOLER_PORTS = frozenset({6432, 6543})
"""The default port of PgBouncer, and the port of Supabase's pooler in transaction mode."""


@dataclass(frozen=True, slots=True)
class Host:
    """One server. `name` is a host name, an IP address, the folder of a Unix socket, or empty for the default."""

    name: str
    port: int

    @property
    def is_socket(self) -> bool:
        """Whether the connection uses a Unix socket, and so never leaves this computer."""
        return not self.name or self.name.startswith("/")

    def __str__(self) -> str:
        if not self.name:
            return "this computer"
        if self.is_socket:
            return f"{self.name}/.s.PGSQL.{self.port}"
        return f"[{self.name}]:{self.port}" if ":" in self.name else f"{self.name}:{self.port}"


@dataclass(frozen=True, slots=True)
class Tls:
    """Encryption, in libpq's words: `mode` is sslmode; files are as written in the address, empty for the default.

    `root` may be “system”. `direct` starts with the TLS handshake instead of asking first.
    """

    mode: str = "prefer"
    direct: bool = False
    root: str = ""
    certificate: str = ""
    key: str = ""
    key_password: str = field(default="", repr=False)
    revoked: str = ""
    least: str = ""
    most: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """One database, on one server or on several that include the primary.

    `password` is None if it has to be looked up in `password_file`, which is empty for the default one. `timeout`
    is in seconds, None for the default. `settings` are sent to the server with each new connection. `notes` are
    sentences about parameters that are ignored or replaced. `suspect` means that the address looks like a transaction
    pooler.
    """

    hosts: tuple[Host, ...]
    user: str
    database: str
    password: str | None = field(default=None, repr=False)
    password_file: str = ""
    tls: Tls = Tls()
    timeout: float | None = None
    settings: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    suspect: bool = False

    @property
    def where(self) -> str:
        """The server or servers, for messages."""
        return ", ".join(map(str, self.hosts))
