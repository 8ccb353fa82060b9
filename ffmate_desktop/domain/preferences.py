"""What a user has chosen for good, as the file of settings keeps it; None and empty mean "as it comes"."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ffmate_desktop.domain.labels import check_labels

VERSION = 1
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


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NodeWishes(_Part):
    """This computer's node."""

    identifier: Annotated[str, Field(min_length=1)] | None = None
    slots: Annotated[int, Field(strict=True, ge=1, le=MOST_SLOTS)] | None = None
    labels: tuple[str, ...] = ()
    ffmpeg: Annotated[str, Field(min_length=1)] | None = None

    @field_validator("labels")
    @classmethod
    def _are_labels(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return check_labels(labels)
        except Exception as error:
            raise ValueError(str(error)) from error


class ClusterWishes(_Part):
    """Where the queue is. `database` is a URI without its password; `password_kept` says that the keyring has it."""

    database: Annotated[str, Field(min_length=1)] | None = None
    password_kept: bool = False


class NoticeWishes(_Part):
    """What is told to somebody who does not look; `shown` is the switch of all."""

    shown: bool = True
    batches: bool = True
    failures: bool = True
    nodes: bool = True


class WindowWishes(_Part):
    """How the window looks and behaves."""

    appearance: Appearance = Appearance.SYSTEM
    on_close: OnClose = OnClose.ASK
    start_at_login: bool = False
    notices: NoticeWishes = NoticeWishes()


class Preferences(_Part):
    """Everything in the file of settings."""

    version: int = VERSION
    node: NodeWishes = NodeWishes()
    cluster: ClusterWishes = ClusterWishes()
    window: WindowWishes = WindowWishes()
