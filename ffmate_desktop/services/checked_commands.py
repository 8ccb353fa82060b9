"""Speeds up checking thousands of files with one command: a check that passed isn't repeated for similar files."""

import re
from pathlib import Path

from ffmate_desktop.domain.grammar import tokenise
from ffmate_desktop.domain.wildcards import WildcardValues


class CheckedCommands:
    """Commands that passed every check with one file, so that only names have to be checked for similar files.

    For previews only, where a mistake does no harm. A submission checks everything.
    """

    def __init__(self) -> None:
        self._steps: dict[str, list[list[str]]] = {}
        self._passed: set[tuple[str, str, str]] = set()

    def tokenise(self, command: str) -> list[list[str]]:
        """Tokenise each command once."""
        steps = self._steps.get(command)
        if steps is None:
            steps = self._steps[command] = tokenise(command)
        return steps

    def has(self, command: str, values: WildcardValues) -> bool:
        """Whether the command passed with files of the same kinds."""
        return _kind(command, values) in self._passed

    def add(self, command: str, values: WildcardValues) -> None:
        """Record that the command passed."""
        if not _LISTS_FILES.search(command) and Path(values.input_file).suffix.lower() not in _LISTS:
            self._passed.add(_kind(command, values))


_LISTS_FILES = re.compile(r"(?:^|\s)-f\s+(?:concat|hls|image2)\b|concat:|\$\{(?!INPUT_FILE\}|OUTPUT_FILE\})")
_LISTS = frozenset({".ffconcat", ".m3u8", ".m3u"})


def _kind(command: str, values: WildcardValues) -> tuple[str, str, str]:
    return command, Path(values.input_file).suffix.lower(), Path(values.output_file).suffix.lower()
