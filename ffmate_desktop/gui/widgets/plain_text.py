"""Text that Qt shows as it is.

Qt takes a text with a tag for rich text in tool tips and message boxes, and opens every file that an `<img>` in it
names. Names come from a database that others write to, so no text reaches a widget, a menu, a model's role or the
desktop without one of these; `tests/gui/widgets/test_plain_text.py` looks for calls that forget it. `window.qss`
makes all labels and tool tips plain too, among them those that Qt makes itself.
"""

import textwrap

from ffmate_desktop.domain.plain_text import multi_line, one_line

MOST = 4000
"""Characters that are shown of a text. Laying out a name of a megabyte would take seconds at each paint."""

MOST_LINES = 40
MOST_COLUMNS = 100

_BREAK = "\u200b"
"""Has no width. Behind `<` or `&` it keeps a tag or an entity from being one, also for a desktop's notifications."""


def plain(text: str) -> str:
    """The text for any widget: no markup, no control characters, not too long."""
    cut = _ends(text)
    if cut.count("\n") >= MOST_LINES:
        cut = "\n".join([*cut.split("\n")[:MOST_LINES], "…"])
    return _without_markup(multi_line(cut))


def tool_tip(text: str) -> str:
    """The same for a tool tip, in which Qt breaks no line: a long name would leave the screen."""
    return "\n".join(map(_wrapped, plain(text).split("\n")))


def plain_line(text: str) -> str:
    """The same in one line."""
    return _without_markup(one_line(_ends(text), " "))


def menu_text(text: str) -> str:
    """The same for menus and buttons, where `&` marks a key and a tab a shortcut."""
    return plain_line(text).replace("&", "&&")


def label_text(text: str) -> str:
    """The text for a label or an editor that takes nothing for markup."""
    return multi_line(_ends(text))


def editor_text(text: str) -> str:
    """Any number of lines for a view that only shows them; what each has too much is left out."""
    return multi_line("\n".join(map(_ends, text.split("\n"))))


def painter_text(text: str) -> str:
    """One line for a painter, which knows no markup."""
    return one_line(_ends(text), " ")


def _wrapped(line: str) -> str:
    return "\n".join(textwrap.wrap(line, MOST_COLUMNS, drop_whitespace=False, break_on_hyphens=False))


def _ends(text: str) -> str:
    """Both ends of a long text: paths are cut in front, names at the end."""
    return text if len(text) <= MOST else f"{text[: MOST // 2]}…{text[-MOST // 2 :]}"


def _without_markup(text: str) -> str:
    return text.replace("<", f"<{_BREAK}").replace("&", f"&{_BREAK}") if "<" in text or "&" in text else text
