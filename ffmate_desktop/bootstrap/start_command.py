"""The command that starts this program again, for example at the next login."""

import sys
from dataclasses import replace
from pathlib import Path

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.services.passwords import split_password
from ffmate_desktop.settings.folders import default_data_dir
from ffmate_desktop.settings.table import DATA_DIR, SETTINGS, Settings


def start_command(settings: Settings) -> list[str]:
    """The command, with the settings of this start's command line and environment, above all its limits.

    The password of the database is left out, since other accounts can read commands.
    """
    script = Path(sys.argv[0])
    if getattr(sys, "frozen", False):
        command = [sys.executable]
    elif script.stem == "ffmate-desktop" and script.is_file():
        command = [str(script.absolute())]
    else:
        command = [sys.executable, "-m", "ffmate_desktop"]
    if settings.data_dir != default_data_dir():
        command += [DATA_DIR.option, str(settings.data_dir)]
    if settings.database is not None:
        settings = replace(settings, database=_without_password(settings.database))
    explicit = [setting for setting in SETTINGS if setting is not DATA_DIR and settings.is_explicit(setting)]
    return command + [word for setting in explicit for word in settings.options(setting)]


def _without_password(database: str) -> str | None:
    try:
        return split_password(database)[0]
    except UserError:  # not an address, but it may hold a password
        return None
