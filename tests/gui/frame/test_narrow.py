"""In a small window no text is cut and no widgets overlap, in either language."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QAbstractButton, QApplication, QCheckBox, QLineEdit, QPushButton, QToolButton

from ffmate_desktop.gui.app import make_window
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.base.language import install_translators
from ffmate_desktop.gui.desktop.closing import CloseDialog
from ffmate_desktop.gui.frame.main_window import MainWindow
from ffmate_desktop.gui.queue.page import QueuePage
from ffmate_desktop.gui.rows.pixmap_cache import PixmapCache
from ffmate_desktop.gui.watchfolders.page import WatchfoldersPage
from ffmate_desktop.settings.folders import resources_folder


@pytest.fixture(params=["de", "en"])
def window(request: pytest.FixtureRequest, qapp: QApplication, tmp_path: Path) -> Iterator[MainWindow]:
    """A window as small as on an old laptop, showing what it shows with tasks and folders."""
    installed = install_translators(qapp, resources_folder(), QLocale(request.param))
    window = make_window(qapp, Bridge(), resources_folder(), tmp_path)
    window.resize(900, 600)
    window.show()
    for page in window.pages:
        if isinstance(page, QueuePage):
            page._content.show()
        if isinstance(page, WatchfoldersPage):
            page.splitter.show()
        if isinstance(page, QueuePage | WatchfoldersPage):
            page.empty.hide()
    yield window
    window.force_close()
    window.deleteLater()
    for translator in installed:
        qapp.removeTranslator(translator)


def test_buttons_have_room_for_their_texts(window: MainWindow) -> None:
    cut = []
    for number, page in enumerate(window.pages):
        window.show_page(number)
        window.grab()  # lays everything out
        buttons = [
            button
            for button in page.findChildren(QAbstractButton)
            if button.isVisible() and not isinstance(button.parent(), QLineEdit)
        ]
        cut += [
            f"{page.key}: {button.text() or button.toolTip()} {button.width()} of {needed}"
            for button in buttons
            if isinstance(button, QPushButton | QToolButton | QCheckBox)
            and button.width() < (needed := button.minimumSizeHint().width())
        ]
        items = map(page.buttons.itemAt, range(page.buttons.count()))
        header = [widget for item in items if item is not None and (widget := item.widget()) is not None]
        shown = [widget for widget in header if widget.isVisible()]
        cut += [
            f"{page.key}: {left.accessibleName()} overlaps its neighbour"
            for left, right in pairwise(shown)
            if left.geometry().intersects(right.geometry())
        ]
    assert cut == []


def test_the_queue_fits_the_smallest_window(window: MainWindow) -> None:
    window.resize(window.minimumSize())
    window.show_page(0)
    window.grab()  # lays everything out
    page = window.pages[0]
    assert isinstance(page, QueuePage)
    for button in (page.pause, page.new_task):
        assert button.width() >= button.minimumSizeHint().width()
        assert button.toolTip() and button.accessibleName()
        assert button.text() == ""
    window.resize(900, 600)
    window.grab()
    assert page.pause.text() and page.new_task.text()


def test_a_cut_text_has_a_tool_tip(window: MainWindow) -> None:
    window.show_page(0)
    window.grab()  # lays everything out
    tabs = [
        button
        for button in window.pages[0].findChildren(QPushButton)
        if button.property("class") == "segment"
    ]
    tabs[3].setFixedWidth(44)
    tabs[3].grab()
    assert tabs[3].toolTip() == tabs[3].text()
    tabs[3].setFixedWidth(200)
    tabs[3].grab()
    assert tabs[3].toolTip() == ""
    assert window.sidebar.buttons[1].toolTip().startswith(window.sidebar.buttons[1].text())


def test_the_close_dialog_shows_its_answers_in_full(window: MainWindow) -> None:
    dialog = CloseDialog(window, window.context.theme, 2, can_hide=True)
    dialog.open()
    for button in dialog.findChildren(QPushButton):
        assert button.width() >= button.sizeHint().width(), button.text()
    dialog.reject()


def test_a_chip_is_never_wider_than_its_column(window: MainWindow) -> None:
    cache = PixmapCache(window.context.theme)
    assert cache.chip("ban", "Fehlgeschlagen", "failed", 1.0, 90).width() <= 90
    assert cache.chip("ban", "Fehlgeschlagen", "failed", 1.0).width() > 90


def test_the_status_strip_elides_long_texts(window: MainWindow) -> None:
    status = window.status
    status.database.setText("Connected to postgresql://ffmate@db-primary.studio.example:5432/ffmate")
    status.notice.setText("Staying awake while encoding")
    status.setFixedWidth(2000)
    status.grab()
    assert status.database.toolTip() == status.notice.toolTip() == ""
    status.setFixedWidth(380)
    status.grab()
    assert status.database.toolTip() == status.database.text()
    right = status.notice.geometry().right()
    assert status.database.geometry().right() < status.notice.geometry().left() < right <= status.width() - 16


def test_the_sidebar_shows_its_titles_in_full(window: MainWindow) -> None:
    window.grab()  # lays everything out
    for button in window.sidebar.buttons:
        assert (
            button.width()
            >= button.sizeHint().width()
            > button.fontMetrics().horizontalAdvance(button.text())
        )
