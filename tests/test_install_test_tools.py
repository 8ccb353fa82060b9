"""Which system programs the test command installs, with a fake apt-get that records its arguments."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "packaging" / "install_test_tools.py"
pytestmark = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can install packages")

APT = """#!/bin/sh
echo "$@" >> "$0.calls"
case "$*" in *update*) : > "$0.updated"; exit 0;; esac
test -e "$0.updated"
"""
RUN_SCRIPT = (
    "import runpy, shutil, sys; real = shutil.which; {}; runpy.run_path(sys.argv[1], run_name='__main__')"
)
NOT_INSTALLED = (
    "shutil.which = lambda name, path=None: None if name == 'pgbouncer' else real(name, path=path)"
)
INSTALLED = "shutil.which = lambda name, path=None: '/x' if name == 'pgbouncer' else real(name, path=path)"


def run(folder: Path, patch: str) -> list[str]:
    result = subprocess.run(
        [sys.executable, "-c", RUN_SCRIPT.format(patch), str(SCRIPT)],
        check=False,
        env={**os.environ, "PATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    calls = folder / "apt-get.calls"
    return calls.read_text().splitlines() if calls.exists() else []


@pytest.fixture
def apt(tmp_path: Path) -> Path:
    path = tmp_path / "apt-get"
    path.write_text(APT)
    path.chmod(0o755)
    return path


def test_missing_tools_are_installed_after_an_update_if_necessary(apt: Path) -> None:
    install = "-q install -y --no-install-recommends pgbouncer"
    assert run(apt.parent, NOT_INSTALLED) == [install, "-q update", install]
    assert run(apt.parent, NOT_INSTALLED)[3:] == [install]


def test_nothing_is_installed_if_everything_is_there(apt: Path) -> None:
    assert run(apt.parent, INSTALLED) == []


def test_a_system_without_apt_is_fine(tmp_path: Path) -> None:
    assert run(tmp_path, NOT_INSTALLED) == []
