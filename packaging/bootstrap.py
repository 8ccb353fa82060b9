"""Set the project up in .venv and start it, in one command, with nothing but Python: see HELP below."""

import contextlib
import hashlib
import html
import http.client
import io
import json
import os
import platform
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
import venv
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

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

# Most tests wait for ffmpeg and PostgreSQL; the tests of one file share what is expensive to start.
PARALLEL = ("-n", "logical", "--maxprocesses", "4", "--dist", "loadfile")
CHECKS = {
    "ruff check": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "."),
    "mypy": ("mypy",),
    "import-linter": ("lint-imports",),
    "pytest": ("pytest", *PARALLEL),
}
MODULES = {"chaos": "tests.faults.chaos", "screenshots": "tests.gui.screenshots"}

ROOT = Path(__file__).resolve().parent.parent
VENV, STAMP, LOCK = ".venv", "bootstrap.json", "bootstrap.lock"

# What an installer may know of its surroundings: how to reach the package index, not what to install where.
INSTALLER_SETTINGS = re.compile(
    r"(PIP|UV)_\w*(INDEX|LINK|HOST|CERT|TLS|PROXY|KEYRING|TIMEOUT|RETRIES|CACHE|CONFIG_FILE|OFFLINE)"
)
NETWORK_TROUBLE = re.compile(
    r"name resolution|getaddrinfo|nodename nor|name or service|dns error|network is unreachable|timed? ?out"
    r"|connection (refused|reset|aborted|error)|NewConnectionError|ProxyError|tunnel connection failed"
    r"|certificate.verify|peer certificate|error sending request|failed to fetch",
    re.IGNORECASE,
)


def answer(command: "Sequence[str]") -> "str | None":
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
        if answer([*command, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]) is not None:
            return command
    return []


def start(command: "Sequence[str]", environment: "dict[str, str]") -> NoReturn:
    """Become `command`: signals and exit code are its own. Windows has no exec, there we wait for it."""
    if os.name == "posix":
        os.execvpe(command[0], list(command), environment)
    child = subprocess.Popen(command, env=environment)
    while True:
        with contextlib.suppress(KeyboardInterrupt):  # the console sends Ctrl+C to the child as well
            sys.exit(child.wait())


if sys.version_info < (3, 11):  # noqa: UP036
    NEWER = newer_python()
    if not NEWER:
        sys.exit(TOO_OLD + " (this is Python " + platform.python_version() + ").")
    start([*NEWER, *sys.argv], dict(os.environ))


class SetUpFailed(Exception):  # noqa: N818
    """The set-up did not work: one sentence for the user, and what the installer said."""

    def __init__(self, sentence: str, output: str = "") -> None:
        super().__init__(sentence)
        self.output = output


# -- What is installed, and whether it will do ---------------------------------------------------------------


def script(root: Path, name: str) -> Path:
    """Path of a program in the virtual environment."""
    folder, ending = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
    return root / VENV / folder / (name + ending)


def this_python() -> str:
    """The Python that .venv has to be made of; the same inside .venv and outside of it."""
    return f"{sys.version_info[:2]} {os.path.realpath(sys.base_prefix)!a}"


def fingerprint(root: Path) -> dict[str, str]:
    """Everything that makes an installation outdated when it changes."""
    project = hashlib.sha256((root / "pyproject.toml").read_bytes()).hexdigest()
    return {"format": "1", "python": this_python(), "root": str(root), "project": project}


def read_stamp(root: Path) -> dict[str, str] | None:
    """What was installed. Empty if a set-up was interrupted, None if .venv is missing or was made by hand."""
    try:
        stamp: dict[str, str] = json.loads((root / VENV / STAMP).read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:  # interrupted while it was written
        return {}
    return stamp


def write_stamp(root: Path, stamp: dict[str, str]) -> None:
    """Note what is installed."""
    (root / VENV / STAMP).write_text(json.dumps(stamp), encoding="utf-8")


def is_ready(root: Path, groups: set[str]) -> bool:
    """Whether nothing has to be done."""
    stamp = read_stamp(root) or {}
    return (
        fingerprint(root).items() <= stamp.items()
        and groups <= set(stamp["groups"].split())
        and script(root, "python").exists()
        and script(root, "ffmate-desktop").exists()
    )


def is_usable(root: Path) -> bool:
    """Whether .venv can be brought up to date; otherwise it has to be made anew."""
    stamp = read_stamp(root)
    if stamp is not None and stamp.get("root") != str(root):  # interrupted, or moved here from another folder
        return False
    question = "import os, sys; print(f'{sys.version_info[:2]} {os.path.realpath(sys.base_prefix)!a}')"
    return answer([str(script(root, "python")), "-I", "-c", question]) == this_python()


def requirements(root: Path, groups: set[str]) -> list[str]:
    """The project itself, used where it lies, and the members of the dependency groups."""
    import tomllib  # noqa: PLC0415 (an old Python has none)

    known = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8")).get("dependency-groups", {})
    return ["-e", ".", *(member for group in sorted(groups) for member in known[group])]


# -- Surroundings --------------------------------------------------------------------------------------------


def clean_environment() -> dict[str, str]:
    """Our environment without the traces of another Python environment.

    Byte code is always kept: without it each process of a node would spend 0.7 s on compiling the program.
    """
    foreign = (
        "PYTHONPATH",
        "PYTHONHOME",
        "VIRTUAL_ENV",
        "CONDA_PREFIX",
        "__PYVENV_LAUNCHER__",
        "PYTHONDONTWRITEBYTECODE",
    )
    environment = {name: value for name, value in os.environ.items() if name.upper() not in foreign}
    if os.name == "nt":  # Python 3.11 and 3.12 misread an editable install in a folder with an umlaut
        environment["PYTHONPATH"] = str(ROOT)
    return environment


def pip_settings() -> dict[str, str]:
    """Settings such as `index-url` from the files and variables of pip, which uv does not read."""
    listing = answer([sys.executable, "-m", "pip", "config", "list"]) or ""
    settings = dict(re.findall(r"^(?:global|install)\.([\w-]+)='(.*)'$", listing, re.MULTILINE))
    for name, value in os.environ.items():
        if name.startswith("PIP_"):
            settings[name.removeprefix("PIP_").lower().replace("_", "-")] = value
    return settings


def has_cache_folder() -> bool:
    """Whether something can be written to the folder of caches; a read-only HOME forbids it."""
    try:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except (OSError, RuntimeError):
        return False
    return True


def installer_environment() -> dict[str, str]:
    """Surroundings of uv and pip: the settings that lead to the package index are kept, all others left out."""
    environment = {
        name: value
        for name, value in clean_environment().items()
        if not name.startswith(("PIP_", "UV_")) or INSTALLER_SETTINGS.match(name)
    }
    environment["PIP_USER"] = "0"  # a configuration file may ask for the opposite
    pip = pip_settings()
    for variable, value in (
        ("UV_DEFAULT_INDEX", environment.get("UV_INDEX_URL") or pip.get("index-url")),
        ("SSL_CERT_FILE", pip.get("cert")),
        ("HTTPS_PROXY", pip.get("proxy")),
        # uv gives up where it cannot write, pip goes on.
        ("UV_NO_CACHE", None if has_cache_folder() else "1"),
    ):
        if value:
            environment.setdefault(variable, value)
    return environment


# -- Installing ----------------------------------------------------------------------------------------------


def try_lock(descriptor: int) -> bool:
    """Take the lock, which ends with its process, unless another process has it."""
    try:
        if sys.platform == "win32":
            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


@contextlib.contextmanager
def locked(root: Path) -> Iterator[int]:
    """One set-up at a time. Installers inherit the lock: it holds until they end, even if we are killed."""
    with (root / VENV / LOCK).open("a+b") as file:
        if not try_lock(file.fileno()):
            print("Waiting for another set-up of this folder to end ...", file=sys.stderr, flush=True)
            while not try_lock(file.fileno()):
                time.sleep(0.2)
        yield file.fileno()


def explanation(output: str) -> str:
    """One sentence about the failure of an installer, with the next step."""
    if "No space left on device" in output:
        return "The disk is full: make room (about 1 GB) and run the same command again."
    if NETWORK_TROUBLE.search(output):
        return (
            "The packages could not be downloaded: check the network (HTTPS_PROXY names a proxy, PIP_INDEX_URL "
            "another package index) and run the same command again."
        )
    return "The packages could not be installed, the lines above say why. Then run the same command again."


def install(command: Sequence[str], root: Path, environment: dict[str, str], lock: int) -> None:
    """Run an installer quietly; if it fails, what it said is in the exception."""
    result = subprocess.run(
        command,
        check=False,
        cwd=root,
        env=environment,
        pass_fds=() if os.name == "nt" else (lock,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if result.returncode != 0:
        raise SetUpFailed(explanation(result.stdout), result.stdout)


def download_uv(root: Path, environment: dict[str, str]) -> str:
    """Fetch the newest uv from the package index into .venv, verified by the checksum that the index gives."""
    if sys.platform == "linux":
        system = "manylinux" if platform.libc_ver()[0] == "glibc" else "musllinux"
    else:
        system = "macosx" if sys.platform == "darwin" else "win"
    wheels = re.compile(
        rf'href="([^"#]*/uv-([0-9.]+)-py3-none-[^"#/]*{system}[^"#/]*_{platform.machine()}\.whl)'
        r'#sha256=([0-9a-f]{64})"(?![^>]*data-yanked)',
        re.IGNORECASE,
    )
    certificates = ssl.create_default_context(cafile=environment.get("SSL_CERT_FILE"))

    def get(address: str) -> bytes:
        with urllib.request.urlopen(address, timeout=20, context=certificates) as response:
            content: bytes = response.read()
        return content

    page = environment.get("UV_DEFAULT_INDEX", "https://pypi.org/simple").rstrip("/") + "/uv/"
    found = wheels.findall(get(page).decode())
    if not found:
        raise LookupError(f"{page} has no uv for this machine ({system} {platform.machine()})")
    link, _, digest = max(found, key=lambda wheel: [int(number) for number in wheel[1].split(".")])
    content = get(urllib.parse.urljoin(page, html.unescape(link)))
    if hashlib.sha256(content).hexdigest() != digest:
        raise ValueError(f"{link} was damaged on the way")
    target = script(root, "uv")
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        (program,) = (name for name in wheel.namelist() if name.endswith("/scripts/" + target.name))
        target.write_bytes(wheel.read(program))
    target.chmod(0o755)
    return str(target)


def find_uv(root: Path) -> str | None:
    """A uv that works: the one on PATH, or the one that an earlier set-up fetched."""
    candidates = ("uv", str(script(root, "uv")))
    return next((uv for uv in candidates if answer([uv, "--version"])), None)


def installer(root: Path, environment: dict[str, str], lock: int) -> list[str]:
    """Command that installs into .venv: uv, which takes 4 seconds for all there is, or else pip, which takes 15."""
    python = str(script(root, "python"))
    try:
        return [find_uv(root) or download_uv(root, environment), "pip", "install", "--python", python]
    except (OSError, LookupError, ValueError, http.client.HTTPException, zipfile.BadZipFile) as error:
        trouble = f"uv: {error}\n"
    if answer([python, "-I", "-m", "pip", "--version"]) is None:
        try:
            install([python, "-m", "ensurepip"], root, environment, lock)
        except SetUpFailed as failed:  # Debian without python3-venv
            raise SetUpFailed(explanation(trouble), failed.output + trouble) from None
    return [python, "-m", "pip", "install", "--no-input", "--no-compile", "--disable-pip-version-check"]


def make_venv(root: Path) -> None:
    """Make .venv anew, in place: stamp and lock stay. Raises SetUpFailed where it is somebody else's."""
    if (root / VENV).is_symlink():
        raise SetUpFailed(f"{root / VENV} is a link to an environment that does not fit. Remove the link.")
    for old in (root / VENV).iterdir():
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        elif old.name not in (STAMP, LOCK):
            old.unlink()
    venv.create(root / VENV, symlinks=os.name != "nt")


def set_up(root: Path, groups: set[str]) -> None:
    """See to it that .venv holds the project and the dependency groups. Raises SetUpFailed and OSError."""
    if is_ready(root, groups):
        return
    (root / VENV).mkdir(exist_ok=True)
    # typeshed lacks _base_executable, the Python that a virtual environment was made from.
    if Path(sys.prefix).resolve() == (root / VENV).resolve():  # do not run on what may have to be deleted
        start([sys._base_executable, *sys.argv], clean_environment())  # type: ignore[attr-defined]
    with locked(root) as lock:
        if is_ready(root, groups):  # thanks to the one that we waited for
            return
        usable = is_usable(root)
        began = time.monotonic()
        version = ".".join(map(str, sys.version_info[:2]))
        print(f"Setting up {root / VENV} with Python {version} ...", end="", file=sys.stderr, flush=True)
        groups = groups | set((read_stamp(root) or {}).get("groups", "").split())
        write_stamp(root, {})
        if not usable:
            make_venv(root)
        environment = installer_environment()
        try:
            command = installer(root, environment, lock)
            install([*command, *requirements(root, groups)], root, environment, lock)
        except SetUpFailed:
            if usable:  # an installer that refuses leaves everything as it was
                (root / VENV / STAMP).unlink()
            raise
        write_stamp(root, {**fingerprint(root), "groups": " ".join(sorted(groups))})
        print(f" done in {time.monotonic() - began:.0f} s.", file=sys.stderr, flush=True)


# -- Commands ------------------------------------------------------------------------------------------------


def check(root: Path, arguments: list[str]) -> int:
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
    headless |= {"presets", "watchfolders", "demo", "doctor"}
    return not headless & set(arguments)


def see_to_libraries() -> int:
    """See that the window finds what it needs of the system; 0 if it does."""
    return subprocess.call([sys.executable, str(ROOT / "packaging" / "libraries.py")])


def perform(command: str, arguments: list[str]) -> int:
    """Set up what the command needs, then turn into it."""
    if command == "libraries":
        return see_to_libraries()
    if command in ("demo", "run"):
        set_up(ROOT, set())
        if command == "demo":
            arguments = ["demo", *arguments]
        elif opens_window(arguments):
            see_to_libraries()
        start([str(script(ROOT, "ffmate-desktop")), *arguments], clean_environment())
    set_up(ROOT, {"dev"})
    if command in ("test", "check", "screenshots"):
        see_to_libraries()
    if command in ("test", "check"):
        subprocess.call([sys.executable, str(ROOT / "packaging" / "install_test_tools.py")])
    if command == "check":
        return check(ROOT, arguments)
    os.chdir(ROOT)
    if command in MODULES:
        start([str(script(ROOT, "python")), "-m", MODULES[command], *arguments], clean_environment())
    start([str(script(ROOT, "pytest")), *PARALLEL, *arguments], clean_environment())


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
        return perform(command, list(arguments))
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
