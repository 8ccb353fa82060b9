"""Rules for the window's code: no nested event loops, no Qt in headless nodes, every page is listed."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from ffmate_desktop.gui.base.page_entries import PAGES

ROOT = Path(__file__).parents[2]

NESTED = {"exec", "exec_", "processEvents", "wait", "waitSignal", "waitUntil", "waitExposed", "waitActive"}
STATIC = {"question", "warning", "information", "critical", "about", "getOpenFileName", "getOpenFileNames"}
STATIC |= {"getSaveFileName", "getExistingDirectory", "getText", "getItem", "getInt", "getColor", "getFont"}
DIALOGS = {"QMessageBox", "QFileDialog", "QInputDialog", "QColorDialog", "QFontDialog"}


def calls(path: Path) -> Iterator[tuple[str, str, int]]:
    """Every method call: last word of its object, method name, and line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            word = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
            yield word, node.func.attr, node.lineno


@pytest.mark.parametrize("folder", ["ffmate_desktop/gui", "tests/gui"])
def test_no_code_starts_a_nested_event_loop(folder: str) -> None:
    found = []
    for path in (ROOT / folder).rglob("*.py"):
        for owner, name, line in calls(path):
            waits = name in NESTED and (name != "wait" or owner == "qtbot")
            allowed = owner == "pump" and path.name == "test_loop.py"
            if (waits and not allowed) or (owner in DIALOGS and name in STATIC):
                found.append(f"{path.name}:{line} {owner}.{name}")
    assert found == []


def test_every_page_is_listed_and_independent_of_the_others() -> None:
    folders = {path.parent.name for path in (ROOT / "ffmate_desktop" / "gui").glob("*/page.py")} - {"base"}
    assert folders == {entry.key for entry in PAGES}, "PAGES in gui/base/page_entries.py"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [independent] = [
        set(contract["modules"])
        for contract in project["tool"]["importlinter"]["contracts"]
        if contract["name"].startswith("Subjects of the window")
    ]
    assert {f"ffmate_desktop.gui.{folder}" for folder in folders} <= independent, "add it in pyproject.toml"


def test_the_command_line_and_a_node_do_not_import_qt() -> None:
    code = (
        "import sys, ffmate_desktop.cli.app, ffmate_desktop.node.node_host\n"
        "from ffmate_desktop.cli import commands; [commands.load(name) for name in commands.NAMES]\n"
        "print([name for name in sys.modules if name.startswith(('PySide6', 'shiboken6', 'qasync'))])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.stdout.strip() == "[]"


def test_without_qt_the_window_says_so_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "PySide6").mkdir()
    broken = "raise ImportError('libEGL.so.1: cannot open shared object file', name='PySide6.QtCore')"
    (tmp_path / "PySide6" / "__init__.py").write_text(broken)
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from ffmate_desktop.cli.app import main; main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, "--data-dir", str(tmp_path / "data")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"QT_QPA_PLATFORM": "offscreen", "PATH": "/usr/bin:/bin"},
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("ffmate-desktop: The window can't open because Qt doesn't start: libEGL")
    assert "--no-gui" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="on Windows and macOS there is always a screen"
)
def test_without_a_screen_the_window_says_so(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "ffmate_desktop", "--data-dir", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin"},
    )
    assert ended.returncode == 1
    assert "This computer has no screen" in ended.stderr
