"""Starting at login: the entry of each system as text, and this system's entry as a file."""

import configparser
import os
import plistlib
import sys
from pathlib import Path

import pytest

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.services.login_start import (
    AutostartFile,
    desktop_entry,
    launch_agent,
    login_start,
    run_value,
)

COMMANDS = [
    ["/usr/bin/ffmate-desktop"],
    ["/opt/FF mate/ffmate-desktop", "--data-dir", '/data/50% of "it" costs $5 `now` \\ ü'],
]


def unquoted(text: str) -> list[str]:
    """The words of an Exec line, by the desktop entry specification: as a string, then as a quoted command."""
    text = text.replace("\\\\", "\\").replace("%%", "%")
    words: list[str] = []
    rest = iter(text)
    for letter in rest:
        if letter == '"':
            word = ""
            for inner in rest:
                if inner == '"':
                    break
                word += next(rest) if inner == "\\" else inner
            words.append(word)
    return words


@pytest.mark.parametrize("command", COMMANDS)
def test_a_desktop_entry_starts_the_command(command: list[str]) -> None:
    parser = configparser.RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign] # documented: keeps upper case
    parser.read_string(desktop_entry(command).decode())
    entry = parser["Desktop Entry"]
    assert (entry["Type"], entry["Terminal"]) == ("Application", "false")
    assert unquoted(entry["Exec"]) == command


def test_a_path_with_any_bytes_stays_one_word_of_an_entry() -> None:
    entry = desktop_entry(["/x", "--data-dir", os.fsdecode(b"/\xff\nExec=evil\r")])
    assert b'Exec="/x" "--data-dir" "/\xff\\nExec=evil\\r"\n' in entry
    assert len(entry.splitlines()) == 8


@pytest.mark.parametrize("command", COMMANDS)
def test_a_launch_agent_starts_the_command(command: list[str]) -> None:
    read = plistlib.loads(launch_agent(command))
    assert read["ProgramArguments"] == command
    assert read["RunAtLoad"] is True


def test_a_value_of_the_run_key_is_a_command_line() -> None:
    command = ["C:\\Program Files\\FFmate\\ffmate-desktop.exe", "--data-dir", "D:\\"]
    assert run_value(command) == '"C:\\Program Files\\FFmate\\ffmate-desktop.exe" "--data-dir" "D:\\\\"'


@pytest.mark.skipif(
    sys.platform in ("win32", "darwin"), reason="Windows and macOS store the start at login elsewhere"
)
def test_the_entry_is_created_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    start = login_start(COMMANDS[0])
    assert not start.is_enabled()
    start.set_enabled(False)
    start.set_enabled(True)
    assert start.is_enabled()
    assert (tmp_path / "config" / "autostart" / "ffmate-desktop.desktop").read_bytes() == desktop_entry(
        COMMANDS[0]
    )
    start.set_enabled(True)
    start.set_enabled(False)
    assert not start.is_enabled()


def test_an_unwritable_place_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="Can't change the login entry in"):
        AutostartFile(tmp_path / "file" / "entry", b"").set_enabled(True)
