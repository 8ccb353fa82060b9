"""What the settings dialog works with, and the plan that its choices make; `bootstrap` builds it."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace

from ffmate_desktop.services.cluster_services import WindowServices
from ffmate_desktop.services.login_start import LoginStart
from ffmate_desktop.services.passwords import Keyring, split_password, with_password
from ffmate_desktop.settings.preferences import Preferences
from ffmate_desktop.settings.table import SETTINGS, Settings


@dataclass(frozen=True, slots=True)
class Plan:
    """New settings, and the preferences to save.

    `address` is the server without its password, None for the embedded database; `password` was just typed. `moves`:
    to another database. `restarts`: the node has to join again. Otherwise only slots and the window change.
    """

    settings: Settings = field(repr=False)
    preferences: Preferences
    address: str | None
    password: str | None = field(repr=False)
    moves: bool
    restarts: bool


@dataclass(slots=True)
class Setup:
    """What the settings dialog needs in order to try and apply settings.

    `settings` are the current ones; code that changes them stores the new ones here. `open_services` opens a cluster
    with a node in it. `check_settings` raises unless a node could work with the settings, and holds the database open
    during the block. `find_ffmpeg` returns path and version. All three raise UserError.
    """

    settings: Settings = field(repr=False)
    keyring: Keyring
    login: LoginStart
    open_services: Callable[[Settings], AbstractAsyncContextManager[WindowServices]]
    check_settings: Callable[[Settings], AbstractAsyncContextManager[None]]
    find_ffmpeg: Callable[[str | None], Awaitable[tuple[str, str]]]

    @property
    def address(self) -> str | None:
        """The current server, without a password; None for the embedded database."""
        uri = self.settings.database
        return None if uri is None else split_password(uri)[0]

    def plan(self, preferences: Preferences, password: str | None) -> Plan:
        """The plan for these preferences; raises UserError for an invalid address."""
        current = self.settings
        new = current.with_preferences(preferences)
        address = None if new.database is None else split_password(new.database)[0]
        moves = address != self.address or bool(address and password)
        if not moves:
            new = replace(new, database=current.database, password_kept=current.password_kept)
        elif address is not None and password:
            new = replace(new, database=with_password(address, password), password_kept=False)
        elif address is not None:
            new = replace(new, password_kept=True)  # it may have been saved earlier
        return Plan(
            settings=new,
            preferences=preferences,
            address=address,
            password=password or None,
            moves=moves,
            restarts=any(
                getattr(new, setting.field) != getattr(current, setting.field)
                for setting in SETTINGS
                if setting.needs_rejoin
            ),
        )

    async def complete_address(self, address: str, password: str | None) -> str:
        """The address with the typed password, else the one in use, else the one in the keyring."""
        current = self.settings
        if password:
            return with_password(address, password)
        if current.database is not None and address == self.address and not current.password_kept:
            return current.database
        saved = await self.keyring.password(address)
        return address if saved is None else with_password(address, saved)
