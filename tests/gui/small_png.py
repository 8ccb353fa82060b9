"""PNGs with at most 256 colours: screenshots have few, and shrink to a third."""

from collections import Counter
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

COLORS = 256
_SHIFTS = (16, 8, 0)
_NO_DITHER = Qt.ImageConversionFlag.ThresholdDither | Qt.ImageConversionFlag.AvoidDither


def save_small(image: QImage, path: Path) -> None:
    """Write the image as a PNG with an adaptive palette. Raises OSError."""
    opaque = image.convertToFormat(QImage.Format.Format_RGB32)
    pixels = memoryview(opaque.constBits()).cast("I")
    small = opaque.convertToFormat(QImage.Format.Format_Indexed8, palette(Counter(pixels)), _NO_DITHER)
    small.setDevicePixelRatio(1)
    if not small.save(str(path), quality=0):
        raise OSError(f"{path} could not be written")


def palette(counts: Counter[int]) -> list[int]:
    """At most 256 colours (0xFFRRGGBB) for pixels with these counts, by median cut.

    Half of the palette is the most frequent colours, so that areas of one colour keep it exactly.
    """
    common = [color for color, _count in counts.most_common(COLORS // 2)]
    boxes = [sorted(set(counts) - set(common))]
    while len(boxes) < COLORS // 2:
        widest = max(boxes, key=lambda box: _width(box)[0] if box else -1)
        if len(widest) < 2:
            break
        boxes.remove(widest)
        shift = _width(widest)[1]
        widest.sort(key=lambda color: color >> shift & 255)
        boxes += [widest[: len(widest) // 2], widest[len(widest) // 2 :]]
    return common + [_mean(box, counts) for box in boxes if box]


def _width(box: list[int]) -> tuple[int, int]:
    """The widest range of a channel within a box, and that channel's shift."""
    channels = ([color >> shift & 255 for color in box] for shift in _SHIFTS)
    return max((max(values) - min(values), shift) for values, shift in zip(channels, _SHIFTS, strict=True))


def _mean(box: list[int], counts: Counter[int]) -> int:
    total = sum(counts[color] for color in box)
    mean = 0xFF << 24
    for shift in _SHIFTS:
        mean |= round(sum((color >> shift & 255) * counts[color] for color in box) / total) << shift
    return mean
