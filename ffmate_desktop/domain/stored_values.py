"""Tolerant readers for stored values: rows may come from a newer release or be edited by hand.

A stored value may have a different shape from what this release writes. These readers return what they can use and
never raise, so a bad row affects nothing but itself. The window paints before pydantic is loaded; `read_record` and
`read_valid_fields` load it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from ffmate_desktop.domain.wire import Wire

W = TypeVar("W", bound="Wire")
E = TypeVar("E", bound=StrEnum)

LARGEST_INTEGER = 2**63 - 1
"""The largest integer a database column can store."""

LAST_TIMESTAMP = 253_402_200_000_000
"""The end of the year 9999 in milliseconds since 1970 UTC, minus a day for time zones east of UTC."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A stored value that this release can't read; `why` names the first wrong field."""

    why: str

    def __str__(self) -> str:
        return f"This release can't read it ({self.why}): a newer release wrote it, or it was edited by hand."


def read_record(kind: type[W], value: object) -> W | Unreadable:
    """The value as a record of this type. The type decides whether unknown fields are kept or ignored."""
    from pydantic import ValidationError  # noqa: PLC0415 - see above

    from ffmate_desktop.domain.wrong_data import first_validation_error  # noqa: PLC0415 - see above

    if isinstance(value, Unreadable):
        return value
    if not isinstance(value, dict):
        return Unreadable("it isn't an object")
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        return Unreadable(first_validation_error(error))
    except RecursionError:
        return Unreadable("it is nested too deeply")


def read_valid_fields(kind: type[W], value: object, needed: Mapping[str, Any]) -> W:
    """The valid fields of an unreadable value, for display; `needed` fills in required fields."""
    from pydantic import ValidationError  # noqa: PLC0415 - see above

    fields = as_object(value)
    for _ in range(2):  # first without the wrong fields, then without any
        try:
            return kind.model_validate(dict(needed) | fields)
        except ValidationError as error:
            wrong = {str(detail["loc"][0]) for detail in error.errors() if detail["loc"]}
            left = {key: found for key, found in fields.items() if key not in wrong}
            fields = left if len(left) < len(fields) else {}
    return kind.model_validate(dict(needed))


def as_member(kind: type[E], value: object, unknown: E) -> E:
    """The enum member, or `unknown` for a word that this release doesn't know."""
    try:
        return kind(str(value))
    except ValueError:
        return unknown


def as_object(value: object) -> dict[str, Any]:
    """The object, or an empty one if it isn't an object."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """The list, or an empty one if it isn't a list."""
    return list(value) if isinstance(value, list | tuple) else []


def as_text(value: object) -> str | None:
    """The text, or None."""
    return value if isinstance(value, str) else None


def as_number(value: object) -> float | None:
    """The number, or None if it isn't a finite number in range."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= LARGEST_INTEGER else None  # false for infinity and for NaN


def as_timestamp(value: object) -> int | None:
    """The time in milliseconds since 1970 UTC, or None if it isn't a valid date."""
    found = as_integer(value)
    return found if found is not None and 0 <= found <= LAST_TIMESTAMP else None


def as_integer(value: object) -> int | None:
    """The integer, or None if a column can't store it."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if abs(value) <= LARGEST_INTEGER else None
