"""Valid node names: people read them in lists, and the database sends them in notifications."""

from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.plain_text import one_line

MAX_LENGTH = 200


def check_node_name(name: str) -> str:
    """Return the name; raises UsageError if it is empty, too long, or has control characters."""
    if not name.strip() or len(name) > MAX_LENGTH or one_line(name) != name:
        shown = name if len(name) <= MAX_LENGTH else f"{name[:40]}…"
        raise UsageError(
            f"“{shown}” isn't a valid node name.",
            f"Use a single line of at most {MAX_LENGTH} characters, without control characters.",
        )
    return name
