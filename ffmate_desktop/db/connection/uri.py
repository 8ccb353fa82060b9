"""Parses database addresses: libpq's URIs, and the variants that other programs and providers use."""

import getpass
import os
import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

from ffmate_desktop.db.connection.address import POOLER_PORTS, Address, Host, Tls
from ffmate_desktop.domain.errors import UsageError

EXPECTED_FORM = "It looks like postgresql://user:password@host:5432/database."
ESCAPES = f"{EXPECTED_FORM} In a password, write @ as %40, / as %2F, ? as %3F and % as %25."

# Variants: jdbc: in front, SQLAlchemy's driver inside, `psql '...'` around it at Neon.
_URI = re.compile(r"(?:psql\s+)?(['\"]?)(?:jdbc:)?postgres(?:ql)?(?:\+\w+)?://(.*)\1", re.DOTALL)
_SCHEME = re.compile(r"\s*(?:psql\s+)?['\"]?(?:jdbc:)?\w[\w+.-]*://")
_PLACEHOLDER = re.compile(r"\[(YOUR|DB)[-_]PASSWORD\]", re.IGNORECASE)

_ENVIRONMENT = {
    "port": "PGPORT",
    "user": "PGUSER",
    "dbname": "PGDATABASE",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslcrl": "PGSSLCRL",
    "connect_timeout": "PGCONNECT_TIMEOUT",
}
"""libpq's variables, which apply where the address says nothing."""

_PUBLIC = re.compile(
    r"host|port|user|username|dbname|database|sslmode|ssl|sslnegotiation|channel_binding|connect_timeout"
    r"|target_session_attrs|ssl_(min|max)_protocol_version"
)
"""Parameters whose values may be shown and logged."""

_OTHER_NAMES = {"database": "dbname", "username": "user"}

_SSL_WORDS = {"true": "require", "1": "require", "false": "disable", "0": "disable", "no-verify": "require"}
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")

_SUPPORTED = re.compile(
    r"host|port|user|password|dbname|passfile|sslmode|ssl|sslrootcert|sslcert|sslkey|sslpassword|sslcrl"
    r"|sslnegotiation|ssl_min_protocol_version|ssl_max_protocol_version|channel_binding|connect_timeout|options"
    r"|application_name|target_session_attrs"
)
_WITHOUT_EFFECT = re.compile(
    r"keepalives\w*|tcp_user_timeout"  # ours are shorter
    r"|sslcompression|sslsni|fallback_application_name|gss\w+|krbsrvname|load_balance_hosts"
    r"|pgbouncer|supa|connection_limit|pool_\w+|max_overflow|socket_timeout|\w*statement_cache_size"
    r"|prepareThreshold|sslaccept|uselibpqcompat"
)
"""Parameters without effect here, ignored silently: most are for the pools of other programs."""

_IGNORED = {
    "schema": "the tables of FFmate Desktop are always in the schema ffmate",
    "hostaddr": "the server is found by its host name",
    "service": "service files are not read",
}


def parse(uri: str, environment: Mapping[str, str] = os.environ) -> Address:
    """The address that a URI and libpq's environment variables describe.

    Raises UsageError, without the password in it, if the URI isn't valid.
    """
    found = _URI.fullmatch(uri.strip())
    if found is None:
        raise UsageError(f"“{without_password(uri)}” isn't a PostgreSQL address.", EXPECTED_FORM)
    if placeholder := _PLACEHOLDER.search(uri):
        raise UsageError(f"The address still contains {placeholder[0]} instead of the password.", ESCAPES)
    try:
        return _read(found[2], environment)
    except ValueError as error:
        raise UsageError(f"“{without_password(uri)}” isn't a valid address: {error}.", ESCAPES) from None


_SECRET = re.compile(r"(?i)((?:pass(?:word|wd)?|pwd|options)\s*(?:=|%3d)\s*)('(?:[^'\\]|\\.)*'?|[^&\s]*)")
"""Server options may contain anything, even a password that was typed in the wrong place."""


def without_password(uri: str) -> str:
    """The URI to show and log, with stars in place of secrets. A malformed URI may lose more than its secrets."""
    scheme = _SCHEME.match(uri)
    head = scheme[0] if scheme else ""
    rest = uri.removeprefix(head)
    user, colon, secret = rest.partition(":")
    if colon and "@" in secret:
        rest = f"{user}:***@{secret.rpartition('@')[2]}"
    else:  # a password without a host after it looks like a port that isn't a number
        rest = re.sub(r"^([^:/?,[]*):(?!\d{1,5}(?:[/?,]|$))[^/?]*", r"\1:***", rest)
    rest, mark, parameters = rest.partition("?")
    rest = _SECRET.sub(r"\1***", rest)
    return head + rest + mark + "&".join(_shown(item) for item in parameters.split("&"))


def _shown(parameter: str) -> str:
    """A parameter as it may be shown: people paste passwords in the oddest places."""
    key, equals, value = parameter.partition("=")
    if _PUBLIC.fullmatch(key) or not value:
        return parameter if equals or not key else "***"
    return f"{key}=***"


def split_password(uri: str) -> tuple[str, str | None]:
    """The URI without its password, and the password; raises UsageError like `parse`, and for a second secret."""
    parse(uri)
    user, hosts, items, password = _without(uri)
    for item in items:
        key, _, value = item.partition("=")
        if key == "password":
            password = _decoded(value)
        elif key == "sslpassword":
            raise UsageError(
                "The password of a key file can't be stored.",
                "Use a key file without one, or set the address in FFMATE_DATABASE.",
            )
    return _assemble(user, hosts, [item for item in items if not item.startswith("password=")]), password


def with_password(uri: str, password: str) -> str:
    """The URI with this password instead of its own. Never show or store it."""
    user, hosts, items, _ = _without(uri)
    items = [item for item in items if not item.startswith("password=")]
    return _assemble(f"{user}:{quote(password, safe='')}", hosts, items)


def _without(uri: str) -> tuple[str, str, list[str], str | None]:
    """User, hosts with path, parameters, and the password after the user."""
    found = _URI.fullmatch(uri.strip())
    if found is None:
        raise UsageError(f"“{without_password(uri)}” isn't a PostgreSQL address.", EXPECTED_FORM)
    before, _, query = found[2].partition("?")
    authority, slash, path = before.partition("/")
    userinfo, _, hosts = authority.rpartition("@")
    user, colon, password = userinfo.partition(":")
    return (
        user,
        f"{hosts}{slash}{path}",
        query.split("&") if query else [],
        _decoded(password) if colon else None,
    )


def _assemble(user: str, hosts: str, items: list[str]) -> str:
    return f"postgresql://{user}{'@' if user else ''}{hosts}{'?' if items else ''}{'&'.join(items)}"


def _read(text: str, environment: Mapping[str, str]) -> Address:
    authority, path, parameters = _split(text)
    userinfo, at, hosts = authority.rpartition("@")
    parts: dict[str, str] = {}
    if at:
        user, colon, password = userinfo.partition(":")
        parts["user"] = _decoded(user)
        if colon:
            parts["password"] = _decoded(password)
    parts["dbname"] = _decoded(path)
    supported, notes = _supported_parameters(parameters)
    values = {key: environment[name] for key, name in _ENVIRONMENT.items() if environment.get(name)}
    values |= {key: value for key, value in parts.items() if value} | supported
    tls = _tls(values, notes)
    where = _hosts(hosts, values, environment)
    user = values.get("user") or _login_name()
    return Address(
        hosts=where,
        user=user,
        database=values.get("dbname") or user,
        password=values.get("password"),
        password_file=values.get("passfile", ""),
        tls=tls,
        timeout=_timeout(values.get("connect_timeout", "0")),
        settings=tuple((key, values[key]) for key in ("application_name", "options") if key in values),
        notes=tuple(notes),
        suspect=parameters.get("pgbouncer") == "true"
        or any(host.port in POOLER_PORTS or "pooler" in host.name for host in where),
    )


def _split(text: str) -> tuple[str, str, dict[str, str]]:
    """Authority, path and parameters; ValueError if an @ or / in a password makes them ambiguous."""
    before, _, query = text.partition("?")
    authority, _, path = before.partition("/")
    if "@" in path or ("@" in query and "@" not in authority):
        raise ValueError("there is an @ after the host")
    parameters = {}
    for item in filter(None, query.split("&")):
        key, equals, value = item.partition("=")
        if not equals:
            raise ValueError("a parameter has no value")
        if value:
            parameters[_OTHER_NAMES.get(key, key)] = _decoded(value)
    return authority, path, parameters


def _decoded(text: str) -> str:
    """Decode percent escapes. Unlike libpq, keep an invalid one as it is."""
    try:
        decoded = unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise ValueError("part of it isn't UTF-8") from None
    if "\0" in decoded:
        raise ValueError("it contains a zero byte")
    return decoded


def _supported_parameters(parameters: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """The parameters that have an effect, and a note for each one that is ignored."""
    supported, notes = {}, []
    for key, value in parameters.items():
        if _SUPPORTED.fullmatch(key):
            supported[key] = value
        elif key == "client_encoding" and value.lower().replace("-", "") in ("utf8", "auto"):
            pass
        elif key == "gssencmode" and value == "require":
            raise ValueError("gssencmode=require isn't supported, only TLS")
        elif not _WITHOUT_EFFECT.fullmatch(key):
            why = _IGNORED.get(key, "FFmate Desktop does not support it")
            notes.append(f"“{key}” in the address is ignored: {why}.")
    attributes = supported.pop("target_session_attrs", "primary")
    if attributes not in ("any", "primary", "read-write"):
        notes.append(f"target_session_attrs={attributes} is ignored: nodes write, so they use the primary.")
    return supported, notes


def _tls(values: dict[str, str], notes: list[str]) -> Tls:
    mode = values.get("sslmode") or values.get("ssl", "prefer")
    mode = _SSL_WORDS.get(mode.lower(), mode)
    if mode not in _SSL_MODES:
        raise ValueError(f"sslmode must be one of {', '.join(_SSL_MODES)}")
    if values.get("sslrootcert") == "system" and mode != "disable":
        mode = "verify-full"
    if values.get("channel_binding") == "require" and mode != "verify-full":
        if mode == "disable":
            raise ValueError("channel_binding=require needs encryption, but sslmode=disable turns it off")
        mode = "verify-full"
        notes.append(
            "channel_binding=require is replaced by a check of the server's certificate (sslmode=verify-full)."
        )
    direct = values.get("sslnegotiation") == "direct"
    if direct and mode in ("disable", "allow", "prefer"):
        raise ValueError("sslnegotiation=direct needs sslmode=require or stronger")
    return Tls(
        mode=mode,
        direct=direct,
        root=values.get("sslrootcert", ""),
        certificate=values.get("sslcert", ""),
        key=values.get("sslkey", ""),
        key_password=values.get("sslpassword", ""),
        revoked=values.get("sslcrl", ""),
        least=values.get("ssl_min_protocol_version", ""),
        most=values.get("ssl_max_protocol_version", ""),
    )


def _hosts(written: str, values: dict[str, str], environment: Mapping[str, str]) -> tuple[Host, ...]:
    listed = [_split_host(item) for item in written.split(",")]
    names, ports = [_decoded(name) for name, _ in listed], [port for _, port in listed]
    if "host" in values or names == [""]:
        names = values.get("host", environment.get("PGHOST", "")).split(",")
        ports = ports if len(ports) == len(names) else [""] * len(names)
    others = values.get("port", "5432").split(",")
    if len(others) not in (1, len(names)):
        raise ValueError(f"there are {len(names)} hosts and {len(others)} ports")
    others = others * len(names) if len(others) == 1 else others
    return tuple(
        Host(name.removeprefix("[").removesuffix("]"), _port(port or other))
        for name, port, other in zip(names, ports, others, strict=True)
    )


def _split_host(item: str) -> tuple[str, str]:
    if item.startswith("["):
        name, bracket, port = item[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            raise ValueError("an IPv6 address must be inside [ and ]")
        return name, port[1:]
    name, _, port = item.partition(":")
    return name, port


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise ValueError("the port must be a number from 1 to 65535")
    return int(text)


def _timeout(text: str) -> float | None:
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise ValueError("connect_timeout must be a number of seconds")
    return max(2.0, float(text)) if int(text) > 0 else None


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # in a container, a user id may have no name
        raise ValueError("it names no user") from None
