"""Counts and lists in sentences."""

from collections.abc import Sequence


def counted(count: int, noun: str) -> str:
    """`1 task`, `2 tasks`. For nouns whose plural only adds an s."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def either(words: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))
