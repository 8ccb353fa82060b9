"""Set the project up in .venv and start it, in one command, with nothing but Python: see HELP below."""

import os
import platform
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

# Python 2 stops at this line and shows it. Python 3.6 to 3.10 can read the whole file and stop at the check below.
TOO_OLD: str = "FFmate Desktop needs Python 3.11 or newer. Get it from https://www.python.org/downloads/"

HELP = """\
usage: python3 packaging/bootstrap.py COMMAND [ARGUMENTS]

  demo [ARGUMENTS]   encode a few clips on two local nodes and show what happened
  run [ARGUMENTS]    start ffmate-desktop with ARGUMENTS, for example: run --no-gui
  test [ARGUMENTS]   run the test suite; ARGUMENTS go to pytest, for example: test -k progress
  check [ARGUMENTS]  ruff, mypy and import-linter, then the test suite
  libraries          see that the libraries are there that the window needs of the system
  screenshots        draw every page of the window, from a cluster at work, into docs/screenshots
  chaos [ARGUMENTS]  break real nodes at random and check everything, for example: chaos --seconds 300 --seed 7

The first time, everything that is needed is installed into the folder .venv of the project, and nowhere else.
Delete that folder to start afresh. Needs Python 3.11 or newer and, the first time, the network.
"""

# One more than processors, since half of the time of a test is waiting; with many more, nodes miss their beats.
WORKERS = min(4, (os.cpu_count() or 1) + 1)
PARALLEL = ("-n", str(WORKERS), "--dist", "worksteal")
CHECKS = {
    "ruff check": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "."),
    "mypy": ("mypy",),
    "import-linter": ("lint-imports",),
    "pytest": ("pytest", *PARALLEL),
}
MODULES = {"chaos": "tests.faults.chaos", "screenshots": "tests.gui.screenshots"}

PACKAGING = Path(__file__).resolve().parent
ROOT = PACKAGING.parent

sys.path.insert(0, str(PACKAGING))
from programs import clean_environment, exec_program, newer_python, script  # noqa: E402 - found by the path above

if sys.version_info < (3, 11):  # noqa: UP036 - for whoever has an older one
    NEWER = newer_python()
    if not NEWER:
        sys.exit(TOO_OLD + " (this is Python " + platform.python_version() + ").")
    exec_program([*NEWER, *sys.argv], dict(os.environ))

from environment import set_up  # noqa: E402 - not for an old Python
from installers import SetUpFailed  # noqa: E402 - found by the path above


def check(root: Path, arguments: "list[str]") -> int:
    """Run every check, whatever the others say, then name those that failed."""
    failed = []
    for name, (program, *options) in CHECKS.items():
        print(f"== {name}", flush=True)
        command = [str(script(root, program)), *options, *(arguments if name == "pytest" else [])]
        if subprocess.call(command, cwd=root, env=clean_environment()) != 0:
            failed.append(name)
    print(f"Failed: {', '.join(failed)}" if failed else "All checks passed.")
    return 1 if failed else 0


def opens_window(arguments: "Sequence[str]") -> bool:
    """Whether the program would show a window: neither --no-gui nor a command of the command line is among them."""
    headless = {"--no-gui", "--help", "-h", "--version", "server", "version", "submit", "tasks", "nodes"}
    headless |= {"presets", "watchfolders", "batches", "import-ffmate", "demo", "doctor"}
    return not headless & set(arguments)


def check_libraries() -> int:
    """See that the window finds what it needs of the system; 0 if it does."""
    return subprocess.call([sys.executable, str(PACKAGING / "libraries.py")])


def run_command(command: str, arguments: "list[str]") -> int:  # noqa: RET503 - start() never returns
    """Set up what the command needs, then turn into it."""
    if command == "libraries":
        return check_libraries()
    if command in ("demo", "run"):
        set_up(ROOT, set())
        if command == "demo":
            arguments = ["demo", *arguments]
        elif opens_window(arguments):
            check_libraries()
        exec_program([str(script(ROOT, "ffmate-desktop")), *arguments], clean_environment())
    set_up(ROOT, {"dev"})
    if command in ("test", "check", "screenshots"):
        check_libraries()
    if command in ("test", "check"):
        subprocess.call([sys.executable, str(PACKAGING / "install_test_tools.py")])
    if command == "check":
        return check(ROOT, arguments)
    os.chdir(ROOT)
    if command in MODULES:
        exec_program([str(script(ROOT, "python")), "-m", MODULES[command], *arguments], clean_environment())
    exec_program([str(script(ROOT, "pytest")), *PARALLEL, *arguments], clean_environment())


def main(command: str = "help", *arguments: str) -> int:
    """Exit code of the command line `command arguments...`."""
    if command in ("help", "-h", "--help"):
        print(HELP, end="")
        return 0
    if command not in ("demo", "run", "test", "check", "libraries", *MODULES):
        choice = "demo, run, test, check, libraries, screenshots or chaos"
        print(f"There is no command {command!r}. Choose {choice}.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that an installer is ended with us
    try:
        return run_command(command, list(arguments))
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    except SetUpFailed as failed:
        print(f"\n{failed.output}\n{failed}", file=sys.stderr)
    except OSError as error:
        print(f"\n{error}. Make the folder writable, or delete .venv, and try again.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
