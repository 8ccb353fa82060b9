"""Which errors of a database are outages, to be waited out, and which refuse what was to be written.

`translated` decides where the class of an error does not: the server has one code for a full queue of notifications
and for a value that is too large. docs/reliability.md has the whole table.
"""

import asyncpg

from ffmate_desktop.domain.errors import UserError


class LacksRights(UserError):  # noqa: N818 - what it says is an error
    """The user may not do what a statement does. For a running node an outage like others: it is put right there."""


class BusyError(UserError):
    """The server gave a statement up that waited too long. Nothing is wrong with the connection."""


class ServerLimitError(UserError):
    """A limit of the server is reached, whatever is written. It goes away there."""


class MissingTablesError(UserError):
    """What a statement names is not in the database: it was emptied, or an older backup was restored."""


class NoAnswerError(TimeoutError):
    """A statement got no answer within the limit of its connection."""


class UnfitArgumentsError(RuntimeError):
    """What was to be written has no form on the wire."""


# InternalClientError is no subclass of the others, and was met when connections were torn (asyncpg#1069).
CONNECTION_LOST: tuple[type[BaseException], ...] = (
    ConnectionError,  # no other OSError: a file that cannot be read is no outage
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,  # "connection is closed"; what is a defect of ours leaves a Session as RuntimeError
    asyncpg.InternalClientError,  # also: no server of the list is the primary
    asyncpg.InsufficientResourcesError,  # disk full, no connection or memory left
    asyncpg.OperatorInterventionError,  # shut down, crashed, starting, cancelled
    asyncpg.InvalidAuthorizationSpecificationError,  # who was let in once is locked out: users are being moved
    asyncpg.InvalidCatalogNameError,  # the same: a backup is being restored
    asyncpg.ObjectNotInPrerequisiteStateError,  # the database accepts no connections now
    asyncpg.ReadOnlySQLTransactionError,  # still a standby, or the primary no more
    asyncpg.TransactionRollbackError,  # deadlock
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TransactionTimeoutError,  # transaction_timeout of the role or the database
    asyncpg.PostgresSystemError,  # the server's disk answers with errors
    asyncpg.InternalServerError,
    asyncpg.ConfigFileError,
    asyncpg.SnapshotTooOldError,
    asyncpg.InvalidCachedStatementError,  # a newer program has just changed the tables
    asyncpg.DuplicatePreparedStatementError,  # a pooler gave us the session of somebody else
    asyncpg.InvalidSQLStatementNameError,  # a pooler, or DISCARD ALL, dropped our prepared statements
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
"""Outages that say nothing against the connection: a new one would get the same answer."""

DATA_REFUSED: tuple[type[BaseException], ...] = (
    UnfitArgumentsError,
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,  # too large, too deep
)
"""What a write may raise because of what was to be written: the same again would be refused again."""

_LIMITS_OF_THE_SERVER = ("varsup.c", "multixact.c", "md.c", "bufmgr.c")
"""Source files of PostgreSQL whose 54000 is about the server: no transaction id left, a file at its largest."""

_MISSING = (
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFunctionError,
    asyncpg.UndefinedObjectError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.InvalidColumnReferenceError,  # ON CONFLICT without the index that it names
)


def translated(error: Exception) -> Exception | None:  # noqa: PLR0911 - one meaning a case
    """What an error of a statement means, where its class does not tell; None where it does."""
    match error:
        case TimeoutError():
            return NoAnswerError("no answer in time")
        case asyncpg.InsufficientPrivilegeError():
            return LacksRights(
                f"The database user may not do that: {reason(error)}.",
                "`ffmate-desktop doctor` shows which rights are missing.",
            )
        case asyncpg.LockNotAvailableError():
            return BusyError(
                "Another session of the database holds a lock that this has to wait for.",
                "Try again when it has finished; pg_stat_activity shows who waits and for whom.",
            )
        case asyncpg.QueryCanceledError():
            return BusyError(
                f"The database gave a statement up: {reason(error)}.",
                "Try again; if it happens often, the server is overloaded.",
            )
        case asyncpg.ProgramLimitExceededError():
            return _limit(error)
        case asyncpg.PostgresError() if isinstance(error, _MISSING):
            return MissingTablesError(
                f"FFmate Desktop's tables are not as they were in this database: {reason(error)}.",
                "`ffmate-desktop doctor` shows what is missing; if that is everything, it is set up again.",
            )
        case _:
            return None


def _limit(error: asyncpg.ProgramLimitExceededError) -> ServerLimitError | None:
    """The message is in the server's language; the name of the source file is not."""
    source = getattr(error, "server_source_filename", None)
    if source == "async.c" or "NOTIFY queue" in str(error):
        return ServerLimitError(
            "The server's queue of notifications is full: a session of it has been in one transaction for too long.",
            "End that session; pg_stat_activity shows it as “idle in transaction”. Then try again.",
        )
    if source in _LIMITS_OF_THE_SERVER:
        return ServerLimitError(
            f"The server has reached a limit: {reason(error)}.", "Its log has the details."
        )
    return None


def reason(error: BaseException) -> str:
    """Why a connection was lost or not made, in a few words."""
    if isinstance(error, UserError):
        return error.message.rstrip(".")
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, asyncpg.InternalClientError) and "cannot switch to state" in str(error):
        return "it broke in the middle of an answer"
    if isinstance(error, asyncpg.InterfaceError) and "closed" in str(error):
        return "it was closed"  # what asyncpg says names its own methods
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")


def to_user_error(error: BaseException) -> UserError:  # noqa: PLR0911 - one sentence a case
    """An outage in the middle of something that a person asked for."""
    match error:
        case UserError():
            return error
        case asyncpg.DiskFullError():
            return UserError(
                f"The disk of the database is full: {reason(error)}.", "Free space there, then try again."
            )
        case asyncpg.InsufficientResourcesError() | asyncpg.PostgresSystemError():
            return UserError(
                f"The database server is in trouble: {reason(error)}.", "Try again when that is fixed."
            )
        case asyncpg.TransactionRollbackError():
            return UserError(f"Another change got in the way of this one: {reason(error)}.", "Try again.")
        case asyncpg.ReadOnlySQLTransactionError():
            return UserError(
                "The database only reads: it became a standby, or an administrator made it read-only.",
                "Try again when it can be written to.",
            )
        case asyncpg.InternalServerError() | asyncpg.ObjectNotInPrerequisiteStateError():
            return UserError(f"The database cannot do that now: {reason(error)}.", "Try again.")
        case _:
            return UserError(f"The connection to the database was lost: {reason(error)}.", "Try again.")
