"""Make text safe to show: Qt must never interpret it as markup.

In tool tips and message boxes, Qt treats text with a tag as rich text and opens every file that an `<img>` names.
Names come from a database that others write to. So all text must pass one of these functions before it reaches a
widget, menu, model role or the desktop; `tests/gui/widgets/test_plain_text.py` finds calls that don't. `window.qss`
also makes all labels and tool tips plain, including those that Qt creates itself.
"""

import textwrap

from ffmate_desktop.domain.plain_text import multi_line, one_line

MAX_CHARACTERS = 4000
"""Longer text is cut: laying out a name of a megabyte would take seconds at every paint."""

MAX_LINES = 40
MAX_COLUMNS = 100

_BREAK = "\u200b"
"""Zero-width space. After `<` or `&` it breaks tags and entities, also in desktop notifications."""


def plain(text: str) -> str:
    """For any widget: without markup and control characters, and not too long."""
    text = _cut(text)
    if text.count("\n") >= MAX_LINES:
        text = "\n".join([*text.split("\n")[:MAX_LINES], "…"])
    return _without_markup(multi_line(text))


def tool_tip(text: str) -> str:
    """For tool tips: like `plain`, and wrapped, because Qt doesn't wrap long lines."""
    return "\n".join(map(_wrapped, plain(text).split("\n")))


def plain_line(text: str) -> str:
    """Like `plain`, in one line."""
    return _without_markup(one_line(_cut(text), " "))


def menu_text(text: str) -> str:
    """For menus and buttons: in one line, with `&` escaped because it marks a shortcut key."""
    return plain_line(text).replace("&", "&&")


def label_text(text: str) -> str:
    """For labels and editors that never interpret markup."""
    return multi_line(_cut(text))


def editor_text(text: str) -> str:
    """For read-only views: any number of lines, each cut if it is too long."""
    return multi_line("\n".join(map(_cut, text.split("\n"))))


def painter_text(text: str) -> str:
    """For QPainter, which has no markup: one line."""
    return one_line(_cut(text), " ")


def _wrapped(line: str) -> str:
    return "\n".join(textwrap.wrap(line, MAX_COLUMNS, drop_whitespace=False, break_on_hyphens=False))


def _cut(text: str) -> str:
    """Keep both ends of a long text, because paths matter at the end and names at the start."""
    return (
        text
        if len(text) <= MAX_CHARACTERS
        else f"{text[: MAX_CHARACTERS // 2]}…{text[-MAX_CHARACTERS // 2 :]}"
    )


def _without_markup(text: str) -> str:
    return text.replace("<", f"<{_BREAK}").replace("&", f"&{_BREAK}") if "<" in text or "&" in text else text
