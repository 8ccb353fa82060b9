"""Tables: one line a thing on a terminal, nothing cut or broken for other programs."""

import io
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ffmate_desktop.cli.context import Context
from ffmate_desktop.settings import Settings

LONG = "/media/" + "a long folder/" * 20 + "clip.mov"


def printed(*, terminal: bool) -> str:
    out = io.StringIO()
    settings = Settings(
        database=None,
        identifier="a",
        slots=1,
        ffmpeg=None,
        labels=(),
        heartbeat=5.0,
        data_dir=Path("/nowhere"),
        debug="",
    )
    console = Console(file=out, width=40, force_terminal=terminal, highlight=False)
    table = Table(box=None, pad_edge=False)
    table.add_column("NAME")
    table.add_column("PATH")
    table.add_row(Text("[/b] a"), Text(LONG, "red", no_wrap=True, overflow="ellipsis"))
    table.add_row(Text("b"), Text("short"))
    Context(settings, lambda: console).print_table(table)
    return out.getvalue()


def test_other_programs_get_whole_values_and_no_blanks_behind_them() -> None:
    header, first, second = printed(terminal=False).splitlines()
    assert header == "NAME    PATH"
    assert first == f"[/b] a  {LONG}"
    assert second == "b       short"


def test_a_terminal_gets_what_fits() -> None:
    lines = printed(terminal=True).splitlines()
    assert len(lines) == 3
    assert "…" in lines[1]
