"""`Office`: a desk with the settings dialog, whose keyring and login entry are files of the test."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from keyring.backend import KeyringBackend
from keyring.backends import null
from keyrings.alt.file import PlaintextKeyring

from ffmate_desktop.bootstrap.window import make_setup
from ffmate_desktop.domain.node import Node, NodeState
from ffmate_desktop.gui.preferences.dialog import SettingsDialog
from ffmate_desktop.gui.preferences.opener import SettingsOpener
from ffmate_desktop.gui.preferences.restart_question import RestartQuestion
from ffmate_desktop.gui.preferences.switching import Switching
from ffmate_desktop.services.cluster_services import WindowServices
from ffmate_desktop.services.login_start import AutostartFile
from ffmate_desktop.services.passwords import Keyring
from ffmate_desktop.settings.file import SettingsFile
from ffmate_desktop.settings.setting import Source
from ffmate_desktop.settings.table import Settings
from tests.gui.desk import Desk, click, desk_settings, open_desk_with
from tests.node.waiting import until


class Office:
    """A desk and its settings. `keyring` replaces the system's."""

    def __init__(self, desk: Desk, settings: Settings, keyring: KeyringBackend) -> None:
        self.desk, self.window, self.file = desk, desk.window, SettingsFile(settings.data_dir)
        self.login = AutostartFile(settings.data_dir / "autostart" / "entry", b"start")
        self.setup = make_setup(settings, Keyring(lambda: keyring), self.login)
        self.switching = Switching(desk.window, desk.program, self.setup)
        self.opener = SettingsOpener(desk.window, desk.program, self.switching)

    @property
    def services(self) -> WindowServices:
        assert self.window.services is not None
        return self.window.services

    def open(self) -> SettingsDialog:
        """Open the dialog by a click in the sidebar."""
        click(self.window.sidebar.settings)
        assert self.opener.dialog is not None
        return self.opener.dialog

    async def closed(self) -> None:
        """Wait until the dialog is closed."""
        dialog = self.opener.dialog
        try:
            await until(lambda: self.opener.dialog is None, "the dialog closes")
        except BaseException as error:
            if dialog is not None:
                note = dialog.note.text
                error.add_note(
                    f"It says {note!r}; can save: {dialog.save.isEnabled()}; saving: {dialog._saving}"
                )
            raise

    async def question(self) -> RestartQuestion:
        """Wait for the question about running tasks."""
        dialog = self.opener.dialog
        assert dialog is not None

        def found() -> RestartQuestion | None:
            return next((box for box in dialog.findChildren(RestartQuestion) if box.isVisible()), None)

        return await until(found, "it asks")

    async def switched(self, former: WindowServices) -> WindowServices:
        """Wait until another cluster is open, our node works in it and its queue is shown."""
        await until(lambda: self.window.services not in (None, former), "another cluster is open")
        services = self.services
        await until(lambda: services.node.is_working and self.desk.page.model.is_known, "the window works")
        return services

    async def own_node(self) -> Node:
        """The stored row of this window's node."""
        nodes = await self.services.nodes.all()
        return next(node for node in nodes if node.state is not NodeState.LEFT)


@asynccontextmanager
async def open_office(
    uri: str | None,
    data_dir: Path,
    *,
    keyring: Path | None = None,
    given: Mapping[str, Source] = MappingProxyType({}),
) -> AsyncIterator[Office]:
    """Open a desk with the desk's settings; `given` are the explicit ones. Without `keyring` nothing is stored."""
    settings = replace(
        desk_settings(uri or "", data_dir),
        database=uri,
        sources=dict(given),
        heartbeat=5.0,  # 1 s is too short on a busy machine: late replies count as an outage and nothing is saved
    )
    backend: Any = PlaintextKeyring() if keyring else null.Keyring()  # type: ignore[no-untyped-call] # no types
    backend.file_path = keyring and str(keyring)
    async with open_desk_with(settings) as desk:
        office = Office(desk, settings, backend)
        try:
            yield office
        finally:
            await office.switching.close()
