"""The password of the database: apart from its address, and kept by the keyring of the system or by nobody."""

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ffmate_desktop import logs
from ffmate_desktop.db.connection import uri as addresses
from ffmate_desktop.domain.errors import UserError

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
            return await _beside(look)
        except UserError as error:
            logs.root.info("There is no keyring: %s", error)
            return ""

    async def password(self, address: str) -> str | None:
        """The password that was kept for this address, which has none in it; None too when nobody answers."""

        def look() -> str | None:
            found = self._usable()
            return None if found is None else found.get_password(_SERVICE, address)

        try:
            return await _beside(look)
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

        return await _beside(put)

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


async def _beside(work: Callable[[], T]) -> T:
    """On a thread of its own that nobody waits for at the end: a question to the user may stay open for ever."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def give(set_it: Callable[[], None]) -> None:
        def unless_late() -> None:
            if not answer.done():
                set_it()

        try:
            loop.call_soon_threadsafe(unless_late)
        except RuntimeError:  # the loop is closed: nobody waits any more
            return

    def do() -> None:
        from keyring.errors import KeyringError  # noqa: PLC0415 - slow to load, and seldom needed

        try:
            result = work()
        except (KeyringError, OSError, RuntimeError) as error:
            trouble = UserError(f"The keyring of this computer refused: {str(error).rstrip('.')}.")
            give(lambda: answer.set_exception(trouble))
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is awaited
            failure = error
            give(lambda: answer.set_exception(failure))
        else:
            give(lambda: answer.set_result(result))

    threading.Thread(target=do, name="keyring", daemon=True).start()
    try:
        async with asyncio.timeout(PATIENCE):
            return await answer
    except TimeoutError as error:
        raise UserError(
            "The keyring of this computer does not answer.", "It may be waiting to be unlocked."
        ) from error
