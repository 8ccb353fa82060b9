"""What is left to do with the original of an ended task. Stored in its file record, where other releases read it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ffmate_desktop.domain.stored_fields import StoredFields, WrongFieldError, without_none
from ffmate_desktop.domain.stored_values import Unreadable, as_integer, as_text
from ffmate_desktop.domain.watchfolder import OriginalAction


@dataclass(frozen=True, slots=True)
class Disposition:
    """Move the original, or put it into the trash. LEAVE is never stored: then there is nothing to do."""

    action: OriginalAction
    is_done: bool
    """The task succeeded. The original goes only if the output is in place."""
    output: str | None
    size: int | None
    """Where the output is, and its bytes. Of several outputs, the first."""
    folder: str | None = None
    """Where MOVE moves it."""
    target: str | None = None
    """The path that was chosen in `folder`."""
    begun: bool = False
    """A node may have moved it, or may be moving it."""
    tag: str | None = None
    """Names the temporary copy of the attempt that began."""
    tried: int | None = None
    """The scan (epoch) that last tried. Originals that can't be moved go to the back of the line."""
    unknown: Mapping[str, Any] = field(default_factory=dict)
    """Fields that a newer release added. They are written back."""

    @classmethod
    def from_json(cls, value: object) -> "Disposition | Unreadable":
        """Read a stored value; never raises."""
        if isinstance(value, Unreadable):
            return value
        if not isinstance(value, dict):
            return Unreadable("it isn't an object")
        stored = StoredFields(value)
        try:
            disposition = cls(
                action=stored.require("action", _as_action),
                is_done=stored.require("is_done", _as_flag),
                output=stored.read_strictly("output", as_text),
                size=stored.read_strictly("size", as_integer),
                folder=stored.read_strictly("folder", as_text),
                target=stored.read_strictly("target", as_text),
                begun=stored.read_strictly("begun", _as_flag) or False,
                tag=stored.read_strictly("tag", as_text),
                tried=stored.read_strictly("tried", as_integer),
            )
            if disposition.action is OriginalAction.MOVE and disposition.folder is None:
                raise WrongFieldError("folder")
        except WrongFieldError as error:
            return Unreadable(f"{error} is missing or has another type")
        unknown = {key: value for key, value in stored.unread.items() if key not in _FIELDS}
        return replace(disposition, unknown=unknown)

    def to_json(self) -> dict[str, Any]:
        """The value to store."""
        return {
            **self.unknown,
            "action": self.action.value,
            "is_done": self.is_done,
            "output": self.output,
            "size": self.size,
            **without_none(
                folder=self.folder,
                target=self.target,
                begun=self.begun or None,
                tag=self.tag,
                tried=self.tried,
            ),
        }


_FIELDS = frozenset(field.name for field in fields(Disposition)) - {"unknown"}


def _as_action(value: object) -> OriginalAction | None:
    return OriginalAction(str(value)) if value in ("move", "trash") else None


def _as_flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
