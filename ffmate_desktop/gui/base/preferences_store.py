"""What the user has chosen for good, in memory and in the file of settings."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.preferences import Preferences
from ffmate_desktop.services.settings_file import SettingsFile


class PreferencesStore(QObject):
    """`now` is what holds; `changed` comes after it has changed, `failed` (UserError) when it could not be saved.

    `trouble` is why the file could not be read. It is small and written at
    clicks only, so that is done at once.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, file: SettingsFile) -> None:
        super().__init__()
        self._file = file
        loaded = file.load()
        self.now: Preferences = loaded.preferences
        self.trouble = loaded.trouble

    def keep(self, preferences: Preferences) -> None:
        """Let these hold from now on, also after the next start."""
        if preferences == self.now:
            return
        self.now = preferences
        try:
            self._file.save(preferences)
        except UserError as error:
            self.failed.emit(error)
        self.changed.emit()

    def keep_window(self, **fields: Any) -> None:
        """The same for some fields of how the window looks and behaves."""
        self.keep(replace(self.now, window=replace(self.now.window, **fields)))
