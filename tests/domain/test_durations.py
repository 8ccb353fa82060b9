"""Durations as people type them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffmate_desktop.domain.durations import MAX_DURATION, parse_duration
from ffmate_desktop.domain.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30d", 2_592_000),
        ("12h", 43_200),
        ("90m", 5400),
        ("45s", 45),
        ("2W", 1_209_600),
        (" 1d12h ", 129_600),
        ("0d", 0),
    ],
)
def test_durations_are_parsed(text: str, seconds: int) -> None:
    assert parse_duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "30", "d", "-1d", "1.5h", "3y", "1d 12h", "30 days", "٣d", "1d\n2"])
def test_anything_else_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="isn't a duration"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["36501d", "9" * 40 + "s", "1d" * 20 + "36500d"])
def test_a_too_long_duration_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is too long"):
        parse_duration(text)


@given(st.text(alphabet="0123456789smhdwSMHDWy -.\n", max_size=60))
def test_any_text_is_parsed_or_a_usage_error(text: str) -> None:
    try:
        assert timedelta(0) <= parse_duration(text) <= MAX_DURATION
    except UsageError as error:
        assert error.hint
