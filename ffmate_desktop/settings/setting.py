"""A setting, and the places where its value can come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.settings.kinds import Kind, Number

T = TypeVar("T")


class Source(StrEnum):
    """Where a value comes from, highest precedence first."""

    COMMAND_LINE = "command line"
    ENVIRONMENT = "environment"
    FILE = "settings file"
    DEFAULT = "default"


EXPLICIT = frozenset({Source.COMMAND_LINE, Source.ENVIRONMENT})
"""These override the settings file, so the window can't change such a value."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Setting(Generic[T]):
    """One thing that a user can set.

    `field` is its field in `Settings`, `file_key` its place in settings.json, if it is in that file.
    `default_text` says in the help what the default is, where the value alone doesn't.
    `needs_rejoin`: a running node takes a new value only by joining the cluster again.
    """

    field: str
    option: str
    variable: str
    metavar: str
    kind: Kind
    default: T
    help: str
    default_text: str = ""
    file_key: str = ""
    other_variable: str = ""
    """Used where `variable` isn't set."""
    needs_rejoin: bool = False

    @property
    def variables(self) -> list[str]:
        """Environment variables, highest precedence first."""
        return [name for name in (self.variable, self.other_variable) if name]

    @property
    def limits(self) -> tuple[int, int]:
        """The least and the most of a number."""
        assert isinstance(self.kind, Number)  # noqa: S101 - only numbers have limits
        return int(self.kind.least), int(self.kind.most)

    @property
    def help_text(self) -> str:
        """Help, limits and default, in sentences."""
        default = f"Default: {self.default_text or self.text(self.default)}."
        return " ".join(filter(None, (self.help, self.kind.limits, default)))

    def text(self, value: T) -> str:
        """A value for people."""
        return (self.kind.text(value) if value is not None else "") or self.default_text or "none"

    def words(self, value: T) -> list[str]:
        """The words that the option takes for this value; none where it can't be given."""
        return [] if value is None else self.kind.words(value)

    def read(
        self, options: Mapping[str, Sequence[str]], variables: Mapping[str, str]
    ) -> tuple[T, Source] | None:
        """The value that the command line gives, else a variable, else None. Raises UsageError.

        An empty word (`--database=`) hides the variable.
        """
        words = options.get(self.option, ())
        if words and (words[-1] or not self.kind.may_be_empty):
            return self.parse(words, self.option), Source.COMMAND_LINE
        if words:
            return None
        for name in self.variables:
            if text := variables.get(name):
                return self.parse(self.kind.split(text), name), Source.ENVIRONMENT
        return None

    def parse(self, words: Sequence[str], name: str) -> T:
        """The value of these words of the option or variable `name`. Raises UsageError."""
        try:
            value: T = self.kind.read(words)
        except ValueError as error:
            raise UsageError(f"{name} {error}.") from error
        return value
