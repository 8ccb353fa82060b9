"""The rule that a test announces the warnings it causes."""

import logging
from typing import Protocol

import pytest


class ExpectedWarnings(Protocol):
    """The fixture, as seen from here."""

    def announce(self, pattern: str) -> None: ...
    def allow(self, pattern: str) -> None: ...
    def verdict(self) -> list[str]: ...
    def emit(self, record: logging.LogRecord) -> None: ...


@pytest.fixture
def watch(expected_warnings: ExpectedWarnings) -> ExpectedWarnings:
    """One of our own, which no test is judged by."""
    return type(expected_warnings)()


def say(watch: ExpectedWarnings, text: str) -> None:
    watch.emit(logging.LogRecord("ffmate.task", logging.WARNING, "", 0, text, None, None))


def test_a_line_that_nobody_announced_is_a_problem(watch: ExpectedWarnings) -> None:
    say(watch, "disk is full")
    assert watch.verdict() == ["unexpected log line: WARNING ffmate.task: disk is full"]


def test_an_announced_line_is_none_but_must_come(watch: ExpectedWarnings) -> None:
    watch.announce("disk is .ull")
    assert watch.verdict() == ["never logged: disk is .ull"]
    say(watch, "disk is full")
    assert watch.verdict() == []


def test_an_allowed_line_may_stay_away(watch: ExpectedWarnings) -> None:
    watch.allow("full")
    assert watch.verdict() == []
    say(watch, "disk is full")
    assert watch.verdict() == []


def test_warnings_of_any_logger_are_seen(expected_warnings: ExpectedWarnings) -> None:
    expected_warnings.announce("^ERROR somebody: once")
    logging.getLogger("somebody").error("once")
    logging.getLogger("somebody").info("not seen")
