"""The two fonts that come with the program, so that it looks the same everywhere and has text on a bare system."""

from pathlib import Path

from PySide6.QtGui import QFont, QFontDatabase

from ffmate_desktop import logs

TEXT = "Inter"
MONO = "JetBrains Mono"

_TABULAR = QFont.Tag("tnum")
_LIGATURES = (QFont.Tag("calt"), QFont.Tag("liga"))


def load(folder: Path) -> None:
    """Make the fonts of this folder known to Qt; without them the fonts of the system are used."""
    for path in sorted([*folder.glob("*.otf"), *folder.glob("*.ttf")]):
        if QFontDatabase.addApplicationFont(str(path)) < 0:
            logs.root.warning("The font %s could not be loaded", path)


def text(pixels: int = 13, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Text, with digits of one width so that running numbers do not jump."""
    font = QFont(TEXT)
    font.setPixelSize(pixels)
    font.setWeight(weight)
    font.setFeature(_TABULAR, 1)
    return font


def medium(pixels: int = 13) -> QFont:
    """Text of controls and numbers."""
    return text(pixels, QFont.Weight.Medium)


def bold(pixels: int = 13) -> QFont:
    """Text of titles and names."""
    return text(pixels, QFont.Weight.DemiBold)


def mono(pixels: int = 12) -> QFont:
    """Commands and logs: every character as it is, no arrows made of `->`."""
    font = QFont(MONO)
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setPixelSize(pixels)
    for tag in _LIGATURES:
        font.setFeature(tag, 0)
    return font
