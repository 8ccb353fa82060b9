"""Makes text from the queue safe to show: names may contain control characters or reverse the text around them."""

import re

_UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # control characters, which start escape sequences
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # text direction: an override reverses words
    "\u2028\u2029\ufff9-\ufffb"  # line and paragraph breaks, annotation marks
    "\U000e0000-\U000e007f"  # invisible tags
    "\ud800-\udfff"  # file name bytes that aren't UTF-8, which no stream can encode
    "]"
)
_UNSAFE_EXCEPT_NEWLINE = re.compile(_UNSAFE.pattern.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f"))


def one_line(text: str, replacement: str = "\ufffd") -> str:
    """The text with unsafe characters and line breaks replaced."""
    return text if text.isascii() and text.isprintable() else _UNSAFE.sub(replacement, text)


def multi_line(text: str, replacement: str = "\ufffd") -> str:
    """The text with unsafe characters replaced; line breaks stay."""
    return text if text.isascii() and text.isprintable() else _UNSAFE_EXCEPT_NEWLINE.sub(replacement, text)


def escaped_json(json_text: str) -> str:
    """The same JSON, with unsafe characters escaped."""
    is_safe = json_text.isascii() and "\x7f" not in json_text
    return json_text if is_safe else _UNSAFE_EXCEPT_NEWLINE.sub(_escape, json_text)


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
