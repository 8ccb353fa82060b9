"""Errors that users can act on.

UserError                 one sentence and a hint; the command line ends with exit code 1
├── UsageError            the request itself is wrong; exit code 2
└── RetryElsewhereError   this computer can't do it, another node may
"""

import errno
import os
from collections.abc import Mapping, Sequence


class UserError(Exception):
    """An expected error: one plain sentence and, if there is one, the next step.

    `message` is a full sentence for people; `hint` says what to do, or is empty. `lines` are the output of another
    program. Any exception that isn't a UserError is a bug and is logged with its traceback.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "", *, lines: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.lines = tuple(lines)

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(UserError):
    """The request makes no sense, such as both a preset and a command."""

    exit_code = 2


class RetryElsewhereError(UserError):
    """This computer can't do it, but another might: a share isn't mounted here, or hardware is missing.

    `everywhere_message` replaces the message if no node can do it; `{nodes}` in it becomes their names. `max_nodes`
    limits how many nodes try.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        everywhere_message: str = "",
        lines: Sequence[str] = (),
        max_nodes: int = 1000,
    ) -> None:
        super().__init__(message, hint, lines=lines)
        self.everywhere_message = everywhere_message
        self.max_nodes = max_nodes

    def with_others(self, here: str, others: Mapping[str, str]) -> "RetryElsewhereError":
        """The same error, with the messages of other nodes (name → message)."""
        if not others:
            return self
        if self.everywhere_message and set(others.values()) == {self.message}:
            nodes = ", ".join(sorted({here, *others}))
            return RetryElsewhereError(
                self.everywhere_message.replace("{nodes}", nodes), self.hint, lines=self.lines
            )
        messages = [f"{name}: {message}" for name, message in sorted(others.items())]
        return RetryElsewhereError(self.message, self.hint, lines=[*self.lines, *messages])


class ForbiddenScriptError(RetryElsewhereError):
    """The script exists, but the owner of this computer hasn't allowed it; `script` is its real path."""

    script: str = ""


_FILE_ERRORS = frozenset(
    {
        *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP),
        *(errno.ENOTDIR, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ESTALE),
    }
)


def as_user_error(error: OSError) -> UserError | None:
    """A UserError for a system error about a file; None if the error isn't about a file.

    Python's `exists` and `is_file` raise errors they don't expect, such as for a name that is too long.
    """
    if error.errno not in _FILE_ERRORS or not isinstance(error.filename, str | bytes):
        return None
    path = os.fsdecode(error.filename)
    shown = path if len(path) <= _MAX_PATH_SHOWN else f"{path[:60]}…{path[-60:]}"
    return UserError(f"Can't use “{shown}”: {error.strerror}.")


_MAX_PATH_SHOWN = 400
