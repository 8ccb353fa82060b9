"""Connections: every way to fail gets its own sentence, and passwords never show."""

import socket
from pathlib import Path

import asyncpg
import pytest

from ffmate_desktop.db.connection import start_checks
from ffmate_desktop.db.connection.address import Host
from ffmate_desktop.db.connection.connect_errors import connect_error
from ffmate_desktop.db.connection.connection import Database, connect, native, storable
from ffmate_desktop.db.connection.session import NoServerError
from ffmate_desktop.db.connection.uri import parse
from ffmate_desktop.db.health import check_health
from ffmate_desktop.db.queries import Sql, all_queries, query
from ffmate_desktop.domain.errors import UsageError, UserError
from tests.node.proxy import open_proxy
from tests.node.waiting import until

pytestmark = pytest.mark.db


def with_database(uri: str, name: str) -> str:
    before, _, options = uri.partition("?")
    return f"{before.rpartition('/')[0]}/{name}?{options}"


async def test_a_missing_database_is_named(postgres_uri: str) -> None:
    with pytest.raises(UserError, match="has no database “nowhere”"):
        await connect(with_database(postgres_uri, "nowhere"))


async def test_an_unknown_user_is_named(postgres_uri: str) -> None:
    with pytest.raises(UserError, match="refused the user “stranger”"):
        await connect(postgres_uri.replace("//ffmate@", "//stranger@"))


async def test_a_closed_port_and_an_unknown_host_are_reported() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))  # bound but not listening: no answer comes from there
        port = listener.getsockname()[1]
        with pytest.raises(UserError, match=f"No database answers at 127.0.0.1:{port}: connection refused"):
            await connect(f"postgresql://a:secret@127.0.0.1:{port}/x")
    with pytest.raises(UserError, match=r"No database answers at nowhere\.invalid:5432"):
        await connect("postgresql://a@nowhere.invalid/x")


@pytest.mark.parametrize(
    "uri", ["mysql://a/b", "host=a dbname=b", "postgresql://a:b#c@host:99x/x", "postgresql://host:port/x", ""]
)
async def test_an_invalid_address_is_a_usage_error(uri: str) -> None:
    with pytest.raises(UsageError, match="looks like postgresql://user:password@host") as caught:
        await connect(uri)
    assert "b#c" not in str(caught.value)


@pytest.mark.parametrize("code", ["57P03", "42501", "28000", "XX000"])
async def test_a_long_message_of_the_server_stays_one_line(postgres_uri: str, code: str) -> None:
    """As a standby does that is just starting: “DETAIL: Consistent recovery state has not been yet reached.”"""
    raising = f"DO $$ BEGIN RAISE EXCEPTION 'pg_hba says no' USING DETAIL = 'why', ERRCODE = '{code}'; END $$"
    connection = await asyncpg.connect(postgres_uri)  # asyncpg's own connection: ours translate notifications
    with pytest.raises(asyncpg.PostgresError, match="DETAIL") as caught:
        await connection.execute(raising)
    await connection.close()
    address = parse("postgresql://u@one,two/d")
    failures: list[tuple[Host, BaseException]] = [(host, caught.value) for host in address.hosts]
    for error in (caught.value, NoServerError(failures)):
        assert "\n" not in connect_error(address, error).message


async def test_a_server_that_is_too_old_is_refused(
    postgres_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start_checks, "MINIMUM_SERVER", 99)  # the real server is then an old one
    with pytest.raises(UserError, match="needs version 99 or newer"):
        await Database(postgres_uri).open()


def test_any_file_name_survives_storing() -> None:
    for name in (bytes(range(1, 256)).decode("utf-8", "surrogateescape"), "ümläut 🎬", "plain"):
        stored = storable(name)
        stored.encode()
        assert native(stored) == name
    assert storable("a\0b") == "a�b"


async def test_invalid_json_can_be_stored(database: Database) -> None:
    """NaN and infinity have no form in JSON, and half a character none in PostgreSQL."""
    odd = {"rate": float("nan"), "length": float("inf"), "title": "a\ud800b\0", "name": "\udcff"}
    [row] = await database.fetch(Sql("SELECT $1::jsonb"), odd)
    assert row[0] == {"rate": None, "length": None, "title": "a\ufffdb\ufffd", "name": "\udcff"}
    [row] = await database.fetch(Sql("SELECT $1::jsonb"), {"rate": float("nan"), "title": "a\0"})
    assert row[0] == {"rate": None, "title": "a\ufffd"}


async def test_a_broken_transaction_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO ffmate.requirement_sets (labels) VALUES ('{x}')")
            raise ZeroDivisionError
    assert await database.fetch(query("tasks", "find_requirement_set"), ["x"]) == []


async def test_the_health_of_a_good_database(database_uri: str) -> None:
    health = await check_health(database_uri)
    assert 0 < health.delivery < 3
    assert health.local
    assert not health.pooled
    assert health.may_migrate
    assert health.missing_rights == ()


async def test_missing_rights_are_named(database_uri: str) -> None:
    owner = await connect(database_uri)
    await owner.execute("CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA ffmate TO reader")
    await owner.execute("GRANT SELECT ON ALL TABLES IN SCHEMA ffmate TO reader")
    try:
        health = await check_health(database_uri.replace("//ffmate@", "//reader@"))
        assert "tasks (INSERT, UPDATE, DELETE)" in health.missing_rights
        assert not health.may_migrate
    finally:
        await owner.execute("DROP OWNED BY reader; DROP ROLE reader")
        await owner.close()


def test_every_statement_says_what_it_is_for() -> None:
    """A name that explains itself, or a comment that says why the statement is right."""
    assert len(all_queries()) > 30
    assert all(name.count(".") == 1 and sql.endswith(";") for name, sql in all_queries().items())


async def test_a_slow_line_is_not_taken_for_a_server_without_notifications(
    database_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that loses packets: the notification comes late, and before the answer to the next question."""
    monkeypatch.setattr(start_checks, "DELIVERY_SECONDS", 0.1)
    async with open_proxy(database_uri) as proxy:
        proxy.delay = 0.15
        health = await check_health(proxy.uri)
        proxy.delay = 0.0
        await until(lambda: not proxy.connections, "nothing is under way")
    assert health.delivery > 0.1


async def test_a_missing_file_of_the_program_is_not_a_network_error(
    postgres_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> Sql:
        return Sql(Path("/nowhere/checks.sql").read_text())

    monkeypatch.setattr("ffmate_desktop.db.connection.session.query", gone)
    with pytest.raises(FileNotFoundError):
        await Database(postgres_uri).open()
