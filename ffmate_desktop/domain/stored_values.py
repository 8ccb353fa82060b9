"""Data that others stored: rows of a newer release, of a hand edit, of anything that writes JSON.

A stored value may have another shape than this release writes. These readers return what they can use and never
raise, so that one row can spoil nothing but itself. The window paints before pydantic is loaded;
`read_record` loads it.
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
"""The largest whole number that the database keeps in a column, and that we count with."""

LAST_TIMESTAMP = 253_402_200_000_000
"""The end of the year 9999 in milliseconds since 1970 UTC, less a day for the clocks east of it."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A stored value that this release cannot read; `why` names the first field that is wrong."""

    why: str

    def __str__(self) -> str:
        return f"It cannot be read by this release ({self.why}): a newer release made it, or it was changed by hand."


def read_record(kind: type[W], value: object) -> W | Unreadable:
    """The value as this record. Fields that a newer release added are kept or passed over, as the record says."""
    from pydantic import ValidationError  # noqa: PLC0415 - see above

    from ffmate_desktop.domain.wrong_data import first_validation_error  # noqa: PLC0415 - see above

    if isinstance(value, Unreadable):
        return value
    if not isinstance(value, dict):
        return Unreadable("it is no object with fields")
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        return Unreadable(first_validation_error(error))
    except RecursionError:
        return Unreadable("it has too many levels")


def read_valid_fields(kind: type[W], value: object, needed: Mapping[str, Any]) -> W:
    """As much of an unreadable value as can be shown; `needed` has values for the fields that have no default."""
    from pydantic import ValidationError  # noqa: PLC0415 - see above

    fields = as_object(value)
    for _ in range(2):  # without what is wrong, then without everything
        try:
            return kind.model_validate(dict(needed) | fields)
        except ValidationError as error:
            wrong = {str(one["loc"][0]) for one in error.errors() if one["loc"]}
            left = {key: found for key, found in fields.items() if key not in wrong}
            fields = left if len(left) < len(fields) else {}
    return kind.model_validate(dict(needed))


def as_member(kind: type[E], value: object, unknown: E) -> E:
    """The member of this enumeration, or `unknown` for a word that this release does not know."""
    try:
        return kind(str(value))
    except ValueError:
        return unknown


def as_object(value: object) -> dict[str, Any]:
    """The object; without fields when it is something else."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """The list; empty when it is something else."""
    return list(value) if isinstance(value, list | tuple) else []


def as_text(value: object) -> str | None:
    """The text, if it is one."""
    return value if isinstance(value, str) else None


def as_number(value: object) -> float | None:
    """The number, if it is one that can be counted with."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= LARGEST_INTEGER else None  # false for infinity and for NaN


def as_timestamp(value: object) -> int | None:
    """The moment in milliseconds since 1970 UTC, if it is one that a calendar has."""
    found = as_integer(value)
    return found if found is not None and 0 <= found <= LAST_TIMESTAMP else None


def as_integer(value: object) -> int | None:
    """The whole number, if it is one that a column can keep."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if abs(value) <= LARGEST_INTEGER else None
