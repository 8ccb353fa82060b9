"""Wraps the lines of a command only at spaces, so that wildcards, paths and filters stay in one piece."""

from math import ceil

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QTextBlock
from PySide6.QtWidgets import QPlainTextDocumentLayout, QPlainTextEdit

_FRAME = 14
"""Pixels of vertical padding and border, as in the style sheet."""


class CommandLayout(QPlainTextDocumentLayout):
    """Qt itself may wrap between `$` and `{`, or within a path. Words longer than a line still wrap as in Qt."""

    def blockBoundingRect(self, block: QTextBlock) -> QRectF:  # noqa: N802 - a name of Qt
        """Called before anything is painted or measured, so this is where Qt's layout can be corrected."""
        rect = super().blockBoundingRect(block)
        return super().blockBoundingRect(block) if _break_at_blanks(block) else rect


def break_at_blanks(editor: QPlainTextEdit) -> None:
    """Give an editor this layout."""
    document = editor.document()
    document.setDocumentLayout(CommandLayout(document))
    # else the scroll bar takes up space until Qt has finished its layout
    editor.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)


def height_of_lines(editor: QPlainTextEdit, lines: int) -> int:
    """Pixels for this many lines in an editor of class `code`, without showing the top of the next line."""
    spacing = ceil(QFontMetricsF(editor.font()).lineSpacing())
    return lines * spacing + ceil(editor.document().documentMargin()) + _FRAME


def _break_at_blanks(block: QTextBlock) -> bool:
    """Rewrap a block if needed; True if it was."""
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
    """Where a line that ends inside a word should end instead; None if it is fine."""
    if end >= len(text) or text[end - 1].isspace() or text[end].isspace():
        return None
    blank = max(text.rfind(" ", start, end), text.rfind("\t", start, end)) + 1
    if blank > start:
        return blank
    return end - 1 if text[end - 1 : end + 1] == "${" and end - 1 > start else None
