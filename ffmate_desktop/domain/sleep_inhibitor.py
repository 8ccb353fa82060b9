"""The interface that keeps the computer from going to sleep; the screen may still turn off."""

from abc import ABC, abstractmethod


class SleepInhibitor(ABC):
    """Always call it from the same thread: on Windows the request belongs to that thread.

    The request also ends with the program.
    """

    @property
    @abstractmethod
    def held(self) -> bool:
        """Whether the system is being kept awake."""

    @abstractmethod
    def hold(self) -> None:
        """Keep the computer awake. Does nothing if it is already held, or if the system can't do it."""

    @abstractmethod
    def release(self) -> None:
        """Allow sleep again."""

    def close(self) -> None:
        """Release it for good."""
        self.release()
