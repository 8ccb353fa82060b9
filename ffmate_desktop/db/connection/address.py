"""Where a database is and how to get in, as data: what `uri.parse` makes of an address."""

from dataclasses import dataclass, field

POOLER_PORTS = frozenset({6432, 6543})
"""Where PgBouncer listens by default, and Supabase's pooler in transaction mode."""


@dataclass(frozen=True, slots=True)
class Host:
    """One server. `name` is a host name, an IP address, the folder of a Unix socket, or empty for the usual ones."""

    name: str
    port: int

    @property
    def is_socket(self) -> bool:
        """Whether the connection does not leave this computer by its nature."""
        return not self.name or self.name.startswith("/")

    def __str__(self) -> str:
        if not self.name:
            return "this computer"
        if self.is_socket:
            return f"{self.name}/.s.PGSQL.{self.port}"
        return f"[{self.name}]:{self.port}" if ":" in self.name else f"{self.name}:{self.port}"


@dataclass(frozen=True, slots=True)
class Tls:
    """Encryption, in libpq's words: `mode` is sslmode; files are as they were written, empty for the usual places.

    `root` may be “system”. `direct` begins with the handshake instead of asking first.
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
    """One database on one server or on several, of which one is the primary.

    `password` is None when it has to be looked up in `password_file`, which is empty for the usual place. `timeout`
    is in seconds, None for ours. `settings` go to the server when a connection is made. `notes` are sentences about
    what of the address is not done as it says. `suspect` tells that it looks like that of a transaction pooler.
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
        """The server or servers, for people."""
        return ", ".join(map(str, self.hosts))
