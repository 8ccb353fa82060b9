"""Trouble that a user can do something about.

UserError                 one sentence and a hint; the command line ends with exit code 1
└── UsageError            the words of a command are wrong; exit code 2
"""


class UserError(Exception):
    """Expected trouble, told as one plain sentence and, where there is one, the next step.

    `message` is a whole sentence for people; `hint` says what to do, or is empty. Everything that is not a
    UserError is a defect of the program and is logged with its traceback.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(UserError):
    """The user asked for something that cannot be meant, such as both a preset and a command."""

    exit_code = 2
