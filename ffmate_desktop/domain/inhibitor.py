"""What a front end needs of whatever keeps the computer awake."""

from typing import Protocol


class Inhibitor(Protocol):
    """Keeps the computer from going to sleep by itself. Call it always from the same thread."""

    @property
    def held(self) -> bool:
        """The system keeps awake for us."""
        ...

    def hold(self) -> None:
        """Keep awake; nothing happens where the system cannot."""
        ...

    def release(self) -> None:
        """Sleep is allowed again."""
        ...

    def close(self) -> None:
        """Release it for good."""
        ...
