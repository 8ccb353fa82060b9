"""What pages there are, in the order of the sidebar: enough to name one before its code is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from ffmate_desktop.gui.pages.page import Page


@dataclass(frozen=True, slots=True)
class PageEntry:
    """`key` names it in memory, never translated; `icon` is a file in resources/icons; `section` is the heading below
    which it stands in the sidebar: empty, or `cluster`."""

    key: str
    icon: str
    section: str = ""


PAGES = (
    PageEntry("queue", "list-video"),
    PageEntry("watchfolders", "folder-sync"),
    PageEntry("presets", "sliders-horizontal"),
    PageEntry("nodes", "server", "cluster"),
    PageEntry("logs", "scroll-text", "cluster"),
)


def title_of(key: str) -> str:
    """The translated name of a page, for its header and the sidebar."""
    translate = QCoreApplication.translate
    titles = {
        "queue": translate("Pages", "Queue"),
        "watchfolders": translate("Pages", "Watchfolders"),
        "presets": translate("Pages", "Presets"),
        "nodes": translate("Pages", "Nodes"),
        "logs": translate("Pages", "Logs"),
    }
    return titles[key]


def page_class(key: str) -> type[Page]:
    """The class of a page, which loads its code."""
    match key:
        case "queue":
            from ffmate_desktop.gui.pages.queue_page import QueuePage  # noqa: PLC0415 - see above

            return QueuePage
        case "watchfolders":
            from ffmate_desktop.gui.pages.watchfolders_page import WatchfoldersPage  # noqa: PLC0415

            return WatchfoldersPage
        case "presets":
            from ffmate_desktop.gui.pages.presets_page import PresetsPage  # noqa: PLC0415

            return PresetsPage
        case "nodes":
            from ffmate_desktop.gui.pages.nodes_page import NodesPage  # noqa: PLC0415

            return NodesPage
        case "logs":
            from ffmate_desktop.gui.pages.logs_page import LogsPage  # noqa: PLC0415

            return LogsPage
        case _:
            raise KeyError(key)
