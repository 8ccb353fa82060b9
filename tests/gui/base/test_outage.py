"""Outages of the database: the window says so, greys out stale rows, and recovers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from PySide6.QtWidgets import QApplication

from ffmate_desktop.bootstrap.window import open_window_services
from ffmate_desktop.db import listener
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.node.node_host import NodeHost
from ffmate_desktop.settings.preferences import Appearance
from tests.expected_warnings import ExpectedWarnings
from tests.gui.desk import click, desk_settings, make_desk, open_desk
from tests.gui.office import open_office
from tests.node.farm import ENCODE
from tests.node.proxy import Proxy, open_proxy
from tests.node.waiting import until

SECONDS_LONG = "-re -stream_loop 2 " + ENCODE


@pytest.fixture
async def proxy(database_uri: str) -> AsyncIterator[Proxy]:
    """A proxy between the window and the server."""
    async with open_proxy(database_uri) as opened:
        yield opened


async def test_the_window_shows_an_outage_and_recovers(
    proxy: Proxy, tmp_path: Path, clip: Path, expected_warnings: ExpectedWarnings
) -> None:
    expected_warnings.allow("WARNING ffmate.*")
    async with open_desk(proxy.uri, tmp_path / "data") as desk:
        uuid = await desk.add(clip, SECONDS_LONG)
        await desk.shown(uuid, TaskStatus.RUNNING)
        proxy.cut()
        await until(lambda: desk.page.view.delegate.is_stale, "the rows are greyed out")
        assert desk.window.status.database.text().startswith("Database unreachable for")
        desk.click_row(0)
        desk.page.actions_.cancel.trigger()
        await until(lambda: "Can't reach" in desk.window.messages.title, "the click gets an error")
        proxy.restore()
        await until(lambda: not desk.page.view.delegate.is_stale, "it is connected again")
        await desk.shown(uuid, TaskStatus.DONE_SUCCESSFUL)
        assert desk.window.status.database.text().startswith("Connected to")


async def test_a_silent_connection_is_detected(
    proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "PING", 0.3)
    async with open_desk(proxy.uri, tmp_path / "data", slots=0) as desk:
        heard: list[object] = []
        desk.bridge.outage_changed.connect(heard.append)
        proxy.silence()
        await until(lambda: None in heard, "the outage was detected and is over")
        assert any(heard)


async def test_a_window_without_a_database_says_so_and_connects_later(
    proxy: Proxy, tmp_path: Path, qapp: QApplication
) -> None:
    proxy.cut()
    settings = desk_settings(proxy.uri, tmp_path / "data")
    window, program, _ = make_desk(qapp, lambda: open_window_services(settings), tmp_path / "data")
    running = asyncio.create_task(program.run())
    await until(lambda: window.messages.title, "it says so")
    proxy.restore()
    click(window.messages._button)
    await until(lambda: window.status.database.text().startswith("Connected to"), "it is open")
    window.close()
    await running
    window.force_close()
    window.deleteLater()


async def test_settings_are_saved_or_the_dialog_says_why_not(
    proxy: Proxy, tmp_path: Path, expected_warnings: ExpectedWarnings
) -> None:
    expected_warnings.allow("WARNING ffmate.*")
    async with open_office(proxy.uri, tmp_path / "data") as office:
        dialog = office.open()
        proxy.cut()
        await until(lambda: office.desk.bridge.outage_since is not None, "the database is away")
        click(dialog.appearance.tiles[Appearance.DARK])
        dialog.node.slots.setValue(4)
        dialog.behaviour.at_login.setChecked(True)
        dialog.save.click()
        await until(
            lambda: "Nothing was changed" in dialog.note.text, "the dialog says that nothing was changed"
        )
        assert dialog.save.isEnabled()
        assert isinstance(office.services.node, NodeHost)
        assert office.services.node._next_slots == 1, "nor for when it joins again"
        assert not office.login.path.exists()
        dialog.behaviour.at_login.setChecked(False)
        dialog.node.slots.setValue(1)
        dialog.save.click()
        await office.closed()  # the appearance isn't stored in the database
        assert office.file.load().preferences.window.appearance is Appearance.DARK
        proxy.restore()


async def test_the_window_shows_a_locked_table_as_an_outage(
    database_uri: str, tmp_path: Path, clip: Path, expected_warnings: ExpectedWarnings
) -> None:
    """Notifications still arrive; only reads time out."""
    name = database_uri.partition("?")[0].rpartition("/")[2]
    saboteur = await asyncpg.connect(database_uri)
    await saboteur.execute(f"ALTER DATABASE {name} SET lock_timeout = '100ms'")
    async with open_desk(database_uri, tmp_path / "data", slots=0) as desk:
        uuid = await desk.add(clip)
        await desk.shown(uuid, TaskStatus.QUEUED)
        async with saboteur.transaction():
            await saboteur.execute("LOCK TABLE ffmate.tasks")
            desk.bridge.tasks_changed.emit(None)
            await until(lambda: desk.page.view.delegate.is_stale, "the rows are greyed out")
            await asyncio.sleep(0.5)  # stays grey without flickering
            assert desk.page.view.delegate.is_stale
        await until(lambda: not desk.page.view.delegate.is_stale, "it is connected again")
    await saboteur.close()


async def test_the_window_survives_a_dropped_schema(
    database_uri: str, tmp_path: Path, clip: Path, expected_warnings: ExpectedWarnings
) -> None:
    expected_warnings.expect("tables were gone. They have been created again")
    expected_warnings.expect("The database is a new one")
    saboteur = await asyncpg.connect(database_uri)
    async with open_desk(database_uri, tmp_path / "data", slots=0) as desk:
        await desk.shown(await desk.add(clip), TaskStatus.QUEUED)
        await saboteur.execute("DROP SCHEMA ffmate CASCADE")
        desk.bridge.tasks_changed.emit(None)
        await until(lambda: desk.bridge.outage_since is not None, "it is detected")
        await until(lambda: desk.bridge.outage_since is None, "the schema is created again")
        await desk.shown(await desk.add(clip), TaskStatus.QUEUED)
    await saboteur.close()
