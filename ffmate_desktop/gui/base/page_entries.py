"""The list of pages, in the sidebar's order. Names them before their code is imported."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication


@dataclass(frozen=True, slots=True)
class PageEntry:
    """`key` is stored and never translated; `icon` is a file in resources/icons; `section` is the page's heading in
    the sidebar: empty or `cluster`."""

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


def page_title(key: str) -> str:
    """The translated name of a page."""
    translate = QCoreApplication.translate
    titles = {
        "queue": translate("Pages", "Queue"),
        "watchfolders": translate("Pages", "Watchfolders"),
        "presets": translate("Pages", "Presets"),
        "nodes": translate("Pages", "Nodes"),
        "logs": translate("Pages", "Logs"),
    }
    return titles[key]
