"""The grammar of the command line: where options stand, exit codes, one sentence for each mistake."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from ffmate_desktop import __version__
from ffmate_desktop.cli.app import app
from ffmate_desktop.cli.option_order import FILES, RootGroup
from tests.end_to_end.clerk import Clerk


def hoisted(*words: str) -> list[str]:
    """The words in the order in which they are parsed."""
    root = get_command(app)
    assert isinstance(root, RootGroup)
    front, rest = root.hoist(root.context_class(root), list(words))
    return front + rest


@pytest.mark.parametrize(
    ("given", "parsed"),
    [
        ("tasks list --database X", "--database X tasks list"),
        ("tasks list --database=X --json", "--database=X tasks list --json"),
        ("--database X tasks list", "--database X tasks list"),
        ("submit a --label gpu", "submit a --label gpu"),
        ("--label gpu submit a", "--label gpu submit a"),
        ("submit --command --database --data-dir D a", "--data-dir D submit --command --database a"),
        ("submit -- --database X", "submit -- --database X"),
        ("server --no-gui --heartbeat 1", "--no-gui --heartbeat 1 server"),
    ],
)
def test_options_of_the_program_stand_before_or_after_the_command(given: str, parsed: str) -> None:
    assert hoisted(*given.split()) == parsed.split()


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ffmate_desktop", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=cwd,
        env=None,
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nonsense"], "`ffmate-desktop` has no command “nonsense”."),
        (
            ["talk.mov"],
            "There is no file “talk.mov”, and no such command. `ffmate-desktop --help` shows the commands.",
        ),
        (["task"], "Did you mean “tasks”?"),
        (
            ["tasks", "lst"],
            "`ffmate-desktop tasks` has no command “lst”. Did you mean “list”? Commands: list, ",
        ),
        (["watchfolders"], "`ffmate-desktop watchfolders` needs a command. Commands: list, "),
        (["submit", "a", "--preset"], "--preset needs a value. `ffmate-desktop submit --help`"),
        (["--datbase", "x", "nodes", "list"], "There is no option --datbase. Did you mean --data"),
        (["tasks", "show"], "UUID is missing. `ffmate-desktop tasks show --help`"),
        (["presets", "add", "x"], "--command is missing."),
        (["server", "x", "y"], "This command doesn't take “x y”."),
        (["--allow-read", __file__, "nodes", "list"], "--allow-read needs a folder, and “"),
        (["tasks", "list", "--node", ""], "--node needs a value. Leave it out to select all."),
        (
            ["--max-concurrent-tasks", "-1", "--no-gui"],
            "--max-concurrent-tasks takes a whole number from 1 to 1000, not “-1”.",
        ),
        (["--no-gui", "--heartbeat", "soon"], "a number from 0.5 to 3600, not “soon”."),
        (["--data-dir", __file__, "tasks", "list"], "--data-dir needs a folder, and “"),
        (["--no-gui", "--label", "two words;"], "isn't a valid label"),
        (["submit"], "Name either an INPUT, or a file of tasks"),
        (["watchfolders", "edit", "in"], "What should be changed?"),
        (["submit", "x", "--preset", "a", "--command", "b"], "either a preset or a command"),
        (["submit", "x", "--command", "b", "--metadata", "{"], "isn't valid JSON"),
        (["submit", "x", "--command", "b", "--metadata", "[1]"], "JSON object"),
        (
            ["submit", "x", "--command", "b", "--if-exists", "perhaps"],
            "not “perhaps”.",
        ),
        (["submit", "x", "--command", "b", "--priority", "-1"], "priority"),
        (["tasks", "list", "--status", "ASLEEP"], "isn't a status"),
        (["tasks", "list", "--limit", "-1"], "--limit takes a whole number, 0 or more, not “-1”."),
        (["tasks", "list", "--limit", "99999999999999999999"], "--limit takes 2147483647 at most, not “999"),
        (
            ["watchfolders", "add", ".", "--preset", "x", "--min-age", "inf"],
            "--min-age takes 2147483647 at most, not “inf”.",
        ),
        (["--database", "mysql://x", "tasks", "list"], "isn't a PostgreSQL address"),
    ],
)
def test_wrong_use_gets_one_sentence_and_code_2(arguments: list[str], sentence: str, clerk: Clerk) -> None:
    code, out, err = clerk.ask(*arguments)
    assert (code, out) == (2, "")
    assert sentence in err
    assert err.startswith("ffmate-desktop: ")
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err


def test_the_help_of_no_command_shows_python() -> None:
    """All of them, from the commands as they are run."""
    root = get_command(app)
    assert isinstance(root, RootGroup)
    context = root.context_class(root, info_name="ffmate-desktop")
    texts = [root.get_help(context)]
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        assert command is not None
        below = command.context_class(command, info_name=name, parent=context)
        texts.append(command.get_help(below))
        for part in command.commands.values() if isinstance(command, TyperGroup) else ():
            assert part is not None
            texts.append(part.get_help(part.context_class(part, info_name=part.name, parent=below)))
    assert len(texts) > 35
    for text in texts:
        assert not re.search(r"<(?!fail)|list\[|(?<!\$)\{|x>=|x<=", text), text
    assert "Usage: ffmate-desktop tasks show [OPTIONS] UUID...\n" in "\n".join(texts)


def test_a_data_folder_that_nobody_can_look_at_is_no_traceback(clerk: Clerk) -> None:
    code, _, err = clerk.ask("--data-dir", "x" * 300, "tasks", "list")
    assert code == 1
    assert err.startswith("ffmate-desktop: ")
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ["presets", "tasks"])
def test_a_reader_that_has_seen_enough_is_no_outage(command: str, tmp_path: Path) -> None:
    """The end of the pipe is closed before a line is written, as `head` does later."""
    words = [sys.executable, "-m", "ffmate_desktop", "--data-dir", str(tmp_path), command, "list", "--json"]
    read, write = os.pipe()
    with subprocess.Popen(words, stdout=write, stderr=subprocess.PIPE, text=True) as process:
        os.close(write)
        os.close(read)
        _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (0, "")


def test_missing_rights_are_no_outage(tmp_path: Path) -> None:
    """In a process of its own, as commands change how asyncio watches children."""
    code = (
        "import sys; from pathlib import Path\n"
        "from ffmate_desktop.cli.context import Context\n"
        "from ffmate_desktop.db.connection.outages import LacksRights\n"
        "from ffmate_desktop.settings.table import Settings\n"
        "async def work(): raise LacksRights('You may not.', 'Ask.')\n"
        "try: Context(Settings(data_dir=Path(sys.argv[1]))).run(work())\n"
        "except LacksRights as error: print(error)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], check=False, timeout=60, capture_output=True, text=True
    )
    assert (ended.stdout, ended.stderr) == ("You may not. Ask.\n", "")


@pytest.mark.parametrize("word", ["version", "--version"])
def test_the_version_is_told(word: str) -> None:
    ended = run(word)
    assert (ended.returncode, ended.stdout) == (0, f"ffmate-desktop {__version__}\n")


def test_a_first_word_that_is_a_file_opens_the_window(tmp_path: Path) -> None:
    file = tmp_path / "a b.mov"
    file.touch()
    root = get_command(app)
    assert isinstance(root, RootGroup)
    for words in ([str(file), "--database", "X"], ["--database", "X", "--", str(file)]):
        context = root.context_class(root)
        root.parse_args(context, words)
        assert context.meta[FILES] == [str(file)]
        assert context.params["database"] == "X"


def test_a_node_without_a_window_opens_no_files(tmp_path: Path) -> None:
    (tmp_path / "a.mov").touch()
    ended = run("--no-gui", "a.mov", cwd=tmp_path)
    assert ended.returncode == 2
    assert "submit a.mov" in ended.stderr


def test_a_command_is_loaded_when_it_is_named() -> None:
    code = (
        "import sys; from ffmate_desktop.cli import app; sys.argv[1:] = ['--version']\n"
        "try: app.main()\n"
        "except SystemExit: print([name for name in ('rich', 'ffmate_desktop.bootstrap') if name in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], check=False, timeout=60, capture_output=True, text=True
    )
    assert ended.stdout.splitlines()[1:] == ["[]"]


def test_no_qt_is_imported() -> None:
    code = (
        "import sys, ffmate_desktop.cli.app; from ffmate_desktop.cli import commands;"
        " [commands.load(name) for name in commands.NAMES];"
        " sys.exit(any(m.split('.')[0] in ('PySide6', 'qasync') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


@pytest.mark.parametrize(
    "words",
    [
        ["X"],
        ["submit", "X", "--preset", "P"],
        ["presets", "import", "X"],
        ["import-ffmate", "X"],
        ["doctor", "--data-dir", "X"],
        ["doctor", "--allow-read", "X"],
        ["version", "--allow-write", "X"],
    ],
)
def test_a_path_that_no_system_takes_is_a_sentence(clerk: Clerk, tmp_path: Path, words: list[str]) -> None:
    for path in ("/" + "x" * 5000, "x" * 300, "/" + "x/" * 2100):
        given = [path if word == "X" else word for word in words]
        code, out, err = clerk.ask("--data-dir", str(tmp_path), *given, folder=tmp_path)
        assert code in (1, 2), out
        assert err.startswith("ffmate-desktop: ") and "Traceback" not in err, err[-500:]
