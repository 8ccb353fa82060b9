"""Programs: short answers of any, those of .venv, and becoming one. Python 3.6 has to be able to read this."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

VENV = ".venv"


def output_of(command: "Sequence[str]") -> "str | None":
    """What a short command prints; None if it does not exist, fails or hangs."""
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
    """Command that starts a new enough Python, empty when there is none. uv fetches one if need be."""
    commands = [["python3.14"], ["python3.13"], ["python3.12"], ["python3.11"], ["python3"], ["py", "-3"]]
    for command in [*commands, ["uv", "run", "--no-project", "--python", ">=3.11,<3.15", "python"]]:
        if output_of([*command, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]) is not None:
            return command
    return []


def exec_program(command: "Sequence[str]", environment: "dict[str, str]") -> NoReturn:
    """Become `command`: signals and exit code are its own. Windows has no exec, there we wait for it."""
    if os.name == "posix":
        os.execvpe(command[0], list(command), environment)
    child = subprocess.Popen(command, env=environment)
    while True:
        with contextlib.suppress(KeyboardInterrupt):  # the console sends Ctrl+C to the child as well
            sys.exit(child.wait())


def script(root: Path, name: str) -> Path:
    """Path of a program in the virtual environment."""
    folder, ending = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
    return root / VENV / folder / (name + ending)


def clean_environment() -> "dict[str, str]":
    """Our environment without the traces of another Python environment.

    Byte code is always kept: without it each process of a node would spend 0.7 s on compiling the program.
    """
    foreign = ["PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX", "__PYVENV_LAUNCHER__"]
    foreign.append("PYTHONDONTWRITEBYTECODE")
    environment = {name: value for name, value in os.environ.items() if name.upper() not in foreign}
    if os.name == "nt":  # Python 3.11 and 3.12 misread an editable install in a folder with an umlaut
        environment["PYTHONPATH"] = str(Path(__file__).parent.parent)
    return environment
