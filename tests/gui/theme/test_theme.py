"""Readable colours, complete icons and fonts, and switching the theme."""

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFontDatabase
from PySide6.QtWidgets import QApplication, QPushButton

from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.theme.tokens import DARK, LIGHT, STATUS_TOKENS, Tokens
from ffmate_desktop.settings.folders import resources_folder
from ffmate_desktop.settings.preferences import Appearance

GUI = Path(__file__).parents[3] / "ffmate_desktop" / "gui"
TEXTS = ("text", "text_2", "text_3", "link", *sorted(set(STATUS_TOKENS.values())), "paused", "warning")
SURFACES = ("window", "sidebar", "surface", "raised", "selected", "nav_selected", "hover")


def contrast(one: QColor, other: QColor) -> float:
    """The contrast ratio of WCAG 2."""

    def luminance(color: QColor) -> float:
        parts = [
            part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
            for part in (color.redF(), color.greenF(), color.blueF())
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def over(tint: QColor, ground: QColor) -> QColor:
    """A transparent colour blended over a background."""
    part = tint.alphaF()
    mixed = [
        part * top + (1 - part) * below
        for top, below in (
            (tint.redF(), ground.redF()),
            (tint.greenF(), ground.greenF()),
            (tint.blueF(), ground.blueF()),
        )
    ]
    return QColor.fromRgbF(*mixed)


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
def test_every_text_has_enough_contrast(tokens: Tokens) -> None:
    weak = []
    for text in TEXTS:
        for surface in SURFACES:
            ratio = contrast(tokens.color(text), tokens.color(surface))
            if ratio < 4.5:
                weak.append(f"{text} on {surface}: {ratio:.2f}")
    for status in {*STATUS_TOKENS.values(), "paused"}:
        for surface in ("surface", "selected"):
            chip = over(tokens.tint(status), tokens.color(surface))
            ratio = contrast(tokens.color(status), chip)
            if ratio < 4.5:
                weak.append(f"{status} on its chip on {surface}: {ratio:.2f}")
    for ground in ("accent", "accent_hover"):
        ratio = contrast(tokens.color("on_accent"), tokens.color(ground))
        if ratio < 4.5:
            weak.append(f"on_accent on {ground}: {ratio:.2f}")
    assert weak == []


def test_every_icon_used_in_the_code_exists() -> None:
    existing = {path.stem for path in (resources_folder() / "icons").glob("*.svg")}
    named = set()
    for path in GUI.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        named |= set(re.findall(r'(?:set_icon\([^,]+|pixmap\(|icon\(|_button\(theme), ?"([a-z0-9-]+)"', text))
        named |= set(re.findall(r'(?:icon\(|pixmap\(|icon = )"([a-z0-9-]+)"', text))
    assert named
    assert named <= existing


def test_fonts_are_bundled_with_their_licences(qapp: QApplication) -> None:
    Theme(qapp, resources_folder())
    families = QFontDatabase.families()
    assert "Inter" in families
    assert "JetBrains Mono" in families
    licences = {path.name for path in (resources_folder() / "fonts").glob("*.txt")}
    assert licences == {"Inter-LICENSE.txt", "JetBrainsMono-LICENSE.txt"}
    assert (resources_folder() / "icons" / "LICENSE").exists()


def test_switching_the_theme_changes_palette_style_sheet_and_icons(qapp: QApplication) -> None:
    theme = Theme(qapp, resources_folder())
    button = QPushButton("Text")
    theme.set_icon(button, "plus", "text")
    heard: list[bool] = []
    theme.changed.connect(lambda: heard.append(theme.tokens.is_dark))
    theme.set_appearance(Appearance.DARK)
    theme.set_appearance(Appearance.LIGHT)
    assert heard[-1:] == [False]
    before = button.icon().cacheKey()
    theme.set_appearance(Appearance.DARK)
    assert heard[-1:] == [True]
    assert button.icon().cacheKey() != before
    assert qapp.palette().window().color().name() == DARK.window
    assert DARK.surface in qapp.styleSheet()
    button.deleteLater()
