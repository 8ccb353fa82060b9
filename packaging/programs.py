"""Run programs: read their output, find those in .venv, or become one. Python 3.6 must be able to parse this file."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

VENV = ".venv"


def output_of(command: "Sequence[str]") -> "str | None":
    """Return what a short command prints. None if it doesn't exist, fails or hangs."""
    try:
        result = subprocess.run(  # noqa: UP022 (Python 3.6)
            command,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=300,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return result.stdout.decode(errors="replace").strip()


def newer_python() -> "list[str]":
    """Return a command that starts a new enough Python, or an empty list. uv downloads one if necessary."""
    commands = [["python3.14"], ["python3.13"], ["python3.12"], ["python3.11"], ["python3"], ["py", "-3"]]
    for command in [*commands, ["uv", "run", "--no-project", "--python", ">=3.11,<3.15", "python"]]:
        if output_of([*command, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]) is not None:
            return command
    return []


def exec_program(command: "Sequence[str]", environment: "dict[str, str]") -> NoReturn:
    """Replace this process with `command`. Windows has no exec, so there we wait for it and pass on its exit code."""
    if os.name == "posix":
        os.execvpe(command[0], list(command), environment)
    child = subprocess.Popen(command, env=environment)
    while True:
        with contextlib.suppress(KeyboardInterrupt):  # the console sends Ctrl+C to the child, too
            sys.exit(child.wait())


def venv_program(root: Path, name: str) -> Path:
    """Return the path of a program in .venv."""
    folder, ending = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
    return root / VENV / folder / (name + ending)


def clean_environment() -> "dict[str, str]":
    """Return our environment variables without those of another Python environment.

    Bytecode is always written: without it, each process of a node would spend 0.7 s on compiling the program.
    """
    foreign = ["PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX", "__PYVENV_LAUNCHER__"]
    foreign.append("PYTHONDONTWRITEBYTECODE")
    environment = {name: value for name, value in os.environ.items() if name.upper() not in foreign}
    # Python 3.11 and 3.12 misread an editable install in a folder with non-ASCII characters
    if os.name == "nt":
        environment["PYTHONPATH"] = str(Path(__file__).parent.parent)
    return environment
