"""A test must expect the warnings that it causes."""

import logging

import pytest

from tests.expected_warnings import ExpectedWarnings


@pytest.fixture
def watch() -> ExpectedWarnings:
    """A separate instance, whose problems don't fail the test."""
    return ExpectedWarnings()


def log(watch: ExpectedWarnings, text: str) -> None:
    watch.emit(logging.LogRecord("ffmate.task", logging.WARNING, "", 0, text, None, None))


def test_an_unexpected_line_is_a_problem(watch: ExpectedWarnings) -> None:
    log(watch, "disk is full")
    assert watch.problems() == ["unexpected log line: WARNING ffmate.task: disk is full"]


def test_an_expected_line_must_be_logged(watch: ExpectedWarnings) -> None:
    watch.expect("disk is .ull")
    assert watch.problems() == ["never logged: disk is .ull"]
    log(watch, "disk is full")
    assert watch.problems() == []


def test_an_allowed_line_may_be_missing(watch: ExpectedWarnings) -> None:
    watch.allow("full")
    assert watch.problems() == []
    log(watch, "disk is full")
    assert watch.problems() == []


def test_warnings_of_any_logger_are_seen(expected_warnings: ExpectedWarnings) -> None:
    expected_warnings.expect("^ERROR a-library: once")
    logging.getLogger("a-library").error("once")
    logging.getLogger("a-library").info("not seen")
