"""Reads settings from the command line and the environment, the same way for every start of the program."""

import difflib
import os
from collections.abc import Mapping, Sequence
from typing import Any

from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.settings.setting import Source
from ffmate_desktop.settings.table import DATA_DIR, DEBUG, SETTINGS, Settings

PREFIX = "FFMATE_"
"""Of the variables of all settings."""

_SIMILAR = 0.9
"""How similar a misspelt variable is to the real one; a setting of another version differs more."""


def read_settings(options: Mapping[str, Sequence[str]], variables: Mapping[str, str]) -> Settings:
    """Settings from `options` (the words of each option) and environment `variables`, else defaults.

    An option with an empty word hides its variable. Raises UsageError.
    """
    values: dict[str, Any] = {}
    sources: dict[str, Source] = {}
    for setting in SETTINGS:
        found = setting.read(options, variables)
        if found is not None:
            values[setting.field], sources[setting.field] = found
    if DATA_DIR.field not in values:  # XDG_DATA_HOME may be relative, and an account without a home
        values[DATA_DIR.field] = DATA_DIR.parse([str(DATA_DIR.default)], DATA_DIR.option)
    return Settings(**values, sources=sources)


def unknown_variables(variables: Mapping[str, str]) -> list[str]:
    """Variables that look like settings of this program, but aren't."""
    known = {name for setting in SETTINGS for name in setting.variables}
    return [
        name for name, value in variables.items() if name.startswith(PREFIX) and name not in known and value
    ]


def refuse_misspelt_variables(variables: Mapping[str, str]) -> None:
    """Raise UsageError for a variable that is almost a setting: a misspelt limit would limit nothing."""
    known = [setting.variable for setting in SETTINGS]
    for name in unknown_variables(variables):
        if similar := difflib.get_close_matches(name, known, n=1, cutoff=_SIMILAR):
            raise UsageError(f"There is no setting {name}.", f"Did you mean {similar[0]}?")


def debug_rules() -> str:
    """The debug rules of the environment, for code that runs before settings are read."""
    return next((os.environ[name] for name in DEBUG.variables if os.environ.get(name)), "")
