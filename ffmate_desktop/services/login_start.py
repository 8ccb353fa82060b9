"""Starts the program when the user logs in, with each system's own kind of entry."""

import os
import plistlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ffmate_desktop.domain.errors import UserError

NAME = "ffmate-desktop"
LABEL = "io.ffmate.desktop"


class LoginStart(Protocol):
    """This program's login entry."""

    def is_enabled(self) -> bool:
        """Whether the entry exists."""
        ...

    def set_enabled(self, on: bool) -> None:
        """Create or replace the entry, or remove it; raises UserError if the system refuses."""
        ...


class AutostartFile:
    """A file in the folder that the system reads at login; `text` is its contents."""

    def __init__(self, path: Path, text: bytes) -> None:
        self.path, self._text = path, text

    def is_enabled(self) -> bool:
        """Whether the file exists."""
        return self.path.is_file()

    def set_enabled(self, on: bool) -> None:
        """Write the file, or remove it."""
        try:
            if on:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self.path.write_bytes(self._text)
            else:
                self.path.unlink(missing_ok=True)
        except OSError as error:
            raise _refused(self.path, error) from error


def login_start(command: Sequence[str]) -> LoginStart:
    """The login entry for this system. `command` is the program and its arguments, with full paths."""
    if sys.platform == "win32":
        return RegistryRunKey(run_value(command))
    if sys.platform == "darwin":
        return AutostartFile(
            Path.home() / "Library" / "LaunchAgents" / f"{LABEL}.plist", launch_agent(command)
        )
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return AutostartFile(Path(home) / "autostart" / f"{NAME}.desktop", desktop_entry(command))


def desktop_entry(command: Sequence[str]) -> bytes:
    """Linux: an XDG autostart entry."""
    lines = [
        "[Desktop Entry]",
        "Type=Application",
        "Name=FFmate Desktop",
        "Comment=Works on the queue of your cluster",
        f"Exec={' '.join(map(_exec_word, command))}",
        "Icon=ffmate-desktop",
        "Terminal=false",
        "X-GNOME-Autostart-enabled=true",
    ]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


def _exec_word(word: str) -> str:
    """Quote a word and escape four characters in it; the file format doubles backslashes again."""
    quoted = "".join(f"\\{letter}" if letter in '"`$\\' else letter for letter in word)
    return f'"{quoted}"'.replace("\\", "\\\\").replace("%", "%%").replace("\n", "\\n").replace("\r", "\\r")


def launch_agent(command: Sequence[str]) -> bytes:
    """macOS: a launchd property list, which takes effect at the next login."""
    return plistlib.dumps(
        {
            "Label": LABEL,
            "ProgramArguments": list(command),
            "RunAtLoad": True,
            "ProcessType": "Interactive",
        }
    )


def run_value(command: Sequence[str]) -> str:
    """Windows: a command line. Paths there can't contain quotes, but may end in a backslash."""
    return " ".join(f'"{word}\\"' if word.endswith("\\") else f'"{word}"' for word in command)


def _refused(place: object, error: OSError) -> UserError:
    return UserError(
        f"Can't change the login entry in {place}: {error.strerror or error}.",
        "Try your system's own settings.",
    )


if sys.platform == "win32":
    import winreg

    _RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"

    _MAX_COMMAND = 260
    """Characters; Windows doesn't start longer commands."""

    class RegistryRunKey:
        """A value under the user's Run key."""

        def __init__(self, value: str) -> None:
            self._value = value

        def is_enabled(self) -> bool:
            """Whether the value exists."""
            try:
                with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _RUN) as key:
                    winreg.QueryValueEx(key, NAME)
            except OSError:
                return False
            return True

        def set_enabled(self, on: bool) -> None:
            """Set the value, or remove it."""
            if on and len(self._value) > _MAX_COMMAND:
                raise UserError(
                    f"Can't start at login: the command is longer than {_MAX_COMMAND} characters.",
                    "Use fewer options; set them as environment variables of your account instead.",
                )
            try:
                with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _RUN) as key:
                    if on:
                        winreg.SetValueEx(key, NAME, 0, winreg.REG_SZ, self._value)
                    elif self.is_enabled():
                        winreg.DeleteValue(key, NAME)
            except OSError as error:
                raise _refused(_RUN, error) from error
