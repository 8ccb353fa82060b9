"""The grammar of commands: how text becomes steps and arguments, the same way on every system.

- Blanks (space, tab, line break) separate arguments. `"…"` and `'…'` group text, also inside an argument; `""` is an
  empty argument.
- A backslash is an ordinary character (`C:\\x`, `\\\\nas\\share`, `\\,`). Only before a quote or a blank does it
  escape, and only there do backslashes count in pairs: `"C:\\dir\\\\"` ends with one backslash.
- A backslash at the end of a line, outside quotes, continues the command on the next line.
- `&&` outside quotes separates steps, with or without blanks around it, as in a shell.
- `|`, `<`, `>`, `;` and a single `&` outside quotes are errors: no shell runs that could interpret them. (FFmate
  silently cuts the command off there.)
- `${…}` is left as it is. Wildcards are replaced later, inside the finished arguments (see `domain.wildcards`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ffmate_desktop.domain.errors import UsageError

_BLANK = r" \t\r\n\f\v"  # not str.isspace(): macOS puts U+202F and U+00A0 into file names
_ESCAPES = rf"""
    (?P<pairs>(?:\\\\)+)(?=\\?[{_BLANK}"'])
  | \\(?P<escaped>[{_BLANK}"'])
  | (?P<backslashes>\\+)
"""
_WILDCARD = rf"""\$\{{[^{{}}{_BLANK}"']*\}}"""
_BARE = re.compile(
    rf"""
    (?P<blank>(?:[{_BLANK}]|\\\r?\n)+)
  | {_ESCAPES}
  | (?P<wildcard>{_WILDCARD})
  | (?P<quote>["'])
  | (?P<step>&&)
  | (?P<operator>[|<>;&])
  | (?P<text>[^{_BLANK}\\"'|<>;&$]+|\$)
    """,
    re.VERBOSE,
)
_QUOTED = {
    quote: re.compile(rf"{_ESCAPES} | (?P<quote>{quote}) | (?P<text>[^\\{quote}]+)", re.VERBOSE)
    for quote in "\"'"
}
_NEEDS_NO_QUOTES = re.compile(
    rf"""(?> {_WILDCARD} | [^{_BLANK}"'&|<>;\\] | \\(?![{_BLANK}"']|\Z) )++""", re.VERBOSE
)
_SHOWN = 60  # characters of a word that an error message shows


def tokenise(command: str) -> list[list[str]]:
    """Split a command into its steps: lists of arguments, with wildcards not yet replaced.

    Raises UsageError for an unclosed quote, a shell operator outside quotes, and an empty command or step.
    """
    scanner = _Scanner(command)
    scanner.run()
    steps = scanner.steps
    if steps == [[]]:
        raise UsageError(
            "The command is empty.", "Enter ffmpeg's arguments, such as -i ${INPUT_FILE} ${OUTPUT_FILE}"
        )
    for number, step in enumerate(steps, start=1):
        if not step:
            raise UsageError(
                f"Step {number} of the command is empty: && separates two steps.",
                "Remove the && with nothing before or after it.",
            )
    return steps


def quote_argument(token: str) -> str:
    """Quote an argument, if necessary, so that `tokenise` returns exactly this argument."""
    if _NEEDS_NO_QUOTES.fullmatch(token):
        return token
    escaped = re.sub(
        rf"""(?<!\\)(\\*)([{_BLANK}"']|\Z)""",
        lambda match: match[1] * 2 + match[2].replace('"', '\\"'),
        token,
    )
    return f'"{escaped}"'


def format_command(steps: Sequence[Sequence[str]]) -> str:
    """Write steps as one command: `tokenise(format_command(steps)) == steps`."""
    return " && ".join(" ".join(quote_argument(token) for token in step) for step in steps)


@dataclass
class _Scanner:
    """Scans a command once. `word` is None between words: `""` is a word, no text isn't."""

    command: str
    steps: list[list[str]] = field(default_factory=lambda: [[]])
    position: int = 0
    word: list[str] | None = None
    word_start: int = 0

    def run(self) -> None:
        while self.position < len(self.command):
            piece = self._next(_BARE)
            match piece.lastgroup:
                case "blank":
                    self._end_word()
                case "step":
                    self._end_word()
                    self.steps.append([])
                case "operator":
                    raise self._refusal(piece[0], piece.start())
                case "quote":
                    self._read_quoted(piece[0], piece.start())
                case _:
                    self._add(piece)
        self._end_word()

    def _read_quoted(self, mark: str, start: int) -> None:
        self._open_word(start)
        while self.position < len(self.command):
            piece = self._next(_QUOTED[mark])
            if piece.lastgroup == "quote":
                return
            self._add(piece)
        hint = f"Close it, or write \\{mark} for a literal quote."
        if f"\\{mark}" in self.command:
            hint += f" Double a backslash right before a closing quote: \\\\{mark}"
        raise UsageError(f"The quote {mark} at character {start + 1} is never closed.", hint)

    def _next(self, pattern: re.Pattern[str]) -> re.Match[str]:
        piece = pattern.match(self.command, self.position)
        if piece is None:
            raise AssertionError("the patterns cover every character")
        self.position = piece.end()
        return piece

    def _open_word(self, start: int) -> list[str]:
        if self.word is None:
            self.word, self.word_start = [], start
        return self.word

    def _end_word(self) -> None:
        if self.word is not None:
            self.steps[-1].append("".join(self.word))
            self.word = None

    def _add(self, piece: re.Match[str]) -> None:
        word = self._open_word(piece.start())
        match piece.lastgroup:
            case "pairs":
                word.append(piece[0][: len(piece[0]) // 2])
            case "escaped":
                word.append(piece["escaped"])
            case _:
                word.append(piece[0])

    def _refusal(self, operator: str, position: int) -> UsageError:
        start = position if self.word is None else self.word_start
        shown = re.split(rf"[{_BLANK}]", self.command[start:], maxsplit=1)[0]
        shown = shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"
        return UsageError(
            f"The {operator} in “{shown}” (character {position + 1}) is outside quotes, but commands don't run in a "
            "shell.",
            f"If it belongs to the argument, put the whole argument in quotes{_REMEDIES[operator]}.",
        )


_REMEDIES = {
    "|": "; output can't be piped to another program",
    "<": "; to read a file, use -i",
    ">": "; the log is always kept, so you don't need to redirect it",
    "&": "; to separate steps, use &&",
    ";": "; to separate steps, use &&",
}
