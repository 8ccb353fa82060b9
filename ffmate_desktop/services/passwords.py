"""Database passwords: split from the address, and saved only in the system's keyring."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ffmate_desktop import logs
from ffmate_desktop.db.connection.uri import split_password, with_password, without_password
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.storage.watched_thread import SilentError, WatchedThread

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

__all__ = ["Keyring", "split_password", "with_password", "without_password"]

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds; the system may ask the user to unlock the keyring."""

_SERVICE = "FFmate Desktop"


class Keyring:
    """The system's keyring. `find` returns the backend to use; by default the keyring library's choice."""

    def __init__(self, find: "Callable[[], KeyringBackend] | None" = None) -> None:
        self._find = find or _of_the_system

    async def name(self) -> str:
        """The name of the keyring, for people; empty if there is none."""

        def read_name() -> str:
            backend = self._usable()
            return "" if backend is None else str(backend.name)

        try:
            return await _ask_keyring(read_name)
        except UserError as error:
            logs.root.info("No keyring available: %s", error)
            return ""

    async def password(self, address: str) -> str | None:
        """The saved password for this address (without a password in it). None also if the keyring doesn't answer."""

        def read_password() -> str | None:
            backend = self._usable()
            return None if backend is None else backend.get_password(_SERVICE, address)

        try:
            return await _ask_keyring(read_password)
        except UserError as error:
            logs.root.info("Couldn't get the password from the keyring: %s", error)
            return None

    async def keep(self, address: str, password: str) -> bool:
        """Save the password; False without a keyring. Raises UserError if the keyring refuses."""

        def save() -> bool:
            backend = self._usable()
            if backend is not None:
                backend.set_password(_SERVICE, address, password)
            return backend is not None

        return await _ask_keyring(save)

    def _usable(self) -> "KeyringBackend | None":
        """The backend, unless it is one of the library's two stand-ins for a missing keyring, which save nothing."""
        from keyring.backends import fail, null  # noqa: PLC0415 - found out only where it is needed

        backend = self._find()
        return None if isinstance(backend, fail.Keyring | null.Keyring) else backend


def _of_the_system() -> "KeyringBackend":
    """The backend that the user configured for the library, else a recommended one, never a plain text file."""
    from keyring import core  # noqa: PLC0415 - it looks for backends, which takes a while

    core.init_backend(limit=core.recommended)
    return core.get_keyring()


async def _ask_keyring(question: Callable[[], T]) -> T:
    """Ask in a separate thread, since the system may wait for the user forever. Raises UserError."""

    def ask() -> T:
        from keyring.errors import KeyringError  # noqa: PLC0415 - slow to load, and seldom needed

        try:
            return question()
        except (KeyringError, OSError, RuntimeError) as error:
            raise UserError(f"This computer's keyring refused: {str(error).rstrip('.')}.") from error

    try:
        return await WatchedThread(ask, "keyring").result_within(PATIENCE)
    except SilentError as error:
        raise UserError(
            "This computer's keyring doesn't respond.", "It may be waiting to be unlocked."
        ) from error
