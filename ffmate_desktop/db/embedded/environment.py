"""The environment of the processes behind the embedded database."""

import os
from pathlib import Path

from ffmate_desktop.domain.environment import for_helper, for_own_module


def helper_environment() -> dict[str, str]:
    """For our own helpers. Without the settings of this start: a password is in them, and helpers serve all users.

    Also left out: the mark by which a node ends what its scripts started (`media/processes/leftovers`), and all that
    is not on the list of `domain/environment`.
    """
    return for_own_module(os.environ)


def server_environment(libraries: Path | None = None) -> dict[str, str]:
    """For PostgreSQL's programs: without its own variables, which would point to another server, and in English.

    On Windows they search libraries on PATH, so the folder of our libraries comes first.
    """
    environment = for_helper(os.environ) | {"LC_ALL": "C"}
    if libraries is not None:
        environment["PATH"] = os.pathsep.join(filter(None, (str(libraries), environment.get("PATH"))))
    return environment
