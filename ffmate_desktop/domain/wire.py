"""The base of everything that leaves the program as JSON."""

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


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


class RawResolved(Wire):
    """A text as it was given and, once known, with its wildcards filled in."""

    raw: str
    resolved: str | None = None
