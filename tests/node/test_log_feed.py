"""The log of the cluster: sent in batches, bounded during an outage, cleaned up, and never about itself."""

import asyncio
import logging
from datetime import timedelta

import pytest

from ffmate_desktop import logs
from ffmate_desktop.db import node_logs
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.listener import changes
from ffmate_desktop.domain.change import LogsChanged
from ffmate_desktop.domain.node_log import LogFilter, LogLevel, NewLogLine
from ffmate_desktop.node import log_feed
from ffmate_desktop.node.log_feed import LogFeed, receiving_logs, without_passwords
from ffmate_desktop.services.node_logs import NodeLogService
from tests.expected_warnings import ExpectedWarnings
from tests.node.waiting import until

pytestmark = pytest.mark.db

RULES = "info:*,warn:*,error:*"


@pytest.fixture(autouse=True)
def everything_is_logged() -> "object":
    before = logs.root.level
    logs.root.setLevel(logging.DEBUG)
    yield
    logs.root.setLevel(before)


async def test_lines_are_sent_with_their_level_and_topic(
    database: Database, expected_warnings: ExpectedWarnings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_feed, "INTERVAL", 0.01)
    expected_warnings.expect("no disk")
    reader = NodeLogService(database)
    with receiving_logs(LogFeed(RULES)) as feed:
        logs.cluster.info("before it runs, postgresql://me:geheim@host/db")
        async with changes(database.uri) as news:
            running = asyncio.create_task(feed.run(database, "a", lambda: 7))
            logs.task.debug("not asked for")
            await asyncio.to_thread(logs.root.error, "no disk")
            seen: list[str] = []
            while len(seen) < 2:
                change = await asyncio.wait_for(news.get(), 20)
                assert isinstance(change, LogsChanged)
                lines = await reader.between(LogFilter(), change.first, change.last)
                seen += [line.message for line in lines]
        running.cancel()
        await asyncio.wait([running])
    first, second = await reader.page(LogFilter())
    assert (first.node, first.level, first.namespace) == ("a", LogLevel.INFO, "cluster")
    assert first.message == "before it runs, postgresql://me:***@host/db"
    assert (second.level, second.namespace, second.message) == (LogLevel.ERROR, "", "no disk")
    assert seen == [first.message, second.message]
    assert await reader.sources() == (["a"], ["", "cluster"])


async def test_no_notification_is_sent_without_a_viewer(database: Database) -> None:
    async with database.transaction() as connection:
        notifications: list[object] = []
        await connection.add_listener("ffmate", lambda *words: notifications.append(words[3]))
        await node_logs.add(database, "a", 1, [NewLogLine(1, LogLevel.INFO, "", "x")])
        await connection.fetch("SELECT 1")
        await connection.reset()
    assert notifications == []


async def test_it_does_not_feed_itself_and_survives_an_outage(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_feed, "INTERVAL", 0.01)
    monkeypatch.setattr(log_feed, "MAX_WAITING_LINES", 3)
    away = Database("postgresql://127.0.0.1:1/nowhere")  # never opened: every query fails
    with receiving_logs(LogFeed("debug:*,info:*")) as feed:
        running = asyncio.create_task(feed.run(away, "a", lambda: 7))
        for number in range(5):
            logs.cluster.info("line %d", number)
            await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.wait([running])
        await feed.flush_now(away, "a", 7)
        await feed.flush_now(database, "a", 7)
    lines = [line.message for line in await NodeLogService(database).page(LogFilter(level=LogLevel.DEBUG))]
    assert lines == ["2 lines are missing here: the database was away", "line 2", "line 3", "line 4"]


async def test_pages_go_backwards_and_are_filtered(database: Database) -> None:
    lines = [
        NewLogLine(n, LogLevel.WARN if n % 3 == 0 else LogLevel.INFO, "task" if n % 2 else "", f"50% of {n}")
        for n in range(30)
    ]
    await node_logs.add(database, "a", 1, lines[:20])
    await node_logs.add(database, "b", 2, lines[20:])
    reader = NodeLogService(database)
    newest = await reader.page(LogFilter(), limit=10)
    assert [line.message for line in newest] == [f"50% of {n}" for n in range(20, 30)]
    older = await reader.page(LogFilter(), before=newest[0].id, limit=100)
    assert [line.at for line in older] == [1000 * n for n in range(20)]
    found = await reader.page(
        LogFilter(frozenset({"a"}), LogLevel.WARN, frozenset({"task"}), "50% OF 1"), limit=100
    )
    assert [line.message for line in found] == ["50% of 15"]


async def test_old_and_surplus_lines_are_removed_by_one_node_at_a_time(database: Database) -> None:
    await node_logs.add(database, "a", 1, [NewLogLine(n, LogLevel.INFO, "", str(n)) for n in range(10)])
    week = timedelta(days=7)
    async with database.transaction() as connection:
        await connection.fetch("SELECT pg_advisory_xact_lock(1717988705, 4)")
        assert await node_logs.forget(database, week, 4) == 0
        await connection.execute(
            "UPDATE ffmate.node_logs SET stored_at = stored_at - interval '8 days' WHERE id <= 2"
        )
    assert await node_logs.forget(database, week, 100) == 2
    assert await node_logs.forget(database, week, 4) == 4
    assert [line.message for line in await NodeLogService(database).page(LogFilter())] == list("6789")


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("postgres://u:p@ss/w#rd@h/d?x=1 failed", "postgres://u:***@h/d?x=1 failed"),
        ("postgresql://u@h/d?password=geheim&a=b", "postgresql://u@h/d?password=***&a=b"),
        ("nothing secret: http://host:80/a", "nothing secret: http://host:80/a"),
    ],
)
def test_passwords_are_never_shipped(text: str, clean: str) -> None:
    assert without_passwords(text) == clean


async def test_a_node_ships_its_own_lines(database: Database) -> None:
    feed = LogFeed(RULES)
    with receiving_logs(feed):
        logs.cluster.info("hello")
        running = asyncio.create_task(feed.run(database, "a", lambda: 1))
        reader = NodeLogService(database)

        async def arrived() -> bool:
            return [line.message for line in await reader.page(LogFilter())] == ["hello"]

        await until(arrived, "the line is there")
        running.cancel()
        await asyncio.wait([running])
