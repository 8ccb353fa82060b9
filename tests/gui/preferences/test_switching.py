"""Moving to another database while the window is open: running work, what cannot be reached, and passwords."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from ffmate_desktop.bootstrap.cluster import open_cluster
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.node import NodeState
from ffmate_desktop.domain.task import NewTask, TaskStatus
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.gui.preferences.dialog import SettingsDialog
from ffmate_desktop.gui.preferences.switching import Answer
from ffmate_desktop.services.cluster_services import WindowServices
from ffmate_desktop.services.nodes import NodeService
from ffmate_desktop.services.passwords import split_password
from ffmate_desktop.settings.preferences import Preferences
from ffmate_desktop.settings.table import DATABASE, Settings
from tests.db.connection.bouncer import needs_pgbouncer, open_bouncer
from tests.end_to_end.scram import Scram, open_scram
from tests.expected_warnings import ExpectedWarnings
from tests.gui.desk import click
from tests.gui.office import Office, open_office
from tests.node.farm import ENCODE, LONG, ffmpegs
from tests.node.waiting import until

SHORT = f"-re {ENCODE}"
PASSWORD = "recognise-me-4Kd"


def ask_for(office: Office, address: str) -> SettingsDialog:
    """The dialog with this address in it, and Save pressed."""
    dialog = office.open()
    dialog.show_section(1)
    dialog.cluster.server.setChecked(True)
    dialog.cluster.address.setText(address)
    click(dialog.save)
    return dialog


async def states(uri: str) -> dict[str, NodeState]:
    """Every node that a database remembers."""
    async with Database(uri) as database:
        return {node.identifier: node.state for node in await NodeService(database).all()}


# -- Running work ------------------------------------------------------------------------------------------------


async def test_from_the_embedded_queue_to_a_server_and_back_with_each_answer(
    empty_database: str, tmp_path: Path, clip: Path
) -> None:
    """One walk, since an embedded database takes its time to be made."""
    async with open_office(None, tmp_path / "data") as office:
        desk, embedded = office.desk, office.services
        long = await desk.add(clip, LONG)
        row = await desk.shown(long, TaskStatus.RUNNING)
        dialog = ask_for(office, empty_database)
        click((await office.question()).buttons[Answer.STAY])
        await until(dialog.save.isEnabled, "the dialog is as it was")
        assert office.window.services is embedded
        assert (await desk.shown(long, TaskStatus.RUNNING)).epoch == row.epoch  # not even touched

        click(dialog.save)
        click((await office.question()).buttons[Answer.NOW])
        await office.closed()
        server = await office.switched(embedded)
        assert server.address.startswith("postgresql://")
        assert desk.page.model.rowCount() == 0  # what was shown before is gone
        assert "ffmate" in office.window.status.database.text()
        assert office.window.isVisible()
        assert await states(empty_database) == {"desk": NodeState.ONLINE}
        await until(lambda: ffmpegs() == [], "nothing encodes here")
        async with open_cluster(office.setup.settings.with_preferences(NONE)) as former:
            assert (await former.tasks.get([long]))[0].status is TaskStatus.QUEUED
            assert [node.state for node in await former.nodes.all()] == [NodeState.LEFT]
        new = await _add(server, clip)
        await desk.shown(new, TaskStatus.DONE_SUCCESSFUL)  # its news are heard, its work is done

        dialog = office.open()
        assert dialog.cluster.server.isChecked()
        dialog.cluster.embedded.setChecked(True)
        click(dialog.save)
        await office.closed()  # nothing runs, so nothing is asked
        again = await office.switched(server)
        await desk.shown(long, TaskStatus.RUNNING)
        assert again.address == ""
        await again.tasks.cancel([long])
        await desk.shown(long, TaskStatus.DONE_CANCELED)
        short = await _add(again, clip, SHORT.replace("-re", "-re -stream_loop 1"))
        await desk.shown(short, TaskStatus.RUNNING)
        ask_for(office, empty_database)
        click((await office.question()).buttons[Answer.FINISH])
        await office.closed()
        await until(
            lambda: "when the running tasks have finished" in office.window.messages.title,
            "the message appears",
        )
        assert office.window.services is again
        last = await office.switched(again)
        assert last.address.startswith("postgresql://")
        await desk.shown(new, TaskStatus.DONE_SUCCESSFUL)
        async with open_cluster(office.setup.settings.with_preferences(NONE)) as former:
            assert (await former.tasks.get([short]))[0].status is TaskStatus.DONE_SUCCESSFUL
        assert office.file.load().preferences.get(DATABASE) == split_password(empty_database)[0]


NONE = Preferences()


async def _add(services: WindowServices, clip: Path, command: str = ENCODE) -> UUID:
    pattern = f"{clip.parent}/${{INPUT_FILE_BASENAME}}.out.mp4"
    new = NewTask(input_file=str(clip), command=command, output_file=pattern)
    return (await services.tasks.add([new], source=TaskSource.CLI)).uuids[0]


async def test_who_waits_may_stay(database_uri: str, empty_database: str, tmp_path: Path, clip: Path) -> None:
    async with open_office(database_uri, tmp_path / "data") as office:
        desk, services = office.desk, office.services
        uuid = await desk.add(clip, LONG)
        await desk.shown(uuid, TaskStatus.RUNNING)
        ask_for(office, empty_database)
        click((await office.question()).buttons[Answer.FINISH])
        await until(lambda: _state(office, NodeState.DRAINING), "it takes nothing new")
        office.window.messages._on_button()
        await until(lambda: _state(office, NodeState.ONLINE), "it goes on")
        assert office.window.services is services
        assert not office.file.path.exists()
        await services.tasks.cancel([uuid])
        await until(lambda: ffmpegs() == [], "nothing runs")


async def _state(office: Office, state: NodeState) -> bool:
    return (await office.own_node()).state is state


async def test_closing_the_window_while_it_waits_ends_it(
    database_uri: str, empty_database: str, tmp_path: Path, clip: Path
) -> None:
    async with open_office(database_uri, tmp_path / "data") as office:
        uuid = await office.desk.add(clip, LONG)
        await office.desk.shown(uuid, TaskStatus.RUNNING)
        ask_for(office, empty_database)
        click((await office.question()).buttons[Answer.FINISH])
        await until(lambda: _state(office, NodeState.DRAINING), "it waits")
    assert ffmpegs() == []
    assert await states(database_uri) == {"desk": NodeState.LEFT}


# -- What cannot be reached --------------------------------------------------------------------------------------


async def test_a_database_that_is_not_there_leaves_everything_as_it_is(
    database_uri: str, tmp_path: Path, clip: Path
) -> None:
    async with open_office(database_uri, tmp_path / "data") as office:
        services = office.services
        dialog = ask_for(office, "postgresql://me@127.0.0.1:1/x")
        await until(lambda: "No database answers at 127.0.0.1:1" in dialog.note.text, "the dialog tells it")
        assert office.window.services is services
        await office.desk.shown(await office.desk.add(clip), TaskStatus.DONE_SUCCESSFUL)
        dialog.reject()


async def test_one_that_goes_away_at_the_last_moment_brings_the_former_back(
    database_uri: str, empty_database: str, tmp_path: Path, clip: Path
) -> None:
    async with open_office(database_uri, tmp_path / "data") as office:
        former, open_services = office.services, office.setup.open_services

        @asynccontextmanager
        async def gone(settings: Settings) -> AsyncIterator[WindowServices]:
            async with open_services(settings) as services:
                if services.address != former.address:
                    raise UserError("It has just gone away.")
                yield services

        office.setup.open_services = gone
        ask_for(office, empty_database)
        await office.switched(former)
        await until(lambda: office.window.messages.title == "It has just gone away.", "the message appears")
        assert office.services.address == former.address
        assert not office.file.path.exists()
        await office.desk.shown(await _add(office.services, clip), TaskStatus.DONE_SUCCESSFUL)


async def test_one_that_goes_away_while_work_is_finished_leaves_the_node_at_work(
    database_uri: str, empty_database: str, tmp_path: Path, clip: Path
) -> None:
    async with open_office(database_uri, tmp_path / "data") as office:
        services, check_settings = office.services, office.setup.check_settings
        uuid = await office.desk.add(clip, LONG)
        await office.desk.shown(uuid, TaskStatus.RUNNING)
        ask_for(office, empty_database)
        question = await office.question()

        @asynccontextmanager
        async def gone(_settings: Settings) -> AsyncIterator[None]:
            if is_gone:
                raise UserError("It went away while you waited.")
            yield

        is_gone = True
        office.setup.check_settings = gone
        click(question.buttons[Answer.FINISH])
        await until(lambda: _state(office, NodeState.DRAINING), "it takes nothing new")
        await services.tasks.cancel([uuid])
        await until(
            lambda: office.window.messages.title == "It went away while you waited.", "the message appears"
        )
        office.setup.check_settings = check_settings
        assert office.window.services is services
        await office.desk.shown(await office.desk.add(clip), TaskStatus.DONE_SUCCESSFUL)


async def test_a_trial_that_hangs_can_be_stopped(
    database_uri: str, tmp_path: Path, expected_warnings: ExpectedWarnings
) -> None:
    # asyncpg forgets the socket of a connection that is cancelled in the moment in which it opens.
    expected_warnings.allow("Future exception was never retrieved")

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with (
        await asyncio.start_server(say_nothing, "127.0.0.1", 0) as silent,
        open_office(database_uri, tmp_path / "data") as office,
    ):
        port = silent.sockets[0].getsockname()[1]
        address = f"postgresql://me@127.0.0.1:{port}/x"
        dialog = office.open()
        dialog.show_section(1)
        dialog.cluster.server.setChecked(True)
        dialog.cluster.address.setText(address)
        click(dialog.cluster.test)
        assert dialog.cluster.result.lines[0][2] == "Connecting …"
        await asyncio.sleep(0.2)
        click(dialog.cluster.test)
        assert dialog.cluster.result.lines == []
        assert dialog.cluster.test.text() == "Test connection"
        click(dialog.save)
        await asyncio.sleep(0.2)
        click(dialog.cancel)  # while it is being tried
        await office.closed()
        await until(lambda: not office.switching.bridge._running, "nothing is under way")
        assert office.services.node.is_working


# -- Trying a connection -----------------------------------------------------------------------------------------


async def tried(office: Office, address: str) -> dict[str, tuple[str, str]]:
    """What the dialog shows of this address: by name the icon and the words."""
    dialog = office.opener.dialog or office.open()
    dialog.show_section(1)
    dialog.cluster.server.setChecked(True)
    dialog.cluster.address.setText(address)
    click(dialog.cluster.test)
    await until(lambda: dialog.cluster.test.text() == "Test connection", "the test is over")
    return {
        name or f"line {n}": (icon, text)
        for n, ((icon, _), name, text) in enumerate(dialog.cluster.result.lines)
    }


async def test_a_good_server_is_described_line_by_line(
    database_uri: str, empty_database: str, tmp_path: Path
) -> None:
    async with open_office(database_uri, tmp_path / "data") as office:
        found = await tried(office, database_uri)
        assert {icon for icon, _ in found.values()} == {"circle-check"}
        assert found["Server"][1].startswith("PostgreSQL 1")
        assert "A query takes" in found["Latency"][1]
        assert "LISTEN works" in found["Notifications"][1]
        assert found["Clock"][1] == "Within a second of this computer's clock."
        assert found["Nodes"][1] == "1 running: desk"
        found = await tried(office, empty_database)
        assert found["Nodes"][1] == "No nodes yet."
        assert "Enough to set up the queue" in found["Rights"][1]
        connection = await asyncpg.connect(empty_database)  # a test changes nothing
        assert await connection.fetchval("SELECT to_regnamespace('ffmate')") is None
        await connection.close()
        assert office.opener.dialog is not None
        office.opener.dialog.reject()


@needs_pgbouncer
async def test_a_pooler_in_transaction_mode_is_explained(database_uri: str, tmp_path: Path) -> None:
    async with (
        open_office(database_uri, tmp_path / "data") as office,
        open_bouncer(database_uri, "transaction") as uri,
    ):
        found = await tried(office, uri)
        assert [icon for icon, _ in found.values()] == ["circle-x", "info"]
        assert "in transaction or statement mode" in found["line 0"][1]
        assert "pool_mode = session" in found["line 1"][1]
        assert office.opener.dialog is not None
        office.opener.dialog.reject()


# -- Passwords ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scram() -> Iterator[Scram]:
    with open_scram(PASSWORD) as opened:
        yield opened


async def test_a_password_is_tried_and_kept_in_the_keyring_and_nowhere_else(
    scram: Scram, database_uri: str, tmp_path: Path, clip: Path
) -> None:
    bare = scram.uri().replace(f":{PASSWORD}", "")
    async with open_office(database_uri, tmp_path / "data", keyring=tmp_path / "keyring.cfg") as office:
        former = office.services
        found = await tried(office, scram.uri(password="wrong"))
        assert found["line 0"][0] == "circle-x"
        assert "password" in found["line 0"][1].lower()
        dialog = office.opener.dialog
        assert dialog is not None
        note = dialog.note
        assert dialog.cluster.address.text() == bare  # taken apart
        assert dialog.cluster.password.text() == "wrong"
        click(dialog.save)
        await until(lambda: "password" in note.text.lower(), "it cannot be saved either")
        dialog.cluster.password.setText(PASSWORD)
        click(dialog.save)
        await office.closed()
        services = await office.switched(former)
        await until(office.file.path.exists, "it is remembered")
        assert json.loads(office.file.path.read_text())["cluster"] == {
            "database": bare,
            "password_kept": True,
        }
        assert await office.setup.keyring.password(bare) == PASSWORD
        await office.desk.shown(await _add(services, clip), TaskStatus.DONE_SUCCESSFUL)
        dialog = office.open()
        assert dialog.cluster.password.text() == ""
        click(dialog.save)  # without typing it again
        await office.closed()
        assert office.window.services is services
        await _look_for_the_password(scram, tmp_path, office)


async def _look_for_the_password(scram: Scram, folder: Path, office: Office) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            assert PASSWORD not in path.read_bytes().decode(errors="replace"), path
    assert PASSWORD not in f"{office.setup!r} {office.setup.plan(office.file.load().preferences, PASSWORD)!r}"
    connection = await asyncpg.connect(scram.uri())
    tables = await connection.fetch("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'ffmate'")
    for table in tables:
        rows = await connection.fetch(f"SELECT t::text AS text FROM ffmate.{table['name']} t")
        assert not [row for row in rows if PASSWORD in row["text"]], table
    await connection.close()


async def test_without_a_keyring_the_password_holds_until_the_end_and_that_is_said(
    scram: Scram, database_uri: str, tmp_path: Path
) -> None:
    bare = scram.uri().replace(f":{PASSWORD}", "")
    async with open_office(database_uri, tmp_path / "data") as office:
        former = office.services
        dialog = ask_for(office, scram.uri())
        assert "has no keyring" in dialog.cluster.password_note.text
        services = await office.switched(former)
        await until(
            lambda: office.window.messages.title.startswith("This window now uses"), "the message appears"
        )
        assert "isn't saved" in office.window.messages._text.text()
        assert json.loads(office.file.path.read_text())["cluster"] == {
            "database": bare,
            "password_kept": False,
        }
        dialog = office.open()
        dialog.node.labels.setText("gpu")  # another node on the same server, with the password of before
        click(dialog.save)
        await office.closed()
        await office.switched(services)
        await _look_for_the_password(scram, tmp_path, office)
