"""What a user chooses in the window, as settings.json keeps it.

The window is painted before pydantic is loaded, so nothing here may import it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeVar, cast

from ffmate_desktop.settings.setting import Setting

T = TypeVar("T")


class Appearance(StrEnum):
    """How the window looks."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class OnClose(StrEnum):
    """What happens when the window is closed while tasks run here."""

    ASK = "ask"
    BACKGROUND = "background"
    """The window closes, the node keeps working; only where a tray icon brings the window back."""
    FINISH = "finish"
    """Running tasks finish, the node claims no others, then the program ends."""
    NOW = "now"
    """Running tasks go back to the queue, and the program ends."""


@dataclass(frozen=True, slots=True)
class NoticePreferences:
    """Which desktop notifications are shown; `shown` is the switch for all of them."""

    shown: bool = True
    batches: bool = True
    failures: bool = True
    nodes: bool = True


@dataclass(frozen=True, slots=True)
class WindowPreferences:
    """How the window looks and behaves."""

    appearance: Appearance = Appearance.SYSTEM
    on_close: OnClose = OnClose.ASK
    start_at_login: bool = False
    notices: NoticePreferences = NoticePreferences()


@dataclass(frozen=True, slots=True)
class Preferences:
    """The content of settings.json.

    `chosen` has the settings that differ from their defaults, by field; a database address has no password.
    `password_kept`: the keyring has the password for the database.
    """

    chosen: Mapping[str, object] = field(default_factory=dict)
    password_kept: bool = False
    window: WindowPreferences = WindowPreferences()

    def get(self, setting: Setting[T]) -> T | None:
        """What was chosen; None for the default."""
        return cast("T | None", self.chosen.get(setting.field))

    def choose(self, values: Mapping[Setting[Any], object]) -> "Preferences":
        """The same with these values; None and defaults are not kept."""
        chosen = dict(self.chosen)
        for setting, value in values.items():
            chosen.pop(setting.field, None)
            if value is not None and value != setting.default:
                chosen[setting.field] = value
        return replace(self, chosen=chosen)
