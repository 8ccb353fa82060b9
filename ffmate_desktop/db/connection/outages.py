"""Sorts database errors: outages pass and are retried, refused data isn't.

Usually the class of an error decides. `translated` handles the rest: for example, the server has one code for both a
full notification queue and a value that is too large. docs/reliability.md has the whole table.
"""

import ssl

import asyncpg

from ffmate_desktop.domain.errors import UserError


class LacksRights(UserError):  # noqa: N818 - the name says that it is an error
    """The user lacks rights for a statement. A running node retries: an administrator fixes that on the server."""


class BusyError(UserError):
    """The server cancelled a statement that waited or ran too long. The connection is fine."""


class ServerLimitError(UserError):
    """The server reached a limit that does not depend on the data. It has to be fixed there."""


class MissingTablesError(UserError):
    """A table or column is missing: the database was emptied, or an older backup was restored."""


class NoAnswerError(TimeoutError):
    """A statement got no answer within the time limit of its connection."""


class UnfitArgumentsError(RuntimeError):
    """A value cannot be encoded for the database."""


# InternalClientError is not a subclass of the others. It occurs when connections break (asyncpg#1069).
CONNECTION_LOST: tuple[type[BaseException], ...] = (
    ConnectionError,  # no other OSError: a file that cannot be read isn't an outage
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,  # "connection is closed"; Session turns defects into RuntimeError
    asyncpg.InternalClientError,  # also: no server in the list is the primary
    asyncpg.InsufficientResourcesError,  # disk full, out of connections or memory
    asyncpg.OperatorInterventionError,  # shut down, crashed, starting, cancelled
    asyncpg.InvalidAuthorizationSpecificationError,  # an accepted user is refused: users are being migrated
    asyncpg.InvalidCatalogNameError,  # the same: a backup is being restored
    asyncpg.ObjectNotInPrerequisiteStateError,  # the database accepts no connections at the moment
    asyncpg.ReadOnlySQLTransactionError,  # still a standby, or no longer the primary
    asyncpg.TransactionRollbackError,  # deadlock
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TransactionTimeoutError,  # transaction_timeout of the role or the database
    asyncpg.PostgresSystemError,  # the server's disk answers with errors
    asyncpg.InternalServerError,
    asyncpg.ConfigFileError,
    asyncpg.SnapshotTooOldError,
    asyncpg.InvalidCachedStatementError,  # a newer program has just changed the tables
    asyncpg.DuplicatePreparedStatementError,  # a pooler handed over another client's session
    asyncpg.InvalidSQLStatementNameError,  # a pooler, or DISCARD ALL, dropped the prepared statements
    LacksRights,
    BusyError,
    ServerLimitError,
    MissingTablesError,
)
"""What a query may raise while the database is away or in trouble. Anything else is a defect and is not caught."""

STILL_CONNECTED: tuple[type[BaseException], ...] = (
    BusyError,
    ServerLimitError,
    MissingTablesError,
    LacksRights,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
)
"""Outages during which the connection is fine: a new one would get the same answer."""

DATA_REFUSED: tuple[type[BaseException], ...] = (
    UnfitArgumentsError,
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,  # too large, too deep
)
"""What a write may raise because of its data: retrying would fail again."""

_LIMITS_OF_THE_SERVER = ("varsup.c", "multixact.c", "md.c", "bufmgr.c")
"""PostgreSQL source files whose error 54000 is about the server: no transaction ids left, a file at maximum size."""

_MISSING = (
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFunctionError,
    asyncpg.UndefinedObjectError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.InvalidColumnReferenceError,  # ON CONFLICT without the index that it names
)


def translated(error: Exception) -> Exception | None:  # noqa: PLR0911 - one meaning a case
    """What a statement's error means if its class does not say; None if it does."""
    match error:
        case TimeoutError():
            return NoAnswerError("no answer in time")
        case asyncpg.InsufficientPrivilegeError():
            return LacksRights(
                f"The database user isn't allowed to do this: {reason(error)}.",
                "`ffmate-desktop doctor` shows which rights are missing.",
            )
        case asyncpg.LockNotAvailableError():
            return BusyError(
                "Another session of the database holds a lock that this statement needs.",
                "Try again when it has finished. pg_stat_activity shows which sessions wait for which.",
            )
        case asyncpg.QueryCanceledError():
            return BusyError(
                f"The database cancelled a statement: {reason(error)}.",
                "Try again. If this happens often, the server is overloaded.",
            )
        case asyncpg.ProgramLimitExceededError():
            return _limit(error)
        case asyncpg.PostgresError() if isinstance(error, _MISSING):
            return MissingTablesError(
                f"Some of FFmate Desktop's tables are missing in this database: {reason(error)}.",
                "`ffmate-desktop doctor` shows what is missing. If all tables are gone, it creates them again.",
            )
        case _:
            return None


def _limit(error: asyncpg.ProgramLimitExceededError) -> ServerLimitError | None:
    """The message is in the server's language, the name of the source file is not."""
    source = getattr(error, "server_source_filename", None)
    if source == "async.c" or "NOTIFY queue" in str(error):
        return ServerLimitError(
            "The server's notification queue is full: one of its sessions has kept a transaction open for too long.",
            "End that session, which pg_stat_activity shows as “idle in transaction”. Then try again.",
        )
    if source in _LIMITS_OF_THE_SERVER:
        return ServerLimitError(
            f"The server has reached a limit: {reason(error)}.", "Its log has the details."
        )
    return None


def reason(error: BaseException) -> str:
    """Why a connection was lost or failed, in a few words."""
    if isinstance(error, UserError):
        return error.message.rstrip(".")
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, asyncpg.InternalClientError) and "cannot switch to state" in str(error):
        return "it broke in the middle of an answer"
    if isinstance(error, asyncpg.InterfaceError) and "closed" in str(error):
        return "it was closed"  # asyncpg's own message names its methods
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) and "[Errno" in str(error):
        return os_reason(error)
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")


def os_reason(error: OSError) -> str:
    """Why the network failed, without Python's numbers."""
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    # asyncio joins several attempts into one text ("Multiple exceptions: [Errno 111] …"). The first is enough.
    return (error.strerror or str(error)).split("]", 1)[-1].split(",", 1)[0].strip().lower()


def to_user_error(error: BaseException) -> UserError:  # noqa: PLR0911 - one sentence a case
    """The error to show when an outage interrupts something that a user asked for."""
    match error:
        case UserError():
            return error
        case asyncpg.DiskFullError():
            return UserError(
                f"The disk of the database is full: {reason(error)}.",
                "Free some space on it, then try again.",
            )
        case asyncpg.InsufficientResourcesError() | asyncpg.PostgresSystemError():
            return UserError(
                f"The database server is in trouble: {reason(error)}.", "Try again when that is fixed."
            )
        case asyncpg.TransactionRollbackError():
            return UserError(f"Another change conflicted with this one: {reason(error)}.", "Try again.")
        case asyncpg.ReadOnlySQLTransactionError():
            return UserError(
                "The database is read-only: it became a standby, or an administrator made it read-only.",
                "Try again when it accepts writes.",
            )
        case asyncpg.InternalServerError() | asyncpg.ObjectNotInPrerequisiteStateError():
            return UserError(f"The database can't do this right now: {reason(error)}.", "Try again.")
        case _:
            return UserError(f"The connection to the database was lost: {reason(error)}.", "Try again.")
