"""Every text of the window can be translated, and the German catalogue is complete."""

import ast
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QCoreApplication, QLocale, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QApplication, QHeaderView, QLabel, QLineEdit, QWidget

from ffmate_desktop.gui.app import make_window
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.base.language import install_translators
from ffmate_desktop.settings.folders import resources_folder
from tests.everyday_words import TRANSLATED_WORDS

ROOT = Path(__file__).parents[2]
GUI = ROOT / "ffmate_desktop" / "gui"
sys.path.insert(0, str(ROOT / "packaging"))
import translations  # noqa: E402 - a script, not a package


def messages(path: Path) -> dict[tuple[str, str], list[str]]:
    """Translations by context and source text: one text, or one per plural form."""
    found = {}
    for context in ElementTree.parse(path).getroot().iter("context"):
        for message in context.iter("message"):
            translation = message.find("translation")
            assert translation is not None
            forms = [form.text or "" for form in translation.iter("numerusform")] or [translation.text or ""]
            if translation.get("type") == "unfinished":
                forms = [""]
            found[context.findtext("name") or "", message.findtext("source") or ""] = forms
    return found


GERMAN = messages(translations.catalogue("de"))


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_the_catalogues_are_up_to_date_and_compiled(language: str, tmp_path: Path) -> None:
    committed = translations.catalogue(language)
    shutil.copy(committed, tmp_path)
    translations.update(language, tmp_path)
    updated = translations.catalogue(language, tmp_path)
    assert messages(updated) == messages(committed), "run: python packaging/translations.py"
    translations.release(language, tmp_path)
    assert updated.with_suffix(".qm").read_bytes() == committed.with_suffix(".qm").read_bytes()


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_every_text_is_translated(language: str) -> None:
    found = messages(translations.catalogue(language))
    assert [source for source, forms in found.items() if not all(forms)] == []


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_translations_keep_placeholders_and_ellipses(language: str) -> None:
    wrong = []
    for (context, source), forms in messages(translations.catalogue(language)).items():
        for form in forms:
            same_places = sorted(re.findall(r"\{\d\}|%n", source)) == sorted(re.findall(r"\{\d\}|%n", form))
            if not same_places or source.endswith("…") != form.endswith("…"):
                wrong.append((context, source, form))
    assert wrong == []


def test_every_number_has_its_plural_forms() -> None:
    """lupdate finds plurals only in `self.tr`; use `{0}` in `translate`."""
    assert [key for key, forms in GERMAN.items() if "%n" in key[1] and len(forms) < 2] == []


def test_the_english_texts_use_everyday_words() -> None:
    assert [(context, source) for context, source in GERMAN if TRANSLATED_WORDS.search(source)] == []


def test_lupdate_finds_every_text() -> None:
    """lupdate takes the context of `self.tr` from the class, and of `translate` from its first argument.

    It doesn't look inside f-strings.
    """
    unclear = []
    for path in GUI.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        in_f_strings = {
            inner for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for inner in ast.walk(node)
        }
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            owner = getattr(getattr(call.func, "value", None), "id", "")
            if name in ("tr", "_tr"):
                good = name == "tr" and owner == "self" and _are_texts(call.args[:1])
            elif name == "translate" and len(call.args) >= 2 and not _are_numbers(call.args):
                good = _are_texts(call.args[:2])
            else:
                continue
            if not good or call in in_f_strings:
                unclear.append(f"{path.relative_to(ROOT)}:{call.lineno}")
    assert unclear == []


def _are_texts(arguments: list[ast.expr]) -> bool:
    return all(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in arguments)


def _are_numbers(arguments: list[ast.expr]) -> bool:
    """For QRect.translate and QPainter.translate."""
    return not any(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in arguments)


@pytest.fixture
def german(qapp: QApplication) -> Iterator[None]:
    """Show texts in German during the test."""
    installed = install_translators(qapp, resources_folder(), QLocale("de_AT"))
    yield
    for translator in installed:
        qapp.removeTranslator(translator)
    assert QCoreApplication.translate("Sidebar", "Settings") == "Settings"


@pytest.mark.usefixtures("german")
async def test_a_german_window_shows_no_english_text(qapp: QApplication, tmp_path: Path) -> None:
    window = make_window(qapp, Bridge(), resources_folder(), tmp_path)
    shown = set(_texts(window))
    assert {"Warteschlange", "Dateien hierher ziehen, um zu beginnen", "Neue Aufgabe"} <= shown
    english = {source for (_, source), forms in GERMAN.items() if source not in forms}
    german = {form for forms in GERMAN.values() for form in forms}
    assert shown & (english - german) == set()
    window.force_close()
    window.deleteLater()


@pytest.mark.usefixtures("german")
def test_plural_forms_and_the_buttons_of_qt_are_german() -> None:
    source = "Drop %n items to queue them"
    assert QCoreApplication.translate("DropOverlay", source, "", 1) == "Ablegen, um 1 Objekt einzureihen"
    assert QCoreApplication.translate("DropOverlay", source, "", 3) == "Ablegen, um 3 Objekte einzureihen"
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "Abbrechen"


def test_a_language_without_a_catalogue_gets_english(qapp: QApplication) -> None:
    installed = install_translators(qapp, resources_folder(), QLocale("sw_KE"))
    assert (
        QCoreApplication.translate("DropOverlay", "Drop %n items to queue them", "", 1)
        == "Drop 1 item to queue it"
    )
    for translator in installed:
        qapp.removeTranslator(translator)


def _texts(window: QWidget) -> Iterator[str]:
    """All texts in the window and its accessibility information."""
    for widget in [window, *window.findChildren(QWidget)]:
        yield from (widget.toolTip(), widget.accessibleName(), widget.accessibleDescription())
        if isinstance(widget, QLabel | QAbstractButton):
            yield widget.text()
        if isinstance(widget, QLineEdit):
            yield widget.placeholderText()
        for action in widget.actions():
            yield from _of_action(action)
        if isinstance(widget, QHeaderView):
            for section in range(widget.count()):
                yield str(widget.model().headerData(section, Qt.Orientation.Horizontal) or "")


def _of_action(action: QAction) -> Iterator[str]:
    yield action.text()
    menu = action.menu()
    if isinstance(menu, QWidget):
        for inner in menu.actions():
            yield from _of_action(inner)
