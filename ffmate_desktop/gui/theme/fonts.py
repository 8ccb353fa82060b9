"""The two bundled fonts: the window looks the same everywhere and has text on systems without fonts."""

from pathlib import Path

from PySide6.QtGui import QFont, QFontDatabase

from ffmate_desktop import logs

TEXT = "Inter"
MONO = "JetBrains Mono"

_TABULAR = QFont.Tag("tnum")
_LIGATURES = (QFont.Tag("calt"), QFont.Tag("liga"))


def load_fonts(folder: Path) -> None:
    """Register the fonts in this folder with Qt; it falls back to system fonts for those that fail."""
    for path in sorted([*folder.glob("*.otf"), *folder.glob("*.ttf")]):
        if QFontDatabase.addApplicationFont(str(path)) < 0:
            logs.root.warning("Could not load the font %s", path)


def text(pixels: int = 13, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Body text, with tabular digits so that changing numbers don't jump."""
    font = QFont(TEXT)
    font.setPixelSize(pixels)
    font.setWeight(weight)
    font.setFeature(_TABULAR, 1)
    return font


def medium(pixels: int = 13) -> QFont:
    """For controls and numbers."""
    return text(pixels, QFont.Weight.Medium)


def bold(pixels: int = 13) -> QFont:
    """For titles and names."""
    return text(pixels, QFont.Weight.DemiBold)


def mono(pixels: int = 12) -> QFont:
    """For commands and logs, without ligatures such as an arrow for `->`."""
    font = QFont(MONO)
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setPixelSize(pixels)
    for tag in _LIGATURES:
        font.setFeature(tag, 0)
    return font
