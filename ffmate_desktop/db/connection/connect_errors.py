"""Explains why a connection failed: one sentence per case, and what to do."""

import ssl

import asyncpg

from ffmate_desktop.db.connection.address import Address
from ffmate_desktop.db.connection.outages import os_reason, reason
from ffmate_desktop.db.connection.password_file import readable_by_others
from ffmate_desktop.db.connection.session import CONNECT_TIMEOUT, NoServerError
from ffmate_desktop.domain.errors import UserError


def transaction_pooler(address: Address) -> UserError:
    """For a pooler that shares sessions between clients."""
    return UserError(
        f"The connection pooler at {address.where} runs in transaction or statement mode: "
        "notifications and session locks don't work through it.",
        "Use the direct address of the server (at Neon, the one without “-pooler”), or the pooler's session mode "
        "(at Supabase, port 5432 instead of 6543; in PgBouncer, pool_mode = session).",
    )


def lacks_rights(user: str, missing: tuple[str, ...]) -> UserError:
    """For a user who lacks rights that a node needs; `missing` lists tables with rights."""
    return UserError(
        f"The user “{user}” lacks rights on these tables: {', '.join(missing)}.",
        f'Run as their owner: GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ffmate TO "{user}"',
    )


def connect_error(address: Address, error: BaseException) -> UserError:  # noqa: PLR0911, PLR0912, C901 - one sentence a case
    """The error to show for a failed attempt to connect."""
    where, user, database = address.where, address.user, address.database
    match error:
        case UserError():
            return error
        case NoServerError():
            reasons = "; ".join(f"{host} {_short(failure)}" for host, failure in error.failures)
            return UserError(
                f"None of the servers in the address can be used: {reasons}.",
                "At least one of them must answer and be the primary.",
            )
        case asyncpg.TargetServerAttributeNotMatched():
            return UserError(
                f"The database at {where} is read-only: it is a standby, or this user may not write.",
                "Use the address of the primary.",
            )
        case asyncpg.InvalidAuthorizationSpecificationError() if "pg_hba" in str(error):
            return UserError(
                f"The server at {where} has no rule that lets the user “{user}” connect from here: {reason(error)}.",
                "Add a line to its pg_hba.conf, or change sslmode in the address if it asks for encryption.",
            )
        case asyncpg.InvalidPasswordError() | asyncpg.InvalidAuthorizationSpecificationError():
            unused = readable_by_others(address) if address.password is None else None
            return UserError(
                f"The database at {where} refused the user “{user}”: the name or password is wrong.",
                f"The password file {unused} was not used because other users can read it. Run chmod 600 on it."
                if unused
                else "Check the address given with --database or FFMATE_DATABASE.",
            )
        case asyncpg.InsufficientPrivilegeError():
            return UserError(
                f"The user “{user}” may not connect to the database “{database}” at {where}.",
                f'Run as its owner: GRANT CONNECT ON DATABASE "{database}" TO "{user}"',
            )
        case asyncpg.InvalidCatalogNameError():
            return UserError(
                f"The server at {where} has no database “{database}”.",
                f"Create it, for example with: createdb {database}",
            )
        case asyncpg.CannotConnectNowError():
            return UserError(f"The database at {where} is starting or stopping.", "Try again in a moment.")
        case asyncpg.TooManyConnectionsError():
            return _no_connection_left(address, error)
        case asyncpg.InvalidSQLStatementNameError() | asyncpg.DuplicatePreparedStatementError():
            return transaction_pooler(address)
        case asyncpg.ProtocolViolationError() if "startup parameter" in str(error):
            return UserError(
                f"The pooler at {where} rejects a parameter of the address: {reason(error).rstrip('.')}.",
                "Remove it, or add it to the pooler's ignore_startup_parameters.",
            )
        case asyncpg.PostgresError():
            return UserError(f"The database at {where} refused the connection: {reason(error).rstrip('.')}.")
        case ssl.SSLError():
            hint = "Check sslmode and sslrootcert in the address."
            if any("channel_binding" in note for note in address.notes):
                hint = "channel_binding=require needs a certificate that can be checked: set sslrootcert."
            return UserError(f"Can't make an encrypted connection to {where}: {_tls_reason(error)}.", hint)
        case ConnectionError() if "rejected SSL upgrade" in str(error):
            return UserError(
                f"The database at {where} offers no encryption, but sslmode={address.tls.mode} requires it.",
                "Turn on ssl there, or use sslmode=disable if you trust the network.",
            )
        case TimeoutError():
            return UserError(
                f"The database at {where} didn't answer within {address.timeout or CONNECT_TIMEOUT:.0f} seconds.",
                "Check the address, the network and the firewall.",
            )
        case OSError():
            hint = "Check the address, and that PostgreSQL is running and listening there."
            if any(host.name.endswith(".supabase.co") for host in address.hosts):
                hint = "Supabase's direct address needs IPv6. Without it, use the session pooler (port 5432)."
            return UserError(f"No database answers at {where}: {os_reason(error)}.", hint)
        case _:
            return UserError(f"The connection to the database at {where} failed: {reason(error)}.")


def _no_connection_left(address: Address, error: asyncpg.TooManyConnectionsError) -> UserError:
    """Finds out whose limit is reached. The message is in the server's language, the name of its function is not."""
    where, text, function = address.where, str(error), getattr(error, "server_source_function", "")
    if function == "InitializeSessionUserId" or 'for role "' in text:
        return UserError(
            f"The user “{address.user}” has no connections left at {where}: its own limit is reached.",
            f'Run as a superuser: ALTER ROLE "{address.user}" CONNECTION LIMIT N. A node needs its slots plus three.',
        )
    if function == "CheckMyDatabase" or 'for database "' in text:
        return UserError(
            f"The database “{address.database}” at {where} has no connections left: its own limit is reached.",
            f'Run as its owner: ALTER DATABASE "{address.database}" CONNECTION LIMIT N.',
        )
    if function == "InitPostgres" or "reserved" in text:
        return UserError(
            f"The server at {where} has no connections left, except those reserved for administrators.",
            "Raise max_connections on the server, or end unused sessions (see pg_stat_activity).",
        )
    return UserError(
        f"The server at {where} has no connections left.",
        "Raise max_connections on the server, or end unused sessions (see pg_stat_activity).",
    )


def _short(error: BaseException) -> str:
    match error:
        case asyncpg.TargetServerAttributeNotMatched():
            return "is read-only"
        case TimeoutError():
            return "does not answer"
        case asyncpg.PostgresError():
            return f"says “{reason(error)}”"
        case ssl.SSLError():
            return f"cannot be trusted ({_tls_reason(error)})"
        case OSError():
            return f"does not answer ({os_reason(error)})"
        case _:
            return f"fails ({reason(error)})"


def _tls_reason(error: ssl.SSLError) -> str:
    reason = getattr(error, "verify_message", "") or error.reason or str(error)
    return str(reason).rstrip(".")
