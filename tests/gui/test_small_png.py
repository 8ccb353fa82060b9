"""Pictures of the window keep their looks when they get a palette."""

from collections import Counter
from pathlib import Path

from PySide6.QtGui import QColor, QImage

from tests.gui.small_png import COLORS, palette, save_small


def test_few_colors_stay_as_they_are(qapp: object, tmp_path: Path) -> None:
    image = QImage(40, 10, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor("#0d1117"))
    image.setPixelColor(3, 4, QColor("#4361ee"))
    save_small(image, tmp_path / "few.png")
    again = QImage(str(tmp_path / "few.png"))
    assert again.format() == QImage.Format.Format_Indexed8
    assert again.pixelColor(3, 4).name() == "#4361ee"
    assert again.pixelColor(0, 0).name() == "#0d1117"


def test_many_colors_come_near(qapp: object, tmp_path: Path) -> None:
    image = QImage(64, 64, QImage.Format.Format_RGB32)
    for x in range(64):
        for y in range(64):
            image.setPixelColor(x, y, QColor(x * 2, y * 2, (x + y) % 32))
    save_small(image, tmp_path / "many.png")
    again = QImage(str(tmp_path / "many.png"))
    assert len(again.colorTable()) <= COLORS
    worst = 0
    for x in range(64):
        for y in range(64):
            one, other = image.pixelColor(x, y), again.pixelColor(x, y)
            worst = max(worst, abs(one.red() - other.red()), abs(one.green() - other.green()))
    assert worst <= 16


def test_a_palette_holds_what_is_frequent() -> None:
    counts = Counter({0xFF000000 | number: 1 for number in range(5000)} | {0xFFABCDEF: 9000})
    found = palette(counts)
    assert 0xFFABCDEF in found
    assert len(found) <= COLORS
