"""Base classes for everything that leaves the program as JSON."""

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

W = TypeVar("W", bound="Wire")


class Wire(BaseModel):
    """Uses FFmate's camelCase names and rejects unknown fields."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        defer_build=True,  # most commands use few models, and each adds up to 30 ms to the start
    )

    def to_json(self) -> dict[str, Any]:
        """The object as JSON data, without empty fields, as FFmate writes it."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class ForwardCompatible(Wire):
    """A stored record that keeps the unknown fields of newer releases when it is changed and stored again."""

    model_config = ConfigDict(extra="allow")


def with_unknown_fields(changed: W, original: Wire) -> W:
    """`changed` with the unknown fields of `original`, at every level that both have."""
    changes: dict[str, Any] = {
        key: value
        for key, value in (original.model_extra or {}).items()
        if key not in (changed.model_extra or {})
    }
    for name in type(changed).model_fields:
        new, old = getattr(changed, name), getattr(original, name, None)
        if isinstance(new, Wire) and isinstance(old, type(new)):
            changes[name] = with_unknown_fields(new, old)
    return changed.model_copy(update=changes)


class RawResolved(Wire):
    """A text as entered and, once known, with its wildcards replaced."""

    raw: str
    resolved: str | None = None
