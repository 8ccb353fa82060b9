"""Setup in one command: what it installs, repairs and leaves alone, and how it explains failures."""

import ast
import functools
import hashlib
import http.server
import importlib
import io
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from ffmate_desktop.cli import commands

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "packaging" / "bootstrap.py"

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "ffmate-desktop"
version = "1"

[dependency-groups]
dev = ["one>=1", "two; python_version < '4'"]
"""
# The smallest project that can be installed without a network: its build needs nothing but Python.
BACKEND = """
import os, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    info = "ffmate_desktop-1.dist-info/"
    files = {
        "ffmate_desktop.pth": os.getcwd(),
        info + "METADATA": "Metadata-Version: 2.1\\nName: ffmate-desktop\\nVersion: 1\\n",
        info + "WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        info + "entry_points.txt": "[console_scripts]\\nffmate-desktop = tiny:main\\n",
    }
    files[info + "RECORD"] = "".join(name + ",,\\n" for name in [*files, info + "RECORD"])
    with zipfile.ZipFile(os.path.join(folder, "ffmate_desktop-1-py3-none-any.whl"), "w") as wheel:
        for name, content in files.items():
            wheel.writestr(name, content)
    return "ffmate_desktop-1-py3-none-any.whl"
"""
PROGRAM = """
import os, sys

def main():
    print(sys.argv[1:], os.environ.get("VIRTUAL_ENV"), os.environ.get("PIP_TARGET"))
    sys.exit(7)
"""


def module(name: str) -> ModuleType:
    """Import a module of packaging/, which isn't a package: bootstrap.py finds them in its own folder."""
    sys.path.insert(0, str(SOURCE.parent))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(SOURCE.parent))


bootstrap, environment, installers, programs = map(
    module, ("bootstrap", "environment", "installers", "programs")
)


class Project:
    """A tiny project with the real bootstrap.py, in a folder with an inconvenient name."""

    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        self.root = root
        self.environment = environment
        (root / "packaging").mkdir(parents=True)
        for source in SOURCE.parent.glob("*.py"):
            shutil.copy(source, root / "packaging")
        for name, text in {"pyproject.toml": PYPROJECT, "backend.py": BACKEND, "tiny.py": PROGRAM}.items():
            (root / name).write_text(text, encoding="utf-8")

    def popen(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(self.root / "packaging" / "bootstrap.py"), *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        with self.popen(*arguments) as process:
            out, err = process.communicate(timeout=300)
        return process.returncode, out, err


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """No test uses the network: it installs with this computer's uv, or else with the pip that comes with Python."""
    variables = {**os.environ, "SSL_CERT_FILE": str(tmp_path / "missing"), "PYTHONIOENCODING": "utf-8"}
    variables["UV_CACHE_DIR"] = str(tmp_path / "cache")
    if uv := installers.find_uv(ROOT):
        variables["PATH"] = os.pathsep.join([str(Path(shutil.which(uv) or uv).parent), variables["PATH"]])
    return Project(tmp_path / "Prüf stand" / "ffmate désktop", variables)


def test_it_installs_then_passes_on_arguments_and_exit_code(project: Project, tmp_path: Path) -> None:
    project.environment |= {
        "VIRTUAL_ENV": "/elsewhere",
        "PIP_TARGET": str(tmp_path / "wrong"),
        "PIP_USER": "1",
    }
    code, out, err = project.run("run", "a b", "--c")
    assert (code, out) == (7, f"['a b', '--c'] None {tmp_path / 'wrong'}\n")
    assert err.startswith(f"Setting up {project.root / '.venv'} with Python ")
    assert not (tmp_path / "wrong").exists()


def test_demo_is_a_command_of_the_program_and_the_second_start_installs_nothing(project: Project) -> None:
    project.run("run")
    assert project.run("demo", "--json") == (7, "['demo', '--json'] None None\n", "")


def test_changed_project_is_installed_again_into_the_same_venv_even_after_a_failure(project: Project) -> None:
    project.run("run")
    (project.root / ".venv" / "kept").touch()
    (project.root / "pyproject.toml").write_text(PYPROJECT + "\n", encoding="utf-8")
    (project.root / "backend.py").write_text("raise RuntimeError", encoding="utf-8")
    assert project.run("run")[0] == 1
    (project.root / "backend.py").write_text(BACKEND, encoding="utf-8")
    assert "done in" in project.run("run")[2]
    assert (project.root / ".venv" / "kept").exists()


@pytest.mark.parametrize("damage", ["interrupted", "half a stamp", "no python", "moved"])
def test_a_broken_venv_is_recreated(project: Project, damage: str) -> None:
    project.run("run")
    (project.root / ".venv" / "left over").mkdir()
    match damage:
        case "interrupted":
            (project.root / ".venv" / "bootstrap.json").write_text("{}")
        case "half a stamp":
            (project.root / ".venv" / "bootstrap.json").write_text('{"root": "')
        case "no python":
            programs.venv_program(project.root, "python").unlink()
        case "moved":
            project.root = project.root.rename(project.root.with_name("moved"))
    code, out, err = project.run("run")
    assert (code, out) == (7, "[] None None\n")
    assert "done in" in err
    assert not (project.root / ".venv" / "left over").exists()


def test_a_venv_made_by_hand_is_kept(project: Project) -> None:
    project.run("run")
    (project.root / ".venv" / "bootstrap.json").unlink()
    (project.root / ".venv" / "mine").touch()
    assert "done in" in project.run("run")[2]
    assert (project.root / ".venv" / "mine").exists()


def test_two_runs_at_once_install_only_once(project: Project) -> None:
    with project.popen("run", "one") as first, project.popen("run", "two") as second:
        ends = [process.communicate(timeout=300) for process in (first, second)]
    assert [first.returncode, second.returncode] == [7, 7]
    assert [out for out, _ in ends] == ["['one'] None None\n", "['two'] None None\n"]
    assert sum("Setting up" in err for _, err in ends) == 1


def test_the_output_of_a_failed_installer_is_shown_and_the_next_try_works(project: Project) -> None:
    backend = project.root / "backend.py"
    backend.write_text("raise RuntimeError('the build is broken')", encoding="utf-8")
    code, out, err = project.run("run")
    assert (code, out) == (1, "")
    assert "the build is broken" in err
    assert err.endswith("Fix that and run the same command again.\n")
    backend.write_text(BACKEND, encoding="utf-8")
    assert project.run("run")[0] == 7


def test_every_check_runs_and_failures_are_named(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    project.run("run")
    failing, passing = (
        ("python", "-c", "raise SystemExit(3)"),
        ("python", "-c", "import sys; print(sys.argv[1:])"),
    )
    monkeypatch.setattr(bootstrap, "CHECKS", {"first": failing, "pytest": passing})
    assert bootstrap.check(project.root, ["-k", "x"]) == 1
    assert capfd.readouterr().out == "== first\n== pytest\n['-k', 'x']\nFailed: first\n"


def test_requirements_are_the_project_and_the_members_of_the_groups(
    project: Project,
) -> None:
    assert environment.requirements(project.root, set()) == ["-e", "."]
    assert environment.requirements(project.root, {"dev"}) == [
        "-e",
        ".",
        "one>=1",
        "two; python_version < '4'",
    ]


def test_the_installer_only_sees_the_settings_of_the_package_index(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    given = {"PIP_INDEX_URL": "https://index.example/simple", "PIP_CERT": "/certificates", "PIP_RETRIES": "1"}
    for name, value in {**given, "PIP_PREFIX": "/x", "UV_PYTHON": "3.9", "PYTHONPATH": "/x"}.items():
        monkeypatch.setenv(name, value)
    known = installers.installer_environment()
    assert known.items() >= given.items()
    assert known["UV_DEFAULT_INDEX"] == "https://index.example/simple"
    assert known["SSL_CERT_FILE"] == "/certificates"
    assert known["UV_SYSTEM_CERTS"] == "1", "as Python and pip do"
    assert not {"PIP_PREFIX", "UV_PYTHON"} & known.keys()
    assert known.get("PYTHONPATH") != "/x"


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("[Errno -3] Temporary failure in name resolution", "can't be downloaded"),
        ("error sending request for url (https://pypi.org/simple/av/)", "can't be downloaded"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("SSLError: CERTIFICATE_VERIFY_FAILED", "can't be downloaded"),
        ("No matching distribution found for av>=14", "can't be installed"),
    ],
)
def test_failures_are_explained(output: str, sentence: str) -> None:
    assert sentence in installers.explain_failure(output)


@pytest.mark.parametrize(("arguments", "code"), [([], 0), (["--help"], 0), (["install"], 2)])
def test_help_and_unknown_commands(project: Project, arguments: list[str], code: int) -> None:
    ended, out, err = project.run(*arguments)
    assert ended == code
    assert "bootstrap.py COMMAND" in out or "Unknown command 'install'" in err
    assert not (project.root / ".venv").exists()


@pytest.mark.parametrize(
    ("arguments", "window"),
    [
        ([], True),
        (["clip.mov", "--database", "postgresql://a"], True),
        (["--no-gui", "--database", "postgresql://a"], False),
        (["--data-dir", "x", "submit", "clip.mov"], False),
        *(([name], False) for name in commands.NAMES),
    ],
)
def test_only_the_window_needs_system_libraries(arguments: list[str], window: bool) -> None:
    assert bootstrap.opens_window(arguments) is window


LIBRARIES = """
import runpy, sys
module = runpy.run_path({path!r})
module["NEEDED"]["libno-such-thing.so.9"] = "libno-such-thing9"
module["shutil"].which = lambda name: {apt!r}
module["os"].geteuid = lambda: 1000
sys.exit(0 if module["install_missing_packages"]() else 1)
"""


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only on Linux does Qt need libraries of the system"
)
@pytest.mark.parametrize(
    ("apt", "advice"),
    [
        ("/usr/bin/apt-get", "Run: sudo apt-get install -y --no-install-recommends"),
        (None, "libno-such-thing.so.9"),
    ],
)
def test_missing_libraries_are_named_where_they_cannot_be_installed(apt: str | None, advice: str) -> None:
    code = LIBRARIES.format(path=str(SOURCE.with_name("libraries.py")), apt=apt)
    ended = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    assert advice in ended.stderr
    assert "libno-such-thing" in ended.stderr


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
        pass


@pytest.fixture
def index(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A package index with wheels of uv for every system: its folder and its address."""
    folder = tmp_path / "index" / "uv"
    folder.mkdir(parents=True)
    lines = []
    tags = ["manylinux_2_17_x86_64.manylinux2014_x86_64", "manylinux_2_28_aarch64", "musllinux_1_1_x86_64"]
    tags += ["musllinux_1_1_aarch64", "macosx_10_12_x86_64", "macosx_11_0_arm64", "win_amd64", "win_arm64"]
    for version, mark in (("0.9.30", ""), ("0.13.2", ""), ("0.14.0", ' data-yanked="broken"')):
        for tag in tags:
            content = io.BytesIO()
            with zipfile.ZipFile(content, "w") as wheel:
                for program in ("uv.exe", "uvx") if "win" in tag.split("_") else ("uv", "uvx"):
                    wheel.writestr(f"uv-{version}.data/scripts/{program}", f"{program} {version} {tag}")
            name = f"uv-{version}-py3-none-{tag}.whl"
            (folder / name).write_bytes(content.getvalue())
            digest = hashlib.sha256(content.getvalue()).hexdigest()
            lines.append(f'<a href="../uv/{name}#sha256={digest}"{mark}>{name}</a><br/>')
    (folder / "index.html").write_text("\n".join(lines))
    handler = functools.partial(Quiet, directory=str(folder.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_it_downloads_the_newest_uv_for_this_system(tmp_path: Path, index: tuple[Path, str]) -> None:
    program = programs.venv_program(tmp_path, "uv")
    program.parent.mkdir(parents=True)
    assert installers.download_uv(tmp_path, {"UV_DEFAULT_INDEX": index[1]}) == str(program)
    name, version, tag = program.read_text().split()
    assert (name, version) == (program.name, "0.13.2")
    system = {"darwin": "macosx", "win32": "win"}.get(sys.platform, "linux")
    assert system in tag
    assert os.access(program, os.X_OK)


def test_it_refuses_a_damaged_uv(tmp_path: Path, index: tuple[Path, str]) -> None:
    program = programs.venv_program(tmp_path, "uv")
    program.parent.mkdir(parents=True)
    for wheel in index[0].glob("*.whl"):
        wheel.write_bytes(wheel.read_bytes() + b"x")
    with pytest.raises(ValueError, match="damaged"):
        installers.download_uv(tmp_path, {"UV_DEFAULT_INDEX": index[1]})
    assert not program.exists()


PRETEND_OLD = (
    "import runpy, sys; sys.version_info = (3, 8); sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0])"
)


def test_an_old_python_is_refused_in_one_sentence(tmp_path: Path) -> None:
    for source in (SOURCE, SOURCE.with_name("programs.py")):
        ast.parse(source.read_text(encoding="ascii"), feature_version=(3, 7))
    result = subprocess.run(
        [sys.executable, "-c", PRETEND_OLD, str(SOURCE)],
        check=False,
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("FFmate Desktop needs Python 3.11 or newer.")
    assert result.stderr.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="shell scripts stand in for Python, and Windows can't start them")
def test_an_old_python_starts_a_newer_one(tmp_path: Path) -> None:
    broken, working = tmp_path / "python3.14", tmp_path / "python3.11"
    broken.write_text("#!/bin/sh\nexit 127\n")
    working.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    broken.chmod(0o755)
    working.chmod(0o755)
    result = subprocess.run(
        [sys.executable, "-c", PRETEND_OLD, str(SOURCE), "--help"],
        check=False,
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("usage: ")
