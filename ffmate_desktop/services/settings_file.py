"""The file of settings in the data folder: JSON, written whole or not at all, and never thrown away unread."""

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.preferences import VERSION, Preferences
from ffmate_desktop.domain.wrong_data import READ_ERRORS, read_error_text
from ffmate_desktop.file_locks import open_for_folder_owner
from ffmate_desktop.private_files import make_data_folder, read_file
from ffmate_desktop.services.settings_fields import preferences_from

NAME = "settings.json"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the file says. `trouble` tells why it could not be read, or what of it; defaults stand for that."""

    preferences: Preferences
    trouble: UserError | None = None


class SettingsFile:
    """The file in the data folder `folder`, which need not exist."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME

    def load(self) -> Loaded:
        """A missing file means the defaults; so does one that cannot be read."""
        try:
            preferences, wrong = _parse(read_file(self.path))
        except (FileNotFoundError, NotADirectoryError):
            return Loaded(Preferences())
        except READ_ERRORS as error:
            return self._trouble("cannot be read", read_error_text(error), "The defaults are used")
        if wrong:
            return self._trouble("are used but for this", "; ".join(wrong), "All others hold", preferences)
        return Loaded(preferences)

    def save(self, preferences: Preferences) -> None:
        """Replace the file; one that could not be read is kept beside it. Raises UserError when that fails."""
        text = json.dumps(asdict(preferences), indent=2, ensure_ascii=False) + "\n"
        fresh = self.path.with_name(f".{NAME}.{os.getpid()}")
        try:
            make_data_folder(self.path.parent, own=False)
            data = text.encode("utf-8", "backslashreplace")  # a path may have bytes that are no UTF-8
            with os.fdopen(open_for_folder_owner(fresh, os.O_WRONLY | os.O_TRUNC), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if self.load().trouble is not None:
                self.path.replace(self._aside())
            fresh.replace(self.path)
        except OSError as error:
            with contextlib.suppress(OSError):
                fresh.unlink()
            raise UserError(
                f"The settings cannot be saved in {self.path}: {error.strerror or error}.",
                "They hold until FFmate Desktop is closed.",
            ) from error

    def _aside(self) -> Path:
        number = 1
        while (place := self.path.with_name(f"{NAME}.unreadable-{number}")).exists():
            number += 1
        return place

    def _trouble(self, what: str, why: str, holds: str, preferences: Preferences | None = None) -> Loaded:
        sentence = f"The settings in {self.path} {what}: {why.rstrip('.')}."
        hint = f"{holds}; when settings are saved, this file is kept beside the new one."
        return Loaded(preferences or Preferences(), UserError(sentence, hint))


def _parse(data: bytes) -> tuple[Preferences, list[str]]:
    found = json.loads(data)
    if not isinstance(found, dict):
        raise ValueError("it is no object with fields")
    version = found.get("version")
    if isinstance(version, int) and version > VERSION:
        raise ValueError("it belongs to a newer FFmate Desktop")
    return preferences_from(found)
