"""What the test command installs beside Python, with an apt-get that writes down what it is asked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "packaging" / "install_test_tools.py"
pytestmark = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root installs anything")

APT = """#!/bin/sh
echo "$@" >> "$0.asked"
case "$*" in *update*) : > "$0.updated"; exit 0;; esac
test -e "$0.updated"
"""
ASKING = (
    "import runpy, shutil, sys; real = shutil.which; {}; runpy.run_path(sys.argv[1], run_name='__main__')"
)
NOTHING_THERE = (
    "shutil.which = lambda name, path=None: None if name == 'pgbouncer' else real(name, path=path)"
)
ALL_THERE = "shutil.which = lambda name, path=None: '/x' if name == 'pgbouncer' else real(name, path=path)"


def run(folder: Path, before: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", ASKING.format(before), str(SCRIPT)],
        check=False,
        env={**os.environ, "PATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    asked = folder / "apt-get.asked"
    return asked.read_text().splitlines() if asked.exists() else []


@pytest.fixture
def apt(tmp_path: Path) -> Path:
    path = tmp_path / "apt-get"
    path.write_text(APT)
    path.chmod(0o755)
    return path


def test_what_is_missing_is_installed_after_an_update_if_need_be(apt: Path) -> None:
    install = "-q install -y --no-install-recommends pgbouncer"
    assert run(apt.parent, NOTHING_THERE) == [install, "-q update", install]
    assert run(apt.parent, NOTHING_THERE)[3:] == [install]


def test_nothing_is_asked_for_when_all_is_there(apt: Path) -> None:
    assert run(apt.parent, ALL_THERE) == []


def test_no_apt_is_no_failure(tmp_path: Path) -> None:
    assert run(tmp_path, NOTHING_THERE) == []
