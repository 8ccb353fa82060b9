"""Tables: one line a thing on a terminal, nothing cut or broken for other programs, rows as they come."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from ffmate_desktop.cli.table import Fit, TableColumn, TableWriter

LONG = "/media/" + "a long folder/" * 20 + "clip.mov"


def printed(*pages: list[tuple[str | Text, ...]], terminal: bool, fit: Fit = Fit.CUT, width: int = 40) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=terminal, highlight=False, color_system=None)
    table = TableWriter(
        console, TableColumn("NAME"), TableColumn("SIZE", right=True), TableColumn("PATH", fit)
    )
    for page in pages:
        table.write(page)
    return out.getvalue()


ROWS: list[tuple[str | Text, ...]] = [("[/b] a", "1", Text(LONG, "red")), ("b", "1234", "short")]


def test_other_programs_get_whole_values_and_no_blanks_behind_them() -> None:
    header, first, second, later = printed(
        ROWS, [("a longer name", "12345", "x")], terminal=False
    ).splitlines()
    assert header == "NAME    SIZE  PATH"
    assert first == f"[/b] a     1  {LONG}"
    assert second == "b       1234  short"
    assert later == "a longer name  12345  x"


def test_a_terminal_gets_what_fits_on_one_line_a_row() -> None:
    lines = printed(ROWS, [("a longer name", "12345", LONG)], terminal=True).splitlines()
    assert len(lines) == 4
    assert max(map(len, lines)) <= 40
    assert lines[1].endswith("…") and lines[3].endswith("…") and lines[3].startswith("a lon…")


def test_a_folded_value_loses_nothing() -> None:
    head, *lines = printed(ROWS[:1], terminal=True, fit=Fit.FOLD).splitlines()
    path = "".join(line[head.index("PATH") :] for line in lines)
    assert path.replace(" ", "") == LONG.replace(" ", "")


def test_a_terminal_gets_colours_and_other_programs_none() -> None:
    out = io.StringIO()
    console = Console(file=out, width=40, force_terminal=True, color_system="standard")
    TableWriter(console, TableColumn("STATUS"), TableColumn("NAME")).write([(Text("done", "green"), "a")])
    assert out.getvalue().splitlines() == [
        "\x1b[1mSTATUS\x1b[0m  \x1b[1mNAME\x1b[0m",
        "\x1b[32mdone\x1b[0m    a",
    ]
    assert "\x1b" not in printed(ROWS, terminal=False)


def test_no_rows_no_head() -> None:
    assert printed([], terminal=True) == ""


@pytest.mark.parametrize("terminal", [True, False])
@given(values=st.lists(st.text(), min_size=3, max_size=3), width=st.integers(1, 60))
def test_no_value_breaks_the_row_or_the_terminal(terminal: bool, values: list[str], width: int) -> None:
    out = printed([tuple(values)], terminal=terminal, width=width)
    assert out.endswith("\n") and all(line.isprintable() for line in out.split("\n"))
    if terminal and width >= 7:
        assert all(cell_len(line) <= width for line in out.split("\n"))
    if not terminal:
        assert out.count("\n") == 2


def test_one_long_value_does_not_widen_every_row() -> None:
    rows: list[tuple[str | Text, ...]] = [("x" * 100_000, "1", "a"), *[("b", "2", "c")] * 50]
    out = printed(rows, terminal=False)
    assert "x" * 100_000 + "     1  a" in out
    assert len(out) < 110_000
