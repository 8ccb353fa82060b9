"""Text from the queue as plain text: names may hold control characters, or some that turn the text around them."""

import re

_COMMANDS = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # controls: escape sequences begin with them, also those of one byte
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction of writing: an override turns words around
    "\u2028\u2029\ufff9-\ufffb"  # breaks of lines and paragraphs, marks of annotations
    "\U000e0000-\U000e007f"  # invisible letters
    "\ud800-\udfff"  # bytes of a file name that are not UTF-8, which no stream can encode
    "]"
)
_OF_LINES = re.compile(_COMMANDS.pattern.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f"))


def one_line(text: str, stand_in: str = "\ufffd") -> str:
    """The text with `stand_in` for each of these characters, line breaks included."""
    return text if text.isascii() and text.isprintable() else _COMMANDS.sub(stand_in, text)


def multi_line(text: str, stand_in: str = "\ufffd") -> str:
    """The same, but it may have several lines."""
    return text if text.isascii() and text.isprintable() else _OF_LINES.sub(stand_in, text)


def escaped_json(json_text: str) -> str:
    """The same JSON, with escapes for these characters."""
    return json_text if json_text.isascii() and "\x7f" not in json_text else _OF_LINES.sub(_escape, json_text)


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
