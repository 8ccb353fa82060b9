"""Reads a stored JSON object field by field, and keeps for the next write what this release can't use."""

from collections.abc import Callable
from typing import Any, TypeVar

from ffmate_desktop.domain.stored_values import as_object

T = TypeVar("T")


class WrongFieldError(ValueError):
    """A required field is missing or has another type; the text is its name."""


class StoredFields:
    """Each field is read by a function that returns None for a value it can't use.

    `unread` holds the values that were not read or not usable.
    """

    def __init__(self, stored: object) -> None:
        self.unread = dict(as_object(stored))

    def read(self, name: str, reader: Callable[[object], T | None]) -> T | None:
        """The value of the field, if it has a usable one."""
        found = reader(self.unread.get(name))
        if found is not None:
            del self.unread[name]
        return found

    def require(self, name: str, reader: Callable[[object], T | None]) -> T:
        """The value of the field; raises WrongFieldError without a usable one."""
        try:
            found = self.read(name, reader)
        except WrongFieldError as error:
            raise WrongFieldError(f"{name}.{error}") from error
        if found is None:
            raise WrongFieldError(name)
        return found

    def read_strictly(self, name: str, reader: Callable[[object], T | None]) -> T | None:
        """None for a missing field or null; raises WrongFieldError for any other unusable value."""
        return None if self.unread.get(name) is None else self.require(name, reader)


def without_none(**fields: object) -> dict[str, Any]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}
