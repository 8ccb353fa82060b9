"""Breaks the lines of a command at blanks only, so that a wildcard, a path or a filter stays in one piece."""

from math import ceil

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QTextBlock
from PySide6.QtWidgets import QPlainTextDocumentLayout, QPlainTextEdit

_AROUND = 14
"""Pixels of padding and border above and below, as in the style sheet."""


class CommandLayout(QPlainTextDocumentLayout):
    """Qt may end a line between `$` and `{`, or within a path. A word that fits no line is broken as Qt does."""

    def blockBoundingRect(self, block: QTextBlock) -> QRectF:  # noqa: N802 - a name of Qt
        """Asked before anything is painted or measured: the place to mend what Qt has laid out."""
        rect = super().blockBoundingRect(block)
        return super().blockBoundingRect(block) if _break_at_blanks(block) else rect


def break_at_blanks(editor: QPlainTextEdit) -> None:
    """Let an editor break its lines so, from now on."""
    document = editor.document()
    document.setDocumentLayout(CommandLayout(document))
    editor.setHorizontalScrollBarPolicy(
        Qt.ScrollBarPolicy.ScrollBarAlwaysOff
    )  # it takes room until Qt has laid out all


def height_of_lines(editor: QPlainTextEdit, lines: int) -> int:
    """Pixels for so many lines in an editor of the look `code`, without the upper edge of the one that follows."""
    spacing = ceil(QFontMetricsF(editor.font()).lineSpacing())
    return lines * spacing + ceil(editor.document().documentMargin()) + _AROUND


def _break_at_blanks(block: QTextBlock) -> bool:
    """Whether the lines of a block had to be laid out anew."""
    if not block.isValid():  # the text has just been replaced
        return False
    layout, text = block.layout(), block.text()
    lines = [layout.lineAt(number) for number in range(layout.lineCount())]
    if all(
        _better_end(text, line.textStart(), line.textStart() + line.textLength()) is None for line in lines
    ):
        return False
    left, width, height, start = lines[0].x(), lines[0].width(), 0.0, 0
    layout.beginLayout()
    while (line := layout.createLine()).isValid():
        line.setLeadingIncluded(True)
        line.setLineWidth(width)
        end = _better_end(text, start, start + line.textLength())
        if end is not None:
            line.setNumColumns(end - start, width)
        line.setPosition(QPointF(left, height))
        height += line.height()
        start += line.textLength()
    layout.endLayout()
    block.setLineCount(layout.lineCount())
    return True


def _better_end(text: str, start: int, end: int) -> int | None:
    """Where a line that ends inside a word should end instead; None if it is good as it is."""
    if end >= len(text) or text[end - 1].isspace() or text[end].isspace():
        return None
    blank = max(text.rfind(" ", start, end), text.rfind("\t", start, end)) + 1
    if blank > start:
        return blank
    return end - 1 if text[end - 1 : end + 1] == "${" and end - 1 > start else None
