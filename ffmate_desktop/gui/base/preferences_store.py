"""The user's preferences, in memory and in the settings file."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.settings.file import SettingsFile
from ffmate_desktop.settings.preferences import Preferences


class PreferencesStore(QObject):
    """`changed` is emitted after `current` changes, `save_failed` (UserError) if the file could not be written.

    `load_error` says why the file could not be read. The file is small and written on clicks only, so saving is
    synchronous.
    """

    changed = Signal()
    save_failed = Signal(object)

    def __init__(self, file: SettingsFile) -> None:
        super().__init__()
        self._file = file
        loaded = file.load()
        self.current: Preferences = loaded.preferences
        self.load_error = loaded.trouble

    def save(self, preferences: Preferences) -> None:
        """Apply and store these preferences."""
        if preferences == self.current:
            return
        self.current = preferences
        try:
            self._file.save(preferences)
        except UserError as error:
            self.save_failed.emit(error)
        self.changed.emit()

    def save_window(self, **fields: Any) -> None:
        """Change and store fields of the window preferences."""
        self.save(replace(self.current, window=replace(self.current.window, **fields)))
