"""The --debug rules that select log lines."""

import io
import logging
from collections.abc import Iterator

import pytest

from ffmate_desktop import logs
from ffmate_desktop.logs import DebugRules

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}


def shown(rules: str, name: str) -> bool:
    level, _, topic = name.partition(":")
    logger = ".".join(["ffmate", *([topic] if topic else [])])
    return DebugRules(rules).filter(logging.LogRecord(logger, LEVELS[level], "", 0, "text", (), None))


@pytest.mark.parametrize(
    ("rules", "matching", "others"),
    [
        ("*", ["info:task", "debug", "error:cluster"], []),
        ("info:cluster", ["info:cluster"], ["info:task", "info", "warn:cluster"]),
        ("*:task", ["info:task", "debug:task"], ["info:cluster", "info"]),
        ("info:?", ["info", "info:task"], ["warn:task"]),
        ("info:*", ["info", "info:task"], ["debug:task"]),
        ("*,-debug:?", ["info:task", "error"], ["debug:task", "debug"]),
        ("-debug:?,*", ["debug:task"], []),
        ("info:cluster, *:task", ["info:cluster", "warn:task"], ["warn:cluster"]),
        ("", [], ["error", "info:task"]),
    ],
)
def test_the_last_matching_rule_decides(rules: str, matching: list[str], others: list[str]) -> None:
    assert [name for name in matching if not shown(rules, name)] == []
    assert [name for name in others if shown(rules, name)] == []


@pytest.fixture
def restored_handlers() -> Iterator[None]:
    before, propagate, level = logs.root.handlers[:], logs.root.propagate, logs.root.level
    yield
    logs.root.handlers[:], logs.root.propagate = before, propagate
    logs.root.setLevel(level)


@pytest.mark.usefixtures("restored_handlers")
def test_a_line_shows_its_namespace() -> None:
    stream = io.StringIO()
    logs.configure("info:cluster", stream)
    logs.cluster.info("Node %s joined", "a")
    logs.task.info("not shown")
    assert stream.getvalue().endswith("info:cluster  Node a joined\n")
    assert "not shown" not in stream.getvalue()
