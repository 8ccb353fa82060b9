"""rich's console for tables and colors, made safe for text from others."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from ffmate_desktop.domain.plain_text import multi_line


class PlainConsole(Console):
    """Interprets markup only when asked to. Control characters come from the console itself, never from a text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"highlight": False, "markup": False, "emoji": False, **options})

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """All output passes through here, live displays too."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text == "\n":
                yield segment
            else:
                yield Segment(multi_line(segment.text, "?"), segment.style)
