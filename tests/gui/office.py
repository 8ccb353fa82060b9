"""A desk whose window has its settings: with a keyring and a start at login in files of their own."""

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
from ffmate_desktop.services.settings_file import SettingsFile
from ffmate_desktop.settings import Settings, Source
from tests.gui.desk import Desk, click, desk_settings, open_desk_with
from tests.node.waiting import until


class Office:
    """`keyring` is that of the system, without a file of its own it keeps nothing."""

    def __init__(self, desk: Desk, settings: Settings, keyring: KeyringBackend) -> None:
        self.desk, self.window, self.file = desk, desk.window, SettingsFile(settings.data_dir)
        self.login = AutostartFile(settings.data_dir / "autostart" / "entry", b"start")
        self.setup = make_setup(settings, Keyring(lambda: keyring), self.login)
        self.switching = Switching(desk.window, desk.program, self.setup)
        self.opener = SettingsOpener(desk.window, desk.program, self.switching)

    @property
    def services(self) -> WindowServices:
        """The cluster that is open now."""
        assert self.window.services is not None
        return self.window.services

    def open(self) -> SettingsDialog:
        """The dialog, as a click on the sidebar brings it."""
        click(self.window.sidebar.settings)
        assert self.opener.dialog is not None
        return self.opener.dialog

    async def closed(self) -> None:
        """The dialog has gone."""
        dialog = self.opener.dialog
        try:
            await until(lambda: self.opener.dialog is None, "the dialog closes")
        except BaseException as error:
            if dialog is not None:
                said = dialog.note.text
                error.add_note(
                    f"It says {said!r}; can save: {dialog.save.isEnabled()}; saving: {dialog._saving}"
                )
            raise

    async def question(self) -> RestartQuestion:
        """What is asked about running tasks."""
        dialog = self.opener.dialog
        assert dialog is not None

        def found() -> RestartQuestion | None:
            return next((one for one in dialog.findChildren(RestartQuestion) if one.isVisible()), None)

        return await until(found, "it asks")

    async def moved(self, former: WindowServices) -> WindowServices:
        """Another cluster is open, a node of ours works in it, and its queue is shown."""
        await until(lambda: self.window.services not in (None, former), "another cluster is open")
        services = self.services
        await until(lambda: services.node.is_working and self.desk.page.model.is_known, "the window works")
        return services

    async def me(self) -> Node:
        """The row of this window's node."""
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
    """The settings are those of the desk, from the file, but for those that were `given`."""
    settings = replace(
        desk_settings(uri or "", data_dir),
        database=uri,
        sources=dict(given),
        heartbeat=5.0,  # on a busy machine a second is too short: a late answer is an outage, and nothing is saved
    )
    backend: Any = PlaintextKeyring() if keyring else null.Keyring()  # type: ignore[no-untyped-call]
    backend.file_path = keyring and str(keyring)
    async with open_desk_with(settings) as desk:
        office = Office(desk, settings, backend)
        try:
            yield office
        finally:
            await office.switching.close()
