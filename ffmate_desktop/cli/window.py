"""Opening the window, and saying so when this computer cannot show one."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path

from ffmate_desktop import bootstrap
from ffmate_desktop.cli.node import stop_signals
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.settings import Settings

NO_WINDOW = "`ffmate-desktop --no-gui` is a node without a window."


def show(settings: Settings, files: Sequence[str]) -> int:
    """Until the window is closed; returns the exit code. Raises UserError without a screen, or without Qt."""
    if platform.system() == "Linux" and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        raise UserError("There is no screen here to open a window on.", NO_WINDOW)
    try:
        return bootstrap.open_window(settings, [str(Path(file).absolute()) for file in files], stop_signals)
    except ImportError as error:
        if "PySide6" not in (error.name or "") and ".so" not in str(error):
            raise
        raise UserError(
            f"The window cannot open, because Qt does not start: {error}.", f"{_remedy()} {NO_WINDOW}"
        ) from error


def _remedy() -> str:
    if platform.system() == "Linux":
        return "`python3 packaging/bootstrap.py libraries` installs what Qt needs of the system, or says how."
    return "Install FFmate Desktop again."
