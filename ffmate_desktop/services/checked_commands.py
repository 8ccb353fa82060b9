"""Looking at thousands of files with one command: what was checked with the first need not be checked with all."""

import re
from pathlib import Path

from ffmate_desktop.domain.grammar import tokenise
from ffmate_desktop.domain.wildcards import WildcardValues


class CheckedCommands:
    """Commands that were checked with one file: many files with the same command differ in little.

    Good for looking ahead, where a mistake does no harm; a submission checks everything.
    """

    def __init__(self) -> None:
        self._steps: dict[str, list[list[str]]] = {}
        self._good: set[tuple[str, str, str]] = set()

    def tokenise(self, command: str) -> list[list[str]]:
        """As the grammar does, once a command."""
        steps = self._steps.get(command)
        if steps is None:
            steps = self._steps[command] = tokenise(command)
        return steps

    def has(self, command: str, values: WildcardValues) -> bool:
        """Whether files of these kinds passed, so that only names are left to check."""
        return _kind(command, values) in self._good

    def add(self, command: str, values: WildcardValues) -> None:
        """It passed."""
        if not _LISTS_FILES.search(command) and Path(values.input_file).suffix.lower() not in _LISTS:
            self._good.add(_kind(command, values))


_LISTS_FILES = re.compile(r"(?:^|\s)-f\s+(?:concat|hls|image2)\b|concat:|\$\{(?!INPUT_FILE\}|OUTPUT_FILE\})")
_LISTS = frozenset({".ffconcat", ".m3u8", ".m3u"})


def _kind(command: str, values: WildcardValues) -> tuple[str, str, str]:
    return command, Path(values.input_file).suffix.lower(), Path(values.output_file).suffix.lower()
