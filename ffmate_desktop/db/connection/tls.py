"""Encryption of a connection: turns libpq's settings into a context of Python's ssl module."""

import ssl
from collections.abc import Callable
from pathlib import Path

from ffmate_desktop.db.connection.address import Host, Tls
from ffmate_desktop.db.connection.password_file import user_file
from ffmate_desktop.domain.errors import UserError

_VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
_BELOW = ("", "TLSv1", "TLSv1.1")
"""As the minimum version these need nothing: Python starts with 1.2 anyway."""


Encryption = ssl.SSLContext | bool
"""A context for encryption, or False for none."""


def encryption_options(tls: Tls, host: Host) -> list[Encryption]:
    """How to connect to a host, in the order of attempts.

    Reads files, so not for the event loop. Raises UserError for unusable files.
    """
    if host.is_socket or tls.mode == "disable":
        return [False]
    context = make_context(tls)
    by_mode: dict[str, list[Encryption]] = {"prefer": [context, False], "allow": [False, context]}
    return by_mode.get(tls.mode, [context])


def make_context(tls: Tls) -> ssl.SSLContext:
    """Which certificates to trust, and which to present. The server's is checked only from `require` on."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["postgresql"])  # servers require it when the handshake comes first
    context.check_hostname = tls.mode == "verify-full"
    roots = _roots(tls)
    if tls.mode in ("prefer", "allow") or (tls.mode == "require" and roots is None):
        context.verify_mode = ssl.CERT_NONE
    elif roots is None:
        context.load_default_certs()
    else:
        _load(roots, lambda: context.load_verify_locations(roots))
    _load_revoked(context, tls)
    _load_own(context, tls)
    if tls.least not in _BELOW:
        context.minimum_version = _version(tls.least)
    if tls.most:
        context.maximum_version = _version(tls.most)
    return context


def _roots(tls: Tls) -> Path | None:
    """The trusted authorities; None for those of this computer.

    As in libpq, a root file is used if it exists, even with sslmode=require. Unlike libpq, fall back to the system's
    authorities.
    """
    if tls.root == "system":
        return None
    if tls.root:
        return Path(tls.root).expanduser()
    default = user_file(".postgresql/root.crt", "root.crt")
    return default if default.is_file() else None


def _load_revoked(context: ssl.SSLContext, tls: Tls) -> None:
    default = user_file(".postgresql/root.crl", "root.crl")
    path = Path(tls.revoked).expanduser() if tls.revoked else default
    if context.verify_mode != ssl.CERT_NONE and (tls.revoked or default.is_file()):
        _load(path, lambda: context.load_verify_locations(path))
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN


def _load_own(context: ssl.SSLContext, tls: Tls) -> None:
    default = user_file(".postgresql/postgresql.crt", "postgresql.crt")
    if not tls.certificate and not default.is_file():
        return
    certificate = Path(tls.certificate).expanduser() if tls.certificate else default
    default_key = user_file(".postgresql/postgresql.key", "postgresql.key")
    # Without a file of its own, the key is in the certificate file.
    key = Path(tls.key).expanduser() if tls.key else default_key if default_key.is_file() else None
    # A function, because otherwise OpenSSL would ask on the terminal.
    _load(certificate, lambda: context.load_cert_chain(certificate, key, password=lambda: tls.key_password))


def _load(path: Path, load: Callable[[], None]) -> None:
    try:
        load()
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        reason = "it does not exist" if isinstance(error, FileNotFoundError) else error
        raise UserError(
            f"Can't use the certificate file {path}: {reason}.",
            "Check sslrootcert, sslcert, sslkey and sslcrl in the address of the database.",
        ) from error


def _version(name: str) -> ssl.TLSVersion:
    if name not in _VERSIONS:
        raise UserError(f"“{name}” isn't a supported TLS version.", f"Use one of {', '.join(_VERSIONS)}.")
    return _VERSIONS[name]
