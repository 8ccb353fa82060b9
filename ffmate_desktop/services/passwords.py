"""The password of the database: apart from its address, and kept by the keyring of the system or by nobody."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ffmate_desktop import logs
from ffmate_desktop.db.connection import uri as addresses
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.storage.watched_thread import SilentError, WatchedThread

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds; the system may ask its user to unlock the keyring."""

_SERVICE = "FFmate Desktop"


class Keyring:
    """The keyring of the system. `find` gives another one; by default what the library `keyring` finds here."""

    def __init__(self, find: "Callable[[], KeyringBackend] | None" = None) -> None:
        self._find = find or _of_the_system

    async def name(self) -> str:
        """What keeps passwords here, for people; empty when nothing does."""

        def look() -> str:
            found = self._usable()
            return "" if found is None else str(found.name)

        try:
            return await _ask_keyring(look)
        except UserError as error:
            logs.root.info("There is no keyring: %s", error)
            return ""

    async def password(self, address: str) -> str | None:
        """The password that was kept for this address, which has none in it; None too when nobody answers."""

        def look() -> str | None:
            found = self._usable()
            return None if found is None else found.get_password(_SERVICE, address)

        try:
            return await _ask_keyring(look)
        except UserError as error:
            logs.root.info("The keyring does not give the password: %s", error)
            return None

    async def keep(self, address: str, password: str) -> bool:
        """Keep it; False where there is no keyring. Raises UserError when the keyring refuses."""

        def put() -> bool:
            found = self._usable()
            if found is not None:
                found.set_password(_SERVICE, address, password)
            return found is not None

        return await _ask_keyring(put)

    def _usable(self) -> "KeyringBackend | None":
        """Both of the library's substitutes for a missing keyring keep nothing."""
        from keyring.backends import fail, null  # noqa: PLC0415 - found out only where it is needed

        found = self._find()
        return None if isinstance(found, fail.Keyring | null.Keyring) else found


def split_password(address: str) -> tuple[str, str | None]:
    """The address without its password, and the password; raises UsageError for what is no address."""
    return addresses.split_password(address)


def with_password(address: str, password: str) -> str:
    """The address with this password in it, for one program's own use."""
    return addresses.with_password(address, password)


def without_password(address: str) -> str:
    """The address as it may be shown, with stars where the password is."""
    return addresses.without_password(address)


def _of_the_system() -> "KeyringBackend":
    """Whatever its user named for the library, else one that is meant for the purpose: not a file in plain text."""
    from keyring import core  # noqa: PLC0415 - it looks for backends, which takes a while

    core.init_backend(limit=core.recommended)
    return core.get_keyring()


async def _ask_keyring(question: Callable[[], T]) -> T:
    """Ask in a thread of its own: the system may wait for its user for ever. Raises UserError."""

    def ask() -> T:
        from keyring.errors import KeyringError  # noqa: PLC0415 - slow to load, and seldom needed

        try:
            return question()
        except (KeyringError, OSError, RuntimeError) as error:
            raise UserError(f"The keyring of this computer refused: {str(error).rstrip('.')}.") from error

    try:
        return await WatchedThread(ask, "keyring").result_within(PATIENCE)
    except SilentError as error:
        raise UserError(
            "The keyring of this computer does not answer.", "It may be waiting to be unlocked."
        ) from error
