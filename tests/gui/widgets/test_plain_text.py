"""Text from the queue is shown as plain text: it can't open files, hide words or freeze the window."""

import ast
import asyncio
import faulthandler
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPoint, Qt
from PySide6.QtGui import QAction, QHelpEvent
from PySide6.QtGui import Qt as GuiQt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QLabel,
    QLineEdit,
    QMessageBox,
    QToolTip,
    QWidget,
)

from ffmate_desktop.gui.widgets.confirm import confirm
from ffmate_desktop.gui.widgets.labels import ElidedLabel, label
from ffmate_desktop.gui.widgets.plain_text import (
    MAX_CHARACTERS,
    MAX_COLUMNS,
    menu_text,
    plain,
    plain_line,
    tool_tip,
)
from tests.gui.desk import Desk
from tests.hostile import COMMANDS, fill, hostile
from tests.node.waiting import until

GUI = Path(__file__).parents[3] / "ffmate_desktop" / "gui"
MARKUP = (
    '<img src="/dev/zero">',
    "a < img src='/dev/zero'>",
    "&lt;b&gt;",
    "<?xml version='1.0'?>",
    "<!img src=/dev/zero>",
    "x\n<a href='file:///'>y</a>",
    "<B>" * 3,
)
SHOWING = {
    *("setToolTip", "setStatusTip", "setWhatsThis", "setAccessibleName", "setAccessibleDescription"),
    *(
        "setWindowTitle",
        "setInformativeText",
        "setDetailedText",
        "setPlaceholderText",
        "showMessage",
        "showText",
    ),
    *("setHtml", "appendHtml", "insertHtml", "setMarkdown", "addItem", "addItems", "addTab", "setLabelText"),
}
"""Methods that show a text which Qt might interpret as markup."""
SAFE = {
    "plain",
    "plain_line",
    "tool_tip",
    "painter_text",
    "menu_text",
    "tr",
    "translate",
    "toString",
    "number",
    "windowIcon",
}


@pytest.mark.parametrize("text", MARKUP)
def test_qt_treats_no_text_as_markup(text: str) -> None:
    for shown in (plain(text), plain_line(text), menu_text(text), plain(f"{text}\n{text}")):
        assert not GuiQt.mightBeRichText(shown)
        assert shown.replace("\u200b", "").replace("&&", "&") in (
            text,
            text.replace("\n", " "),
            f"{text}\n{text}",
        )


@pytest.mark.parametrize(
    "text", ["\x1b]0;x\x07", "a\u202egnp.exe", "\x9b31m", "\u2066x", "\ud800", "\u200fx", "\r"]
)
def test_control_characters_are_removed(qapp: QApplication, text: str) -> None:
    for shown in (plain(text), plain_line(text), menu_text(text), label(text).text()):
        assert not COMMANDS.search(shown)


def test_long_texts_are_cut(qapp: QApplication) -> None:
    for text in ("x" * 1_000_000, "x\n" * 500_000, "<" * 1_000_000):
        assert len(plain(text)) <= 2 * MAX_CHARACTERS + 1
        assert plain(text).count("\n") < 50
        assert len(label(text).text()) <= MAX_CHARACTERS + 1
    assert plain("a" * 9000 + ".mp4").endswith("a.mp4")


def test_a_tool_tip_fits_a_screen(qapp: QApplication) -> None:
    for text in ("x" * 5000, "word " * 1000, "/media" * 800, "<b>" * 1000):
        lines = tool_tip(text).split("\n")
        assert len(lines) < 100
        assert max(map(len, lines)) <= MAX_COLUMNS
        assert "".join(lines) == plain(text)
        assert not GuiQt.mightBeRichText(tool_tip(text))
    assert tool_tip("two\n\nlines") == "two\n\nlines"


def test_ordinary_texts_are_unchanged() -> None:
    for text in ("Fête – 日本 [x] 100 %", "👩‍💻 שלום", "two\nlines"):
        assert plain(text) == text


def test_all_texts_in_the_window_are_made_safe() -> None:
    found = []
    for path in sorted(GUI.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = _name(node.func)
            raw = name in SHOWING and not all(map(_is_safe, node.args))
            menu = name == "addAction" and any(isinstance(a, ast.JoinedStr | ast.BoolOp) for a in node.args)
            made = name in ("QLabel", "QMessageBox") and not all(isinstance(a, ast.Name) for a in node.args)
            if raw or menu or made:
                found.append(f"{path.name}:{node.lineno} {ast.unparse(node)}")
    allowed = ("self._window.windowIcon()", "addAction(f'{menu_text(")
    assert [line for line in found if not any(word in line for word in allowed)] == []


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _is_safe(argument: ast.expr) -> bool:
    if isinstance(argument, ast.IfExp):
        return _is_safe(argument.body) and _is_safe(argument.orelse)
    return isinstance(argument, ast.Constant) or (
        isinstance(argument, ast.Call) and _name(argument.func) in SAFE
    )


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Path]:
    """A pipe without a writer. If Qt opens it as a picture it hangs, and faulthandler ends the run."""
    if os.name == "nt":
        pytest.skip("this system has no named pipes in folders")
    os.mkfifo(tmp_path / "trap")
    faulthandler.dump_traceback_later(120, exit=True)
    yield tmp_path / "trap"
    faulthandler.cancel_dump_traceback_later()


async def test_a_window_full_of_hostile_names(desk: Desk, database_uri: str, clip: Path, trap: Path) -> None:
    name, words = hostile(trap), hostile(trap) + "x" * 1_000_000
    task = await desk.add(clip)
    await until(lambda: desk.row(task), "the task is shown")
    await fill(database_uri, name, words)
    desk.bridge.anything_changed.emit()
    await until(lambda: (row := desk.row(task)) and row.name == words, "the name is shown")
    pages = desk.window.pages
    for page in pages:
        desk.window.show_page_with_key(page.key)
        await asyncio.sleep(0.3)
        views = [view for view in page.findChildren(QAbstractItemView) if view.isVisible()]
        for view in views:
            view.setCurrentIndex(view.model().index(0, 0))
            view.grab()
        await asyncio.sleep(0.2)
        page.grab()
        texts = list(_texts(desk.window))
        assert any("gnp" in text for text in texts) or page.key == "logs", page.key
        bad = [
            t[:200]
            for t in texts
            if GuiQt.mightBeRichText(t) or COMMANDS.search(t) or len(t) > 3 * MAX_CHARACTERS
        ]
        assert bad == [], page.key


def _texts(window: QWidget) -> Iterator[str]:
    """Every text that Qt itself might show."""
    for widget in [window, *window.findChildren(QWidget)]:
        yield from (widget.toolTip(), widget.statusTip(), widget.whatsThis(), widget.windowTitle())
        yield from (widget.accessibleName(), widget.accessibleDescription())
        if isinstance(widget, QLabel):
            assert widget.textFormat() is Qt.TextFormat.PlainText or not widget.text()
            yield re.sub("[<&]", "", widget.text())
        if isinstance(widget, QAbstractButton):
            yield re.sub("[<&]", "", widget.text())
        if isinstance(widget, QLineEdit):
            yield re.sub("[<&]", "", widget.placeholderText())
        for action in [*widget.actions(), *widget.findChildren(QAction)]:
            yield from (action.toolTip(), action.text(), action.whatsThis(), action.statusTip())
        if isinstance(widget, QAbstractItemView) and widget.model() is not None:
            yield from _of_model(widget.model())


def _of_model(model: Any) -> Iterator[str]:
    for row in range(min(model.rowCount(QModelIndex()), 50)):
        for column in range(
            model.columnCount(QModelIndex()) if isinstance(model, QAbstractTableModel) else 1
        ):
            for role in Qt.ItemDataRole:
                value = model.data(model.index(row, column), role.value) if role < 256 else None
                if isinstance(value, str):
                    yield value


async def test_a_question_shows_hostile_text_as_plain_text(qapp: QApplication, trap: Path) -> None:
    parent = QWidget()
    parent.show()
    asked = asyncio.create_task(confirm(parent, f"Run “{hostile(trap)}”?", hostile(trap), "Allow"))
    box = await until(lambda: parent.findChild(QMessageBox), "it asks")
    box.grab()
    for text in (box.text(), box.informativeText(), box.windowTitle()):
        assert "gnp" in text
        assert not GuiQt.mightBeRichText(text) or text == box.windowTitle()
        assert not COMMANDS.search(text)
    box.escapeButton().click()
    assert not await asked
    parent.close()
    parent.deleteLater()


async def test_qts_own_tool_tips_load_no_pictures(desk: Desk, trap: Path) -> None:
    """For example in file dialogs, and labels created by Qt."""
    QToolTip.showText(QPoint(0, 0), "<b>x</b>", desk.window)
    tips = [widget for widget in QApplication.topLevelWidgets() if widget.inherits("QTipLabel")]
    assert [tip.textFormat() for tip in tips if isinstance(tip, QLabel)] == [Qt.TextFormat.PlainText]
    QToolTip.hideText()
    cut = ElidedLabel(parent=desk.window)
    cut.resize(40, 20)
    cut.setText(hostile(trap))
    cut.show()
    cut.grab()
    place = QPoint(2, 2)
    QApplication.sendEvent(cut, QHelpEvent(QHelpEvent.Type.ToolTip, place, cut.mapToGlobal(place)))
    assert QToolTip.text() == cut.toolTip() == tool_tip(hostile(trap))
    QToolTip.hideText()
