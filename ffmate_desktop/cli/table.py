"""Tables that print rows as they are read, with one page in memory."""

from collections.abc import Iterable, Sequence
from enum import Enum
from functools import cache
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from ffmate_desktop.cli.text import printable

GAP = "  "
_NARROWEST = 4
"""The least width of a column that shrinks on a narrow terminal."""

_WIDEST = 120
"""In output for other programs, columns line up for values up to this width; a longer one would widen every row."""

Cell = str | Text
"""The writer replaces control characters in a text. Only the style of a `Text` is used."""


class Fit(Enum):
    """How a long value is shown on a terminal."""

    WHOLE = "whole"
    """The column keeps its width as long as others can shrink."""
    CUT = "cut"
    """It ends with an ellipsis."""
    FOLD = "fold"
    """It continues on the next line."""


class TableColumn(NamedTuple):
    """The header of a column."""

    name: str
    fit: Fit = Fit.WHOLE
    right: bool = False


class TableWriter:
    """Writes rows to `console`. The first rows decide how wide the columns are.

    On a terminal, rows fit its width. Other programs get complete values, with two spaces between columns.
    """

    def __init__(self, console: Console, *columns: TableColumn) -> None:
        self._console = console
        self._columns = columns
        self._terminal = console.is_terminal
        self._widths: list[int] = []
        self._codes = cache(self._styled)

    def write(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Print these rows, with the header above the first."""
        page = [[_parts(cell) for cell in row] for row in rows]
        if not page:
            return
        lines: list[str] = []
        if not self._widths:
            self._widths = self._fitting(page)
            lines += self._row([(column.name, "bold") for column in self._columns])
        for row in page:
            lines += self._row(row)
        self._console.file.write("".join(f"{line}\n" for line in lines))

    def _fitting(self, page: Sequence[Sequence[tuple[str, str]]]) -> list[int]:
        widths = [
            max(_width(column.name), *(_width(row[place][0]) for row in page))
            for place, column in enumerate(self._columns)
        ]
        if not self._terminal:
            # Longer values are printed in full and push the columns after them.
            return [min(width, _WIDEST) for width in widths]
        room = self._console.width - len(GAP) * (len(widths) - 1)
        flexible = [place for place, column in enumerate(self._columns) if column.fit is not Fit.WHOLE]
        _shrink(widths, flexible, room, _NARROWEST)
        _shrink(widths, range(len(widths)), room, 1)
        if flexible and (spare := room - sum(widths)) > 0:  # later rows may need it
            widths[flexible[-1]] += spare
        return widths

    def _row(self, row: Sequence[tuple[str, str]]) -> list[str]:
        if not self._terminal:
            return [self._line(row)]
        cells = [
            [(piece, style) for piece in self._pieces(text, width, column.fit)]
            for (text, style), width, column in zip(row, self._widths, self._columns, strict=True)
        ]
        return [
            self._line([cell[number] if number < len(cell) else ("", "") for cell in cells])
            for number in range(max(map(len, cells)))
        ]

    def _line(self, row: Sequence[tuple[str, str]]) -> str:
        line = []
        for (text, style), width, column in zip(row, self._widths, self._columns, strict=True):
            blanks = " " * (width - _width(text))
            before, after = self._codes(style) if style and text and self._terminal else ("", "")
            shown = f"{before}{text}{after}"
            line.append(blanks + shown if column.right else shown + blanks)
        return GAP.join(line).rstrip()

    def _pieces(self, text: str, width: int, fit: Fit) -> list[str]:
        if _width(text) <= width:
            return [text]
        if fit is Fit.FOLD:
            return [line.plain.rstrip() for line in Text(text).wrap(self._console, width, overflow="fold")]
        return [set_cell_size(text, width - 1).rstrip() + "…"]

    def _styled(self, style: str) -> tuple[str, str]:
        """The codes that switch a style on and off on this terminal."""
        if self._console.legacy_windows:  # has no codes
            return "", ""
        with self._console.capture() as captured:
            self._console.print(Text("|", style), end="")
        before, _, after = captured.get().partition("|")
        return before, after


def _parts(cell: Cell) -> tuple[str, str]:
    if isinstance(cell, Text):
        return printable(cell.plain), str(cell.style)
    return printable(cell), ""


def _width(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)


def _shrink(widths: list[int], places: Iterable[int], room: int, least: int) -> None:
    """Shrink the widest of these columns until the row fits or none can shrink further."""
    places = list(places)
    while places and (over := sum(widths) - room) > 0:
        widest = max(widths[place] for place in places)
        if widest <= least:
            return
        tied = [place for place in places if widths[place] == widest]
        second = max((widths[place] for place in places if widths[place] < widest), default=least)
        step = max(1, min(widest - max(second, least), over // len(tied)))
        for place in tied[: max(1, over // step)]:
            widths[place] -= step
