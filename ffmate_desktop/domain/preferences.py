"""What a user has chosen for good, as the file of settings keeps it; None and empty mean "as it comes".

The window is painted before pydantic is loaded, so nothing here may need it.
"""

from dataclasses import dataclass
from enum import StrEnum

from ffmate_desktop.domain.encode_priority import EncodePriority

VERSION = 2
"""Of the file. It grows with every field, so that an older program does not lose what it does not know."""

MOST_SLOTS = 1000


class Appearance(StrEnum):
    """How the window looks."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class OnClose(StrEnum):
    """What happens when the window is closed while tasks run here."""

    ASK = "ask"
    BACKGROUND = "background"
    """The window goes, the node works on; only where a tray brings it back."""
    FINISH = "finish"
    """What runs is finished, nothing new is taken, then the program ends."""
    NOW = "now"
    """What runs goes back to the queue, and the program ends."""


@dataclass(frozen=True, slots=True)
class NodeWishes:
    """This computer's node. `slots` is from 1 to MOST_SLOTS; `labels` are as `check_labels` returns them."""

    identifier: str | None = None
    slots: int | None = None
    labels: tuple[str, ...] = ()
    ffmpeg: str | None = None
    encode_priority: EncodePriority | None = None


@dataclass(frozen=True, slots=True)
class RetentionWishes:
    """How long log files and finished tasks are kept, in days and by number; 0 is no limit."""

    logs_days: int | None = None
    logs_count: int | None = None
    tasks_days: int | None = None
    tasks_count: int | None = None


@dataclass(frozen=True, slots=True)
class ClusterWishes:
    """Where the queue is. `database` is a URI without its password; `password_kept` says that the keyring has it."""

    database: str | None = None
    password_kept: bool = False


@dataclass(frozen=True, slots=True)
class NoticeWishes:
    """What is told to somebody who does not look; `shown` is the switch of all."""

    shown: bool = True
    batches: bool = True
    failures: bool = True
    nodes: bool = True


@dataclass(frozen=True, slots=True)
class WindowWishes:
    """How the window looks and behaves."""

    appearance: Appearance = Appearance.SYSTEM
    on_close: OnClose = OnClose.ASK
    start_at_login: bool = False
    notices: NoticeWishes = NoticeWishes()


@dataclass(frozen=True, slots=True)
class Preferences:
    """Everything in the file of settings."""

    version: int = VERSION
    node: NodeWishes = NodeWishes()
    cluster: ClusterWishes = ClusterWishes()
    window: WindowWishes = WindowWishes()
    retention: RetentionWishes = RetentionWishes()
