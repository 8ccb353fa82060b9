"""Formatting of numbers and times."""

import pytest

from ffmate_desktop.gui.widgets import formatting


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(8, "8 s"), (59.4, "59 s"), (363, "6 min"), (3599, "1 h 00 min"), (15_130, "4 h 12 min")],
)
def test_an_estimate_has_no_seconds_after_the_first_minute(seconds: float, words: str) -> None:
    assert formatting.estimate(seconds) == words
