"""settings.json in the data folder. It is replaced as a whole, and a file that can't be read is never lost."""

import json
from dataclasses import dataclass
from pathlib import Path

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.wrong_data import READ_ERRORS, read_error_text
from ffmate_desktop.private_files import make_data_folder, read_file, write_private
from ffmate_desktop.settings.file_fields import preferences_from_json, preferences_to_json
from ffmate_desktop.settings.preferences import Preferences
from ffmate_desktop.settings.table import FILE_VERSION, Settings

NAME = "settings.json"


@dataclass(frozen=True, slots=True)
class Loaded:
    """The content of the file. `trouble` says why it, or part of it, can't be used; that part has its defaults."""

    preferences: Preferences
    trouble: UserError | None = None


class SettingsFile:
    """The file in this data folder, which need not exist."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME

    def load(self) -> Loaded:
        """Defaults for a file that is missing or can't be read."""
        try:
            preferences, wrong = _parse(read_file(self.path))
        except (FileNotFoundError, NotADirectoryError):
            return Loaded(Preferences())
        except READ_ERRORS as error:
            return self._trouble("can't be read", read_error_text(error), "The defaults are used")
        if wrong:
            return self._trouble(
                "are used, except for this", "; ".join(wrong), "All others are used", preferences
            )
        return Loaded(preferences)

    def save(self, preferences: Preferences) -> None:
        """Replace the file; one that can't be read is kept next to it. Raises UserError."""
        text = json.dumps(preferences_to_json(preferences), indent=2, ensure_ascii=False) + "\n"
        try:
            make_data_folder(self.path.parent, own=False)
            write_private(
                self.path,
                text.encode("utf-8", "backslashreplace"),  # a path may have bytes that aren't UTF-8
                keep_old=None if self.load().trouble is None else self._free_name(),
            )
        except OSError as error:
            raise UserError(
                f"The settings can't be saved in {self.path}: {error.strerror or error}.",
                "They are used until FFmate Desktop is closed.",
            ) from error

    def _free_name(self) -> Path:
        number = 1
        while (path := self.path.with_name(f"{NAME}.unreadable-{number}")).exists():
            number += 1
        return path

    def _trouble(
        self, problem: str, reason: str, rest: str, preferences: Preferences | None = None
    ) -> Loaded:
        sentence = f"The settings in {self.path} {problem}: {reason.rstrip('.')}."
        hint = f"{rest}. When settings are saved, this file is kept next to the new one."
        return Loaded(preferences or Preferences(), UserError(sentence, hint))


def with_file(settings: Settings) -> tuple[Settings, UserError | None]:
    """The settings, completed from settings.json in their data folder; and the trouble with that file, if any."""
    loaded = SettingsFile(settings.data_dir).load()
    return settings.with_preferences(loaded.preferences), loaded.trouble


def _parse(data: bytes) -> tuple[Preferences, list[str]]:
    found = json.loads(data)
    if not isinstance(found, dict):
        raise ValueError("it isn't an object with fields")
    version = found.get("version")
    if isinstance(version, int) and version > FILE_VERSION:
        raise ValueError("it belongs to a newer FFmate Desktop")
    return preferences_from_json(found)
