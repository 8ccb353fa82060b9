"""Where the program starts: the usual way to open the window needs no command line, which takes long to load."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ffmate_desktop import logs
from ffmate_desktop.cli import window
from ffmate_desktop.cli.errors import clean_tracebacks, complain, complain_of_file
from ffmate_desktop.cli.output import guard
from ffmate_desktop.cli.settings_args import settings_from, with_file
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.settings import (
    DATA_DIR,
    DATABASE,
    DEBUG,
    FFMPEG,
    IDENTIFIER,
    LABEL,
    Source,
    other_settings,
)

_PLAIN = (DATABASE, IDENTIFIER, FFMPEG, LABEL, DATA_DIR)
"""Options that need no check. Every other option, and every other setting in the environment, takes the long way."""


class Wish(NamedTuple):
    """What a plain command line asks for: `options` by their words, and files for the window."""

    options: dict[str, list[str]]
    files: list[str]


def main() -> None:
    """Open the window if that is clearly wanted, with settings that are handled here; else load the command line.

    A setting that this short cut does not know, such as a limit of what tasks may read, must not be dropped.
    """
    guard()
    clean_tracebacks()
    wish = plain_wish(sys.argv[1:])
    if wish is None or other_settings((*_PLAIN, DEBUG)):
        from ffmate_desktop.cli import app  # noqa: PLC0415 - half of the time of a start

        app.main()
    else:
        sys.exit(_open_window(wish))


def plain_wish(words: Sequence[str]) -> Wish | None:
    """The window with plain options and existing files, or None: then the command line knows what is meant."""
    known = {setting.option for setting in _PLAIN}
    options: dict[str, list[str]] = {}
    files: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if name in known and (equals or rest):
            options.setdefault(name, []).append(value if equals else rest.pop(0))
        elif not word.startswith("-") and not word.isalpha() and _is_there(word):  # no name of a command
            files.append(word)
        else:
            return None
    return Wish(options, files)


def _is_there(word: str) -> bool:
    return os.path.exists(word)  # noqa: PTH110 - that of a Path raises when the word is too long for a path


def _open_window(wish: Wish) -> int:
    given = {one: wish.options.get(one.option) or [os.environ.get(one.environment, "")] for one in _PLAIN}
    data_dir = given[DATA_DIR][-1]
    try:
        settings = settings_from(
            database=given[DATABASE][-1],
            identifier=given[IDENTIFIER][-1],
            ffmpeg=given[FFMPEG][-1],
            labels=given[LABEL],
            data_dir=Path(data_dir) if data_dir else None,
            sources=_sources(wish),
        )
        settings, _ = with_file(settings)  # the window reads it too, and tells what is wrong with it
        logs.configure(settings.debug or logs.QUIET_RULES)
        return window.show(settings, wish.files)
    except UserError as error:
        complain(str(error), error)
        return error.exit_code
    except OSError as error:
        return complain_of_file(error)
    except KeyboardInterrupt:
        return 130


def _sources(wish: Wish) -> dict[str, Source]:
    found = {}
    for setting in _PLAIN:
        if any(wish.options.get(setting.option, ())):
            found[setting.name] = Source.COMMAND_LINE
        elif os.environ.get(setting.environment):
            found[setting.name] = Source.ENVIRONMENT
    return found
