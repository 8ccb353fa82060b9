"""The base of everything that leaves the program as JSON."""

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

W = TypeVar("W", bound="Wire")


class Wire(BaseModel):
    """FFmate's camelCase names; unknown fields are refused."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        defer_build=True,  # most commands use few of them, and one costs up to 30 ms of the start
    )

    def to_json(self) -> dict[str, Any]:
        """The object as JSON data, empty fields left out as FFmate does."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class ForwardCompatible(Wire):
    """What is stored, and stored again after a change: fields of a newer release stay where they are."""

    model_config = ConfigDict(extra="allow")


def with_unknown_fields(fresh: W, former: Wire) -> W:
    """`fresh` with what `former` has of a newer release, at every level that both have."""
    changes: dict[str, Any] = {
        key: value
        for key, value in (former.model_extra or {}).items()
        if key not in (fresh.model_extra or {})
    }
    for name in type(fresh).model_fields:
        new, old = getattr(fresh, name), getattr(former, name, None)
        if isinstance(new, Wire) and isinstance(old, type(new)):
            changes[name] = with_unknown_fields(new, old)
    return fresh.model_copy(update=changes)


class RawResolved(Wire):
    """A text as it was given and, once known, with its wildcards filled in."""

    raw: str
    resolved: str | None = None
