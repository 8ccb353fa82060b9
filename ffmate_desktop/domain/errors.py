"""Trouble that a user can do something about.

UserError                 one sentence and a hint; the command line ends with exit code 1
├── UsageError            the words of a command are wrong; exit code 2
└── RetryElsewhereError   this computer can't do it, another node may
"""

import errno
import os
from collections.abc import Mapping, Sequence


class UserError(Exception):
    """Expected trouble, told as one plain sentence and, where there is one, the next step.

    `message` is a whole sentence for people; `hint` says what to do, or is empty. Everything that is not a
    UserError is a defect of the program and is logged with its traceback. `lines` are what another program said.
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
    """The user asked for something that cannot be meant, such as both a preset and a command."""

    exit_code = 2


class RetryElsewhereError(UserError):
    """Trouble of this computer: a share that is not connected here, hardware that is missing.

    `everywhere_message` is the sentence for the case that no computer can do it, with `{nodes}` for their names.
    `max_nodes` limits how many nodes try.
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
        """The same trouble, told with what it was on other computers (name → sentence)."""
        if not others:
            return self
        if self.everywhere_message and set(others.values()) == {self.message}:
            nodes = ", ".join(sorted({here, *others}))
            return RetryElsewhereError(
                self.everywhere_message.replace("{nodes}", nodes), self.hint, lines=self.lines
            )
        told = [f"{name}: {why}" for name, why in sorted(others.items())]
        return RetryElsewhereError(self.message, self.hint, lines=[*self.lines, *told])


class ForbiddenScriptError(RetryElsewhereError):
    """The owner of this computer has not allowed this script, which is there; its real path is in `script`."""

    script: str = ""


_OF_FILES = frozenset(
    {
        *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP),
        *(errno.ENOTDIR, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ESTALE),
    }
)


def as_user_error(error: OSError) -> UserError | None:
    """What the system says about a file that somebody named; None when the error is not about a file.

    Python's `exists` and `is_file` raise what they do not expect, such as a name that is too long.
    """
    if error.errno not in _OF_FILES or not isinstance(error.filename, str | bytes):
        return None
    path = os.fsdecode(error.filename)
    shown = path if len(path) <= _LONGEST_PATH else f"{path[:60]}…{path[-60:]}"
    return UserError(f"“{shown}” cannot be used: {error.strerror}.")


_LONGEST_PATH = 400
"""Characters that are shown of a path."""
