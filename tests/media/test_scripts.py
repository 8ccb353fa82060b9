"""How a script starts on each system, without a shell that interprets its arguments again."""

import os
from pathlib import Path, PureWindowsPath
from typing import Any

import pytest

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.media.processes.process import script_environment
from ffmate_desktop.media.script_failure import script_failure_hint
from ffmate_desktop.media.scripts import script_argv

FOUND = {"pwsh": None, "powershell": r"C:\ps\powershell.exe", "py": r"C:\py.exe", "cmd": r"C:\cmd.exe"}


def argv(script: Any, *arguments: str, system: str = "windows") -> list[str]:
    return script_argv(script, list(arguments), system, FOUND.get)


def test_on_other_systems_the_file_itself_is_started() -> None:
    assert argv("/s/pre.sh", "a b", "$(x)", system="linux") == ["/s/pre.sh", "a b", "$(x)"]
    assert argv("/s/pre", system="darwin") == ["/s/pre"]


def test_windows_starts_the_program_for_the_extension() -> None:
    assert argv(PureWindowsPath(r"C:\s\pre.EXE"), "a&b") == [r"C:\s\pre.EXE", "a&b"]
    assert argv(PureWindowsPath(r"C:\s\pre.py"), "a&b") == [r"C:\py.exe", r"C:\s\pre.py", "a&b"]
    powershell = argv(PureWindowsPath(r"C:\my s\pre.ps1"), "a&b", "$x")
    assert powershell[0] == r"C:\ps\powershell.exe"
    assert powershell[-4:] == ["-File", r"C:\my s\pre.ps1", "a&b", "$x"]
    batch = argv(PureWindowsPath(r"C:\my s\pre.bat"), r"D:\film 1.mov", "x=1 y")
    assert batch == [
        r"C:\cmd.exe", "/d", "/e:on", "/v:off", "/c", "call", r"C:\my s\pre.bat", r"D:\film 1.mov", "x=1 y",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "word", ["a&calc.mov", "%PATH%", 'a"b', "a|b", "a>b", "a^b", "!x!", "a\nb", "a=b", "a,b", "a;b"]
)
def test_a_batch_file_gets_no_arguments_that_cmd_would_interpret(word: str) -> None:
    with pytest.raises(UserError, match="has a special meaning for cmd"):
        argv(PureWindowsPath(r"C:\s\pre.bat"), word)
    with pytest.raises(UserError, match="has a special meaning for cmd"):
        argv(PureWindowsPath(rf"C:\s\{word}\pre.cmd"))


def test_a_script_that_windows_cannot_start_is_refused() -> None:
    with pytest.raises(UserError, match=r"Windows can't start a script that ends in “\.sh”"):
        argv(PureWindowsPath(r"C:\s\pre.sh"))
    with pytest.raises(UserError, match="Windows can't start a script"):
        argv(PureWindowsPath(r"C:\s\pre"))


def test_scripts_do_not_get_the_password_of_the_queue() -> None:
    assert script_environment({"FFMATE_DATABASE": "x", "PGPASSWORD": "y", "PATH": "z"}) == {"PATH": "z"}


@pytest.mark.skipif(os.name == "nt", reason="Windows starts scripts in another way")
@pytest.mark.parametrize(
    ("content", "mode", "hint"),
    [
        (b"#!/bin/sh\r\nexit 0\r\n", 0o755, "Unix line endings"),
        (b"#!/usr/bin/env sh\r\nexit 0\r\n", 0o755, "Unix line endings"),
        (b"#!/bin/sh\nno-such-program\r\n", 0o755, "Unix line endings"),
        (b"\xef\xbb\xbf#!/bin/sh\nexit 0\n", 0o755, "byte order mark"),
        (b"#!/no/such/program\n", 0o755, "/no/such/program"),
        (b"echo no first line\n", 0o755, "first line should name"),
        (b"#!/bin/sh\n", 0o644, "chmod"),
        (b"MZ\x90\x00", 0o755, "another system"),
        (b"#!/bin/sh\nno-such-program\n", 0o755, ""),
    ],
)
def test_a_script_that_does_not_start_gets_a_hint(
    tmp_path: Path, content: bytes, mode: int, hint: str
) -> None:
    script = tmp_path / "script"
    script.write_bytes(content)
    script.chmod(mode)
    assert hint in script_failure_hint(script, 127)
    assert bool(hint) is bool(script_failure_hint(script, 127))
    assert script_failure_hint(script, 1) == ""
