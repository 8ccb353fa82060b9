"""Set up the project in .venv and start it, in one command that needs only Python. See HELP below."""

import os
import platform
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

# Python 2 fails at this line and shows it. Python 3.6 to 3.10 can parse the whole file and stop at the check below.
TOO_OLD: str = "FFmate Desktop needs Python 3.11 or newer. Get it from https://www.python.org/downloads/"

HELP = """\
usage: python3 packaging/bootstrap.py COMMAND [ARGUMENTS]

  demo [ARGUMENTS]   encode a few clips on two local nodes and show the result
  run [ARGUMENTS]    start ffmate-desktop with ARGUMENTS, for example: run --no-gui
  test [ARGUMENTS]   run the tests; ARGUMENTS go to pytest, for example: test -k progress
  check [ARGUMENTS]  run ruff, mypy and import-linter, then the tests
  libraries          check for the system libraries that the window needs, and install them if possible
  screenshots        take screenshots of every page of the window and save them in docs/screenshots
  chaos [ARGUMENTS]  break real nodes at random and check the result, for example: chaos --seconds 300 --seed 7

The first run installs everything into the project's .venv folder, and nowhere else. Delete that folder to start over.
You need Python 3.11 or newer, and a network connection for the first run.
"""

# One more than the number of processors, since tests spend half their time waiting. With many more, nodes miss
# their heartbeats.
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
from programs import clean_environment, exec_program, newer_python, venv_program  # noqa: E402 - found by the path above

if sys.version_info < (3, 11):  # noqa: UP036 - this check is for older versions
    NEWER = newer_python()
    if not NEWER:
        sys.exit(TOO_OLD + " (this is Python " + platform.python_version() + ").")
    exec_program([*NEWER, *sys.argv], dict(os.environ))

from environment import set_up  # noqa: E402 - an old Python can't import it
from installers import SetupError  # noqa: E402 - found by the path above


def check(root: Path, arguments: "list[str]") -> int:
    """Run every check, even if some fail, then list the failed ones."""
    failed = []
    for name, (program, *options) in CHECKS.items():
        print(f"== {name}", flush=True)
        command = [str(venv_program(root, program)), *options, *(arguments if name == "pytest" else [])]
        if subprocess.call(command, cwd=root, env=clean_environment()) != 0:
            failed.append(name)
    print(f"Failed: {', '.join(failed)}" if failed else "All checks passed.")
    return 1 if failed else 0


def opens_window(arguments: "Sequence[str]") -> bool:
    """Return whether these arguments start the window: neither --no-gui nor a command is among them."""
    headless = {"--no-gui", "--help", "-h", "--version", "server", "version", "submit", "tasks", "nodes"}
    headless |= {"presets", "watchfolders", "batches", "import-ffmate", "demo", "doctor"}
    return not headless & set(arguments)


def check_libraries() -> int:
    """Check for the system libraries that the window needs, and install them if possible. Return 0 if they exist."""
    return subprocess.call([sys.executable, str(PACKAGING / "libraries.py")])


def run_command(command: str, arguments: "list[str]") -> int:  # noqa: RET503 - exec_program() never returns
    """Set up what the command needs, then run it in place of this process."""
    if command == "libraries":
        return check_libraries()
    if command in ("demo", "run"):
        set_up(ROOT, set())
        if command == "demo":
            arguments = ["demo", *arguments]
        elif opens_window(arguments):
            check_libraries()
        exec_program([str(venv_program(ROOT, "ffmate-desktop")), *arguments], clean_environment())
    set_up(ROOT, {"dev"})
    if command in ("test", "check", "screenshots"):
        check_libraries()
    if command in ("test", "check"):
        subprocess.call([sys.executable, str(PACKAGING / "install_test_tools.py")])
    if command == "check":
        return check(ROOT, arguments)
    os.chdir(ROOT)
    if command in MODULES:
        exec_program(
            [str(venv_program(ROOT, "python")), "-m", MODULES[command], *arguments], clean_environment()
        )
    exec_program([str(venv_program(ROOT, "pytest")), *PARALLEL, *arguments], clean_environment())


def main(command: str = "help", *arguments: str) -> int:
    """Run `command arguments...` and return the exit code."""
    if command in ("help", "-h", "--help"):
        print(HELP, end="")
        return 0
    if command not in ("demo", "run", "test", "check", "libraries", *MODULES):
        choice = "demo, run, test, check, libraries, screenshots or chaos"
        print(f"Unknown command {command!r}. Use {choice}.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that installers end with this program
    try:
        return run_command(command, list(arguments))
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    except SetupError as failed:
        print(f"\n{failed.output}\n{failed}", file=sys.stderr)
    except OSError as error:
        print(f"\n{error}. Make the folder writable, or delete .venv, and try again.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
