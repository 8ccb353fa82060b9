"""Opens the window, or explains why this computer can't show one."""

import os
import platform
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from ffmate_desktop.cli.signals import stop_signals
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.wrong_data import READ_ERRORS, read_error_text
from ffmate_desktop.media.awake import find_inhibitor
from ffmate_desktop.private_files import check_file, make_data_folder, read_file
from ffmate_desktop.settings.folders import default_data_dir, resources_folder
from ffmate_desktop.settings.table import Settings

if TYPE_CHECKING:
    from ffmate_desktop.gui.preferences.setup import Setup

NO_WINDOW = "`ffmate-desktop --no-gui` runs a node without a window."


def show(settings: Settings, files: Sequence[str]) -> int:
    """Show the window until it is closed; returns the exit code. Raises UserError without a screen or Qt."""
    if platform.system() == "Linux" and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        raise UserError("This computer has no screen to open a window on.", NO_WINDOW)
    try:
        with ExitStack() as stack:
            from ffmate_desktop.gui import app  # noqa: PLC0415 - Qt; nodes without a window lack its libraries

            _prepare(settings.data_dir)
            return app.run_window(
                lambda: _load(settings, stack),
                resources=resources_folder(),
                settings=settings,
                files=[str(Path(file).absolute()) for file in files],
                signals=stop_signals,
                inhibitor=find_inhibitor(),
            )
    except ImportError as error:
        if "PySide6" not in (error.name or "") and ".so" not in str(error):
            raise
        raise UserError(
            f"The window can't open because Qt doesn't start: {error}.", f"{_remedy()} {NO_WINDOW}"
        ) from error


def _prepare(data_dir: Path) -> None:
    """Create the data folder and check the files that Qt reads: it would wait forever on a pipe. Raises UserError."""
    try:
        make_data_folder(data_dir, own=data_dir == default_data_dir())
    except OSError as error:
        raise UserError(
            f"The data folder {data_dir} can't be used: {error.strerror or error}.",
            "Change its permissions, or choose another with --data-dir.",
        ) from error
    for name, look in (("window.ini", read_file), ("window.lock", check_file)):
        try:
            look(data_dir / name)
        except FileNotFoundError:
            continue
        except READ_ERRORS as error:
            raise UserError(
                f"{data_dir / name} can't be read: {read_error_text(error)}.", "Remove it."
            ) from error


def _load(settings: Settings, stack: ExitStack) -> "Setup":
    """Load the database driver, the node and the rest after the first paint: half of the time of a start.

    What must end with the program is put on the stack.
    """
    from ffmate_desktop.db.embedded.prestart import prestarted_database  # noqa: PLC0415 - the window has been painted

    if settings.database is None:
        stack.enter_context(prestarted_database(settings.data_dir))
    from ffmate_desktop.bootstrap.window import make_setup  # noqa: PLC0415 - as above

    return make_setup(settings)


def _remedy() -> str:
    if platform.system() == "Linux":
        return "`python3 packaging/bootstrap.py libraries` installs the system libraries that Qt needs, or says how."
    return "Install FFmate Desktop again."
