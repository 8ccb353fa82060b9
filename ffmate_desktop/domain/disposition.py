"""What is left to do with the original of an ended task. Stored in its file record, where other releases read it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ffmate_desktop.domain.stored_fields import without_none
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
        if not isinstance(value, dict):
            return Unreadable("it is no object with fields")
        if wrong := _first_wrong(value):
            return Unreadable(wrong)
        return cls(
            action=OriginalAction(value["action"]),
            is_done=value["is_done"],
            output=value.get("output"),
            size=value.get("size"),
            folder=value.get("folder"),
            target=value.get("target"),
            begun=value.get("begun", False),
            tag=value.get("tag"),
            tried=value.get("tried"),
            unknown={key: found for key, found in value.items() if key not in _FIELDS},
        )

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


_TEXTS = ("output", "folder", "target", "tag")
_INTEGERS = ("size", "tried")
_FIELDS = frozenset({"action", "is_done", "begun", *_TEXTS, *_INTEGERS})


def _first_wrong(value: Mapping[str, Any]) -> str | None:
    """The first field that this release can't use, and why."""
    action = value.get("action")
    checks = [
        ("action", action in ("move", "trash"), "this is none of 'move' or 'trash'"),
        ("is_done", isinstance(value.get("is_done"), bool), "this is neither true nor false"),
        ("begun", isinstance(value.get("begun", False), bool), "this is neither true nor false"),
        *((key, _is_missing_or(as_text, value.get(key)), "this is no text") for key in _TEXTS),
        *((key, _is_missing_or(as_integer, value.get(key)), "this is no whole number") for key in _INTEGERS),
        ("folder", action != "move" or value.get("folder") is not None, "this is missing"),
    ]
    return next((f"{key}: {why}" for key, is_right, why in checks if not is_right), None)


def _is_missing_or(read: Callable[[object], object], value: object) -> bool:
    return value is None or read(value) is not None
