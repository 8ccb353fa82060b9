"""Formatting of numbers and times."""

from datetime import datetime

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication

from ffmate_desktop.gui.base.language import install_translators
from ffmate_desktop.gui.widgets import formatting
from ffmate_desktop.settings.folders import resources_folder


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(8, "8 s"), (59.4, "59 s"), (363, "6 min"), (3599, "1 h 00 min"), (15_130, "4 h 12 min")],
)
def test_an_estimate_has_no_seconds_after_the_first_minute(seconds: float, words: str) -> None:
    assert formatting.estimate(seconds) == words


def test_numbers_and_dates_follow_the_language_of_the_window(qapp: QApplication) -> None:
    day = round(datetime(2020, 3, 9).timestamp() * 1000)
    assert (formatting.size(1.5 * 2**20), formatting.timestamp(day)) == ("1.5 MiB", "09 Mar 2020")
    installed = install_translators(qapp, resources_folder(), QLocale("de"))
    assert (formatting.size(1.5 * 2**20), formatting.timestamp(day)) == ("1,5 MiB", "09.03.2020")
    for translator in installed:
        qapp.removeTranslator(translator)
