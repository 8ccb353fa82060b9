"""Explain why a script couldn't start. The system or the shell only reports an exit code."""

import os
from pathlib import Path

NOT_STARTED = (126, 127)
"""Exit codes of a shell, `env` and our launcher if a program can't be run or doesn't exist."""

_BYTES_READ = 65_536
_PROGRAMS = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"MZ")
_BOM = b"\xef\xbb\xbf"


def script_failure_hint(script: Path, code: int) -> str:
    """Return what to do about a script that ended with this code, or "". Reads the file: not for the event loop."""
    if os.name == "nt" or code not in NOT_STARTED:
        return ""
    try:
        with script.open("rb") as file:
            beginning = file.read(_BYTES_READ)
    except OSError:
        return ""
    return _hint(beginning, can_run=os.access(script, os.X_OK))


def _hint(beginning: bytes, *, can_run: bool) -> str:
    first = beginning.partition(b"\n")[0]
    program = os.fsdecode(first[2:]).split()[:1] if first.startswith(b"#!") else []
    rules = (
        (not can_run, "It isn't executable. Run chmod +x on it."),
        (beginning.startswith(_PROGRAMS), "It may be built for another system or processor."),
        (beginning.startswith(_BOM), "It starts with a byte order mark. Save it as UTF-8 without one."),
        (b"\r\n" in beginning, "It has Windows line endings. Save it with Unix line endings (LF)."),
        (not program, "Its first line should name the program that runs it, such as #!/bin/sh."),
        (
            bool(program) and not Path(program[0]).exists(),
            f"Its first line names {''.join(program)}, which isn't on this computer.",
        ),
    )
    return next((hint for applies, hint in rules if applies), "")
