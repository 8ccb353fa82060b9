"""Where the program starts. The window opens without typer, which takes half of the time of a start to load."""

import os
import sys
from collections.abc import Sequence
from typing import NamedTuple

from ffmate_desktop import logs
from ffmate_desktop.cli import window
from ffmate_desktop.cli.errors import clean_tracebacks, complain, complain_of_file
from ffmate_desktop.cli.output import guard
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.settings.file import with_file
from ffmate_desktop.settings.read import read_settings, unknown_variables
from ffmate_desktop.settings.table import SETTINGS


class WindowStart(NamedTuple):
    """A command line that opens the window: the words of each option of a setting, and files."""

    options: dict[str, list[str]]
    files: list[str]


def main() -> None:
    """Open the window if the command line only has settings and files; else load typer, which knows the rest."""
    guard()
    clean_tracebacks()
    start = window_start(sys.argv[1:])
    if start is None or unknown_variables(os.environ):
        from ffmate_desktop.cli import app  # noqa: PLC0415 - half of the time of a start

        app.main()
    else:
        sys.exit(_open_window(start))


def window_start(words: Sequence[str]) -> WindowStart | None:
    """The options and files of a command line with nothing else; None for any other."""
    known = {setting.option for setting in SETTINGS}
    options: dict[str, list[str]] = {}
    files: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if name in known and (equals or rest):
            options.setdefault(name, []).append(value if equals else rest.pop(0))
        elif not word.startswith("-") and not word.isalpha() and _exists(word):  # not the name of a command
            files.append(word)
        else:
            return None
    return WindowStart(options, files)


def _exists(word: str) -> bool:
    return os.path.exists(word)  # noqa: PTH110 - Path.exists raises for a word that is too long for a path


def _open_window(start: WindowStart) -> int:
    try:
        settings = read_settings(start.options, os.environ)
        settings, _ = with_file(settings)  # the window reads the file again and shows what is wrong with it
        logs.configure(settings.debug or logs.QUIET_RULES)
        return window.show(settings, start.files)
    except UserError as error:
        complain(str(error), error)
        return error.exit_code
    except OSError as error:
        return complain_of_file(error)
    except KeyboardInterrupt:
        return 130
