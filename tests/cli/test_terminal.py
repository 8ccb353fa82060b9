"""Nothing from the queue commands a terminal, whichever command prints it."""

import ast
import io
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ffmate_desktop import logs
from ffmate_desktop.cli import commands
from ffmate_desktop.cli.console import PlainConsole
from ffmate_desktop.cli.errors import clean_tracebacks, complain
from ffmate_desktop.cli.terminal import say
from ffmate_desktop.domain.errors import UserError
from tests.end_to_end.clerk import Clerk
from tests.hostile import COMMANDS, fill, hostile

CLI = Path(__file__).parents[2] / "ffmate_desktop" / "cli"
DEMO = CLI.parent / "demo"
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
PRINTERS = {"echo", "secho", "confirm", "prompt", "print", "Console", "Prompt"}
KEPT_FOR = {
    "cli/terminal.py": {"echo", "confirm"},
    "cli/errors.py": {"print", "write"},
    "cli/context.py": {"write"},  # JSON, and what a PlainConsole has made
    "cli/table.py": {"write"},  # cells are printable
    "cli/counter.py": {"write"},  # figures
    "cli/tasks.py": {"write"},  # printable lines of a log
    "demo/nodes.py": {"write"},  # into a file
}
"""Where the last step to the terminal is taken, each with care of its own."""

NAME = hostile("/dev/zero")


def test_every_print_goes_through_the_console() -> None:
    found = []
    for path in sorted([*CLI.glob("*.py"), *DEMO.glob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _printer(node) not in (
                "",
                *KEPT_FOR.get(f"{path.parent.name}/{path.name}", ()),
            ):
                found.append(f"{path.name}:{node.lineno} {ast.unparse(node)[:80]}")
    assert found == []


def _printer(call: ast.Call) -> str:
    if isinstance(call.func, ast.Name):
        return call.func.id if call.func.id in PRINTERS else ""
    if isinstance(call.func, ast.Attribute):
        owner = ast.unparse(call.func.value)
        is_stream = call.func.attr == "write" and re.search(r"std(out|err)|file", owner)
        return call.func.attr if is_stream or (owner == "typer" and call.func.attr in PRINTERS) else ""
    return ""


@pytest.mark.parametrize("terminal", [True, False])
def test_a_console_prints_names_as_they_are_and_nothing_else(terminal: bool) -> None:
    stream = io.StringIO()
    console = PlainConsole(file=stream, force_terminal=terminal, width=200)
    table = Table(NAME)
    table.add_row(NAME, Text(NAME, "red"))
    console.print(NAME)
    console.print(table, Text(NAME))
    console.print(NAME, soft_wrap=True)
    with Live(console=console, auto_refresh=False) as live:
        live.update(Text(NAME), refresh=True)
    text = stream.getvalue()
    if terminal:  # what the console itself says: colours, and Live moves its cursor
        text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\r", "", text)
    assert not COMMANDS.search(text)
    assert text.count("[bold]") >= 5
    assert ":smile:" in text


def test_the_log_of_a_node_is_plain_and_a_line_stays_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    before = root_state()
    stream = io.StringIO()
    try:
        logs.configure("*:*,*", stream)
        logs.task.info("Claimed %s", f"{NAME}\n12:00:00 info:task  another line")
        try:
            raise ValueError(NAME)
        except ValueError:
            logs.task.exception("failed")
        assert logging.lastResort is not None
        library = logging.LogRecord("asyncio", logging.ERROR, "", 1, "%s", (NAME,), None)
        assert not COMMANDS.search(logging.lastResort.format(library))
    finally:
        logs.root.handlers[:], logs.root.level, logs.root.propagate = before
    lines = stream.getvalue().splitlines()
    assert not COMMANDS.search(stream.getvalue())
    assert lines[1].startswith("    12:00:00")


def root_state() -> tuple[list[logging.Handler], int, bool]:
    return list(logs.root.handlers), logs.root.level, logs.root.propagate


def test_complaints_and_sentences_are_plain(capsys: pytest.CaptureFixture[str]) -> None:
    complain(f"There is no file “{NAME}”.", UserError("x"))
    say(NAME)
    out, err = capsys.readouterr()
    assert not COMMANDS.search(out + err)
    assert "[bold]" in out and "[bold]" in err


def test_ctrl_c_while_the_program_loads_prints_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    clean_tracebacks()
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert capsys.readouterr().err == ""


def test_a_traceback_is_plain(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    clean_tracebacks()
    error = ValueError(NAME)
    sys.excepthook(ValueError, error, None)
    err = capsys.readouterr().err
    assert "ValueError: n<img" in err
    assert not COMMANDS.search(err)


def test_no_stream_is_too_narrow_for_a_name(tmp_path: Path) -> None:
    name = os.fsdecode("日本\udcff→.mov".encode("utf-8", "surrogateescape"))
    ended = subprocess.run(
        [sys.executable, "-m", "ffmate_desktop", "--data-dir", str(tmp_path), name + "x"],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"},
        cwd=CLI.parents[1],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith(b"ffmate-desktop: There is no file")


def _leaves(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from _leaves(inner, (*words, name))
    else:
        yield words, command


LEAVES = [leaf for name in commands.NAMES for leaf in _leaves(commands.load(name), (name,))]
STARTING = {("server",), ("demo",)}
"""Nodes; their lines are tried above."""


async def test_no_command_prints_what_a_name_wants(clerk: Clerk, database_uri: str, tmp_path: Path) -> None:
    def said(*words: str) -> tuple[int, str]:
        code, out, err = clerk.ask(
            *words,
            *("--database", database_uri, "--data-dir", str(tmp_path / "data")),
            folder=tmp_path,
            variables={"FORCE_COLOR": "1", "COLUMNS": "150"},
        )
        return code, COLOURS.sub("", out + err)

    (tmp_path / "preset.json").write_text(json.dumps({"name": NAME, "command": NAME}))
    for name in ("a.mov", "b.mov", "n\x1b[31m.mov"):
        (tmp_path / name).touch()
    for output in ("x", "y"):
        copy = ("--command", "-i ${INPUT_FILE} ${OUTPUT_FILE}")
        assert (
            said("submit", "a.mov", "b.mov", *copy, "--output", output + "/${INPUT_FILE_BASENAME}.mp4")[0]
            == 0
        )
    await fill(database_uri, NAME, NAME)
    connection = await asyncpg.connect(database_uri)
    rows = await connection.fetch("SELECT uuid::text, batch::text FROM ffmate.tasks")
    await connection.close()
    given = {
        "submit": ["n\x1b[31m.mov", "--preset", NAME],
        "import-ffmate": ["postgresql://127.0.0.1:1/n\x1b[31m"],
        "presets add": ["own", "--command", NAME],
        "presets import": ["preset.json"],
        "watchfolders add": [NAME.replace("/", ""), "--preset", NAME],
        "watchfolders retry": [NAME, NAME],
        "batches": [rows[0]["batch"]],
        "tasks": [rows[0]["uuid"]],
        "nodes": [NAME],
        "presets": [NAME],
        "watchfolders": [NAME],
    }
    everything = ""
    for words, command in sorted(LEAVES, key=lambda leaf: leaf[0][-1] == "delete"):
        takes = any(part.param_type_name == "argument" for part in command.params)
        if words in STARTING:
            continue
        assert not takes or {" ".join(words), words[0]} & given.keys(), f"{words}: say in `given` what to try"
        code, text = said(*words, *(given.get(" ".join(words), given.get(words[0], [])) if takes else []))
        assert code in (0, 1, 2), (words, text)
        assert not COMMANDS.search(text), (words, text)
        assert "Traceback" not in text, (words, text)
        everything += text
    assert everything.count("[bold]") > 20
    code, text = said("tasks", "list", "--json")
    assert not COMMANDS.search(text)
    assert NAME in [task["name"] for task in json.loads(text)], "JSON is exact"
