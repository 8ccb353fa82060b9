"""What may be the name of a node: people read it in lists, and the database sends it in notifications."""

from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.plain_text import one_line

MAX_LENGTH = 200


def check_node_name(name: str) -> str:
    """The name as it is. Raises UsageError for one that is too long, or that no terminal and no database takes."""
    if not name.strip() or len(name) > MAX_LENGTH or one_line(name) != name:
        shown = name if len(name) <= MAX_LENGTH else f"{name[:40]}…"
        raise UsageError(
            f"“{shown}” cannot be the name of a node.",
            f"A name is one line of at most {MAX_LENGTH} characters, without control characters.",
        )
    return name
