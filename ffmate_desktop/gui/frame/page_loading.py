"""Import a page's code on first use, because the start waits for every import."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ffmate_desktop.gui.base.page import Page


def page_class(key: str) -> type[Page]:
    """Import and return the class of a page."""
    match key:
        case "queue":
            from ffmate_desktop.gui.queue.page import QueuePage  # noqa: PLC0415 - see above

            return QueuePage
        case "watchfolders":
            from ffmate_desktop.gui.watchfolders.page import WatchfoldersPage  # noqa: PLC0415 - when opened

            return WatchfoldersPage
        case "presets":
            from ffmate_desktop.gui.presets.page import PresetsPage  # noqa: PLC0415 - when opened

            return PresetsPage
        case "nodes":
            from ffmate_desktop.gui.nodes.page import NodesPage  # noqa: PLC0415 - when opened

            return NodesPage
        case "logs":
            from ffmate_desktop.gui.logs.page import LogsPage  # noqa: PLC0415 - when opened

            return LogsPage
        case _:
            raise KeyError(key)
