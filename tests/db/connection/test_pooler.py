"""Poolers: one that hands out sessions works, one that hands out transactions or statements is refused in words."""

import sys

import pytest

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.health import check_for_node, check_health
from ffmate_desktop.db.migrate import update_schema
from ffmate_desktop.domain.errors import UserError
from tests.db.connection.bouncer import needs_pgbouncer, open_bouncer

pytestmark = [
    pytest.mark.db,
    needs_pgbouncer,
    pytest.mark.skipif(
        sys.platform == "win32",
        reason="these tests reach the server through its Unix socket, which it lacks on Windows",
    ),
]

REMEDY = "the one without “-pooler”.*at Supabase, port 5432 instead of 6543.*pool_mode = session"


@pytest.mark.parametrize("mode", ["transaction", "statement"])
@pytest.mark.parametrize("robin", [0, 1])
async def test_a_transaction_pooler_is_refused_by_every_command(
    database_uri: str, mode: str, robin: int
) -> None:
    async with open_bouncer(database_uri, mode, server_round_robin=robin, min_pool_size=3) as uri:
        for attempt in (Database(uri).open, lambda: check_for_node(uri), lambda: check_health(uri)):
            with pytest.raises(UserError, match=f"in transaction or statement mode.*{REMEDY}"):
                await attempt()


@pytest.mark.parametrize("mode", ["transaction", "statement"])
async def test_also_when_prepared_statements_work_through_it(database_uri: str, mode: str) -> None:
    async with open_bouncer(database_uri, mode, server_reset_query_always=1) as uri:
        with pytest.raises(UserError, match="in transaction or statement mode"):
            await check_for_node(uri)


async def test_a_session_pooler_works(database_uri: str) -> None:
    async with open_bouncer(database_uri, "session") as uri:
        health = await check_health(uri)
        assert health.pooled
        assert 0 < health.delivery < 3
        async with Database(uri) as database:
            assert await update_schema(database) == 0


async def test_a_pooler_that_keeps_sessions_would_keep_the_locks_of_the_dead(database_uri: str) -> None:
    async with open_bouncer(database_uri, "session", server_reset_query="") as uri:
        with pytest.raises(
            UserError, match=r"keeps sessions open after clients leave.*server_reset_query = DISCARD"
        ):
            await check_for_node(uri)


async def test_a_pooler_with_one_session_is_too_small(
    database_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ffmate_desktop.db.connection.session.CONNECT_TIMEOUT", 2.0)
    async with open_bouncer(database_uri, "session", default_pool_size=1) as uri:
        with pytest.raises(UserError, match=r"provided no second session in time.*default_pool_size"):
            await check_for_node(uri)


async def test_a_parameter_that_the_pooler_does_not_take_is_named(database_uri: str) -> None:
    async with open_bouncer(database_uri, "session") as uri:
        with pytest.raises(UserError, match=r"pooler at .* rejects a parameter .*options.* Remove it"):
            await Database(f"{uri}&options=-c%20geqo%3Doff").open()
