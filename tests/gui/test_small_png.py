"""Screenshots look the same after their colours are reduced to a palette."""

from collections import Counter
from pathlib import Path

from PySide6.QtGui import QColor, QImage

from tests.gui.small_png import COLORS, palette, save_small


def test_few_colors_are_kept_exactly(qapp: object, tmp_path: Path) -> None:
    image = QImage(40, 10, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor("#0d1117"))
    image.setPixelColor(3, 4, QColor("#4361ee"))
    save_small(image, tmp_path / "few.png")
    saved = QImage(str(tmp_path / "few.png"))
    assert saved.format() == QImage.Format.Format_Indexed8
    assert saved.pixelColor(3, 4).name() == "#4361ee"
    assert saved.pixelColor(0, 0).name() == "#0d1117"


def test_many_colors_are_approximated(qapp: object, tmp_path: Path) -> None:
    image = QImage(64, 64, QImage.Format.Format_RGB32)
    for x in range(64):
        for y in range(64):
            image.setPixelColor(x, y, QColor(x * 2, y * 2, (x + y) % 32))
    save_small(image, tmp_path / "many.png")
    saved = QImage(str(tmp_path / "many.png"))
    assert len(saved.colorTable()) <= COLORS
    worst = 0
    for x in range(64):
        for y in range(64):
            before, after = image.pixelColor(x, y), saved.pixelColor(x, y)
            worst = max(worst, abs(before.red() - after.red()), abs(before.green() - after.green()))
    assert worst <= 16


def test_a_palette_contains_frequent_colors() -> None:
    counts = Counter({0xFF000000 | number: 1 for number in range(5000)} | {0xFFABCDEF: 9000})
    found = palette(counts)
    assert 0xFFABCDEF in found
    assert len(found) <= COLORS
