"""The queue as a list on the real server: every order and filter against the same list sorted by Python."""

import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from ffmate_desktop.db import claims, leases
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.queries import all_queries
from ffmate_desktop.domain.queue import (
    LAST_NUMBER,
    NO_BATCH,
    QueueFilter,
    QueueQuery,
    QueueRow,
    SortColumn,
    WorkLeft,
)
from ffmate_desktop.domain.task import LiveProgress, Outcome, TaskStatus
from ffmate_desktop.domain.task_facts import ProbedMedia, TaskFacts
from ffmate_desktop.services.queue import QueueService
from tests.db.cluster import add, joined, row

pytestmark = pytest.mark.db
BATCH = uuid4()


async def fill(database: Database, number: int) -> None:
    """Tasks of every status, with equal and different priorities, names and ends, some of them in a batch."""
    async with database.transaction() as connection:
        requirement = await connection.fetchval(
            "INSERT INTO ffmate.requirement_sets (labels) VALUES ('{gpu}') RETURNING id"
        )
        await connection.execute(
            "INSERT INTO ffmate.tasks (uuid, name, requirement_set, source, spec, priority, batch, node_name,"
            " preset_name, error, result, status, started_at, finished_at)"
            " SELECT gen_random_uuid(), CASE WHEN n % 2 = 0 THEN 'Film ' ELSE 'clip_' END || n % 40 || '.mov', $1,"
            "  'cli',"
            "  jsonb_build_object('input', '/in/' || n || '%.mov', 'output', '/out/' || n), n % 5,"
            "  CASE WHEN n % 10 = 3 THEN $2::uuid END, CASE WHEN s.status <> 'QUEUED' THEN 'node-' || n % 3 END,"
            "  CASE WHEN n % 4 = 0 THEN 'H.264' END, CASE WHEN s.status = 'DONE_ERROR' THEN E'No.\nline' END,"
            "  jsonb_build_object('facts', jsonb_build_object('input', jsonb_build_object('duration', 10))),"
            "  s.status, clock_timestamp() - interval '1 hour',"
            "  CASE WHEN s.status LIKE 'DONE%' THEN date_trunc('second', now()) - n % 50 * interval '1 minute' END"
            " FROM generate_series(1, $3::integer) AS n"
            " CROSS JOIN LATERAL (SELECT (ARRAY['QUEUED', 'DONE_SUCCESSFUL', 'DONE_ERROR', 'DONE_CANCELED',"
            "  'RUNNING', 'DONE_SUCCESSFUL', 'QUEUED'])[1 + n % 7] AS status) AS s",
            requirement,
            BATCH,
            number,
        )
        await connection.execute("ANALYZE ffmate.tasks")


@pytest.fixture
def queue(database: Database) -> QueueService:
    return QueueService(database)


async def everything(queue: QueueService, query: QueueQuery, limit: int = 83) -> list[QueueRow]:
    """The whole view, a page at a time."""
    found: list[QueueRow] = []
    while page := await queue.page(query, after=found[-1].key if found else None, limit=limit):
        found += page
    return found


SORT: dict[SortColumn, Callable[[QueueRow], Any]] = {
    SortColumn.CREATED: lambda row: row.id,
    SortColumn.PRIORITY: lambda row: (row.priority, -row.id),
    SortColumn.FINISHED: lambda row: (row.finished or LAST_NUMBER, row.id),
    SortColumn.NAME: lambda row: (row.name.lower(), row.id),
}
QUEUED = frozenset({TaskStatus.QUEUED})
FILTERS: list[tuple[QueueFilter, Callable[[QueueRow], bool]]] = [
    (QueueFilter(), lambda row: True),
    (QueueFilter(statuses=QUEUED), lambda row: row.status is TaskStatus.QUEUED),
    (
        QueueFilter(statuses=frozenset({TaskStatus.DONE_ERROR, TaskStatus.RUNNING}), node="node-1"),
        lambda row: row.status in ("DONE_ERROR", "RUNNING") and row.node == "node-1",
    ),
    (QueueFilter(batch=BATCH), lambda row: row.batch == BATCH),
    (QueueFilter(text="cLiP_1"), lambda row: "clip_1" in row.name),
    (QueueFilter(text="17%"), lambda row: "17%" in row.input),
    (QueueFilter(text="h.264"), lambda row: row.preset is not None),
]


@pytest.mark.parametrize("column", SortColumn)
@pytest.mark.parametrize("number", range(len(FILTERS)))
async def test_every_view_is_read_in_order_in_both_directions(
    database: Database, queue: QueueService, column: SortColumn, number: int
) -> None:
    await fill(database, 700)
    where, fits = FILTERS[number]
    rows = await queue.rows(range(1, 701))
    for descending in (True, False):
        query = QueueQuery(column, descending, where)
        expected = sorted(filter(fits, rows), key=SORT[column], reverse=descending)
        assert expected
        found = await everything(queue, query)
        assert [row.id for row in found] == [row.id for row in expected]
        middle = len(found) // 2
        before = await queue.page(query, before=found[middle].key, limit=20)
        assert before == found[max(0, middle - 20) : middle]
        assert await queue.page(query, before=found[0].key) == []
        anchors = await queue.anchors(query, 50)
        assert anchors == [row.key for row in found[::50]]
        assert await queue.page_at(query, anchors[-1], 50) == found[50 * (len(anchors) - 1) :][:50]
        assert await queue.position(query, found[middle].key) == middle
    counted = await queue.counts(where)
    statuses = where.statuses
    assert sum(counted[status] for status in statuses if status in counted) == len(expected)


async def test_a_row_contains_what_is_known(
    database: Database, database_uri: str, queue: QueueService
) -> None:
    [uuid] = await add(database, row("a.mov", priority=3, labels=("gpu",)))
    async with joined(database_uri) as node:
        [claim] = await claims.claim(database, node.id, 1)
        live = LiveProgress(claim.id, claim.epoch, 42.5, remaining=9, fps=25, speed=1.5, size=1000, frame=7)
        await leases.beat(node.connection, node.id, 15, [live])
        [shown] = await queue.page(QueueQuery())
        assert (shown.uuid, shown.status, shown.node, shown.attempts) == (uuid, TaskStatus.RUNNING, "a", 1)
        assert (shown.progress, shown.remaining, shown.fps, shown.speed, shown.size) == (
            42.5,
            9,
            25,
            1.5,
            1000,
        )
        assert (shown.input, shown.output, shown.labels) == ("/in.mov", "/out.mp4", ("gpu",))
        failed = Outcome(TaskStatus.DONE_ERROR, 50, "It broke.\nline", TaskFacts(output="/real.mp4", size=12))
        await claims.finish_tasks(database, node.id, [(claim, failed)])
        [ended] = await queue.rows([shown.id])
    assert (ended.progress, ended.fps, ended.size, ended.output) == (50, None, 12, "/real.mp4")
    assert ended.error == "It broke."
    assert ended.version > shown.version
    assert ended.finished is not None
    assert await queue.rows([]) == await queue.rows([12345]) == []


async def test_batches_are_as_far_as_their_tasks(
    database: Database, database_uri: str, queue: QueueService
) -> None:
    first, gone = uuid4(), uuid4()
    await add(database, *(row(str(number)) for number in range(4)), batch=first)
    async with joined(database_uri) as node:
        done, running = await claims.claim(database, node.id, 2)
        await leases.beat(node.connection, node.id, 15, [LiveProgress(running.id, running.epoch, 60)])
        await claims.finish_tasks(database, node.id, [(done, Outcome(TaskStatus.DONE_SUCCESSFUL, 100))])
        [batch] = await queue.batches([first, gone])
        [group] = await queue.newest_batches()
        await add(database, row("alone"))
        [alone] = await queue.batches([NO_BATCH])
        assert (alone.uuid, alone.total, alone.elapsed, alone.remaining) == (NO_BATCH, 1, None, None)
        assert len(await queue.tasks_of([first, NO_BATCH])) == 5
        assert await queue.newest_batches(10, group) == []
    assert (group.name, group.state.by_status) == ("0", batch.by_status)
    assert batch.elapsed is not None
    assert batch.remaining == batch.elapsed * 60 / 40
    assert (batch.uuid, batch.total, batch.progress) == (first, 4, 40)
    assert batch.by_status == {"DONE_SUCCESSFUL": 1, "RUNNING": 1, "QUEUED": 2}


async def test_figures(database: Database, database_uri: str, queue: QueueService) -> None:
    midnight = datetime.now(UTC) - timedelta(minutes=30)
    empty = await queue.stats(midnight)
    assert (empty.running, empty.slots, empty.remaining, empty.finished_today) == (0, 0, 0, 0)
    await add(database, row("a"), row("b"), row("c"))
    assert (await queue.stats(midnight)).remaining is None  # no data on how long such tasks take
    async with joined(database_uri) as node:
        first, second = await claims.claim(database, node.id, 2)
        film = TaskFacts(media=ProbedMedia({"duration": 90.5}))
        await claims.finish_tasks(
            database, node.id, [(first, Outcome(TaskStatus.DONE_SUCCESSFUL, 100, facts=film))]
        )
        live = LiveProgress(second.id, second.epoch, 50, remaining=100, fps=30)
        await leases.beat(node.connection, node.id, 15, [live])
        busy = await queue.stats(midnight)
        await claims.finish_tasks(database, node.id, [(second, Outcome(TaskStatus.DONE_ERROR, 50, "No."))])
        tomorrow = await queue.stats(midnight + timedelta(hours=24))
    assert (busy.running, busy.slots, busy.nodes_working, busy.fps) == (1, 3, 1, 30)
    assert (busy.finished_today, busy.video_seconds_today, busy.failed_24h) == (1, 90.5, 0)
    assert busy.remaining == 100
    assert (tomorrow.finished_today, tomorrow.failed_24h) == (0, 1)


def test_what_is_left_is_shared_by_the_slots() -> None:
    assert WorkLeft(running=100, longest=60, queued=500).seconds(6) == 100
    assert WorkLeft(running=100, longest=60, queued=0).seconds(6) == 60
    assert WorkLeft(running=0, longest=0, queued=None).seconds(6) is None
    assert WorkLeft(running=0, longest=0, queued=9).seconds(0) is None


MAXIMUM = str(LAST_NUMBER)
INDEXES = {
    "created_down": ("tasks_status", [f"{LAST_NUMBER}", "200"]),
    "created_up": ("tasks_status", ["0", "200"]),
    "queued_down": ("tasks_order", [MAXIMUM, MAXIMUM, "200"]),
    "queued_up": ("tasks_order", [f"-{MAXIMUM}", "0", "200"]),
    "finished_down": ("tasks_finished", [MAXIMUM, MAXIMUM, "200"]),
    "finished_up": ("tasks_finished", ["0", "0", "200"]),
}


@pytest.mark.parametrize("name", INDEXES)
async def test_a_page_reads_no_more_than_it_shows(database: Database, name: str) -> None:
    """Also with a plan that was made without knowing what is asked for."""
    await fill(database, 20_000)
    index, arguments = INDEXES[name]
    statuses = "QUEUED,DONE_SUCCESSFUL" if name.startswith("created") else "QUEUED,DONE_SUCCESSFUL,DONE_ERROR"
    async with database.transaction() as connection:
        await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await connection.execute(f"PREPARE page AS {all_queries()['queue.' + name]}")
        values = ", ".join([f"'{{{statuses}}}'", "NULL", "NULL", *arguments])
        [[explained]] = await connection.fetch(
            f"EXPLAIN (ANALYZE, FORMAT JSON, TIMING off) EXECUTE page ({values})"
        )
        await connection.execute("DEALLOCATE page")
    plan = (explained if isinstance(explained, list) else json.loads(explained))[0]["Plan"]
    nodes = list(walk(plan))
    assert index in {node.get("Index Name") for node in nodes}
    read = sum(
        node["Actual Rows"] * node["Actual Loops"] + node.get("Rows Removed by Filter", 0)
        for node in nodes
        if node.get("Relation Name") == "tasks"
    )
    assert plan["Actual Rows"] == 200
    assert read <= 200 * (1 + len(statuses.split(","))), json.dumps(plan, indent=1)


def walk(plan: dict[str, Any]) -> "itertools.chain[dict[str, Any]]":
    return itertools.chain([plan], *(walk(child) for child in plan.get("Plans", [])))


async def test_batch_rows_are_found_by_their_index(database: Database) -> None:
    await fill(database, 20_000)
    async with database.transaction() as connection:
        await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await connection.execute(f"PREPARE page AS {all_queries()['queue.sorted_up']}")
        missing = UUID(int=1)
        [[plan]] = await connection.fetch(
            "EXPLAIN (ANALYZE, FORMAT JSON, TIMING off) EXECUTE page"
            f" ('{{QUEUED}}', NULL, NULL, '{missing}', 'name', 0, '', 0, 200)"
        )
        await connection.execute("DEALLOCATE page")
    read = list(walk((plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"]))
    assert not any(node["Actual Rows"] for node in read if node.get("Relation Name") == "tasks")
