"""Cluster settings: the queue on this computer or on a PostgreSQL server, and a connection test."""

import asyncio

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLineEdit, QPushButton, QRadioButton, QWidget

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.preferences.connection_test import ConnectionTestCard
from ffmate_desktop.gui.preferences.section import Section, SectionNote
from ffmate_desktop.gui.preferences.setup import Setup
from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.gui.widgets.plain_text import painter_text
from ffmate_desktop.services.connection_test import run_connection_test
from ffmate_desktop.services.passwords import split_password
from ffmate_desktop.settings.preferences import Preferences
from ffmate_desktop.settings.table import DATABASE

EXAMPLE = "postgresql://user@server:5432/ffmate"


class ClusterSection(Section):
    """The password has its own field; one pasted with the address moves there. `tested`: there is a result."""

    tested = Signal()

    def __init__(self, theme: Theme, setup: Setup, preferences: Preferences, bridge: Bridge) -> None:
        super().__init__(
            theme,
            self.tr("Cluster"),
            self.tr("Where the queue is. Computers that use the same server share its tasks."),
        )
        self._setup, self._errands = setup, bridge
        self._saved_database, self._has_saved_password = preferences.get(DATABASE), preferences.password_kept
        self._trial: asyncio.Task[None] | None = None
        self._keyring = ""
        self.embedded = QRadioButton(self.tr("Queue on this computer"))
        self.server = QRadioButton(self.tr("Queue on a PostgreSQL server"))
        self._group = QButtonGroup(self)
        for button in (self.embedded, self.server):
            self._group.addButton(button)
        address = setup.address
        (self.embedded if address is None else self.server).setChecked(True)
        self.address = QLineEdit(address or self._saved_database or "")
        self.address.setPlaceholderText(painter_text(EXAMPLE))
        self.address.setFont(fonts.mono(12))
        self.address.setCursorPosition(0)
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.test = QPushButton(self.tr("Test connection"))
        theme.set_icon(self.test, "plug", "text")
        self.result = ConnectionTestCard(theme)
        self._lay_out(theme)
        self._connect()
        self._on_choice()
        self._looking = bridge.run_quietly(self._find_keyring(), "looking for a keyring")

    def _lay_out(self, theme: Theme) -> None:
        about = label(self.tr("No setup needed. Other computers can't use it."), "third", wraps=True)
        self.add_group(self.embedded, inner=[about])
        self.column.addWidget(self.server)
        self._given = SectionNote(theme)
        self.column.addWidget(self._given)
        self.address_note = self.add_field(self.tr("Address"), self.address)
        self.password_note = self.add_field(self.tr("Password"), self.password)
        row = QHBoxLayout()
        row.addWidget(self.test)
        row.addStretch(1)
        self.column.addLayout(row)
        self.column.addWidget(self.result)
        self.column.addStretch(1)
        self._fields: tuple[QWidget, ...] = (self.address, self.password, self.test)
        self.is_given = self.lock_if_explicit(
            self._setup.settings, DATABASE, self._given, self.embedded, self.server, self.address
        )

    def _connect(self) -> None:
        self.server.toggled.connect(lambda _on: self._on_choice())
        self.address.textChanged.connect(self._on_address)
        self.address.editingFinished.connect(self._take_password_out)
        self.password.textChanged.connect(self._on_password)
        self.test.clicked.connect(self._on_test)

    # -- What is chosen ------------------------------------------------------------------------------------------

    def database(self) -> str | None:
        """The chosen address without its password, None for the embedded database; only without `trouble`."""
        if self.is_given:
            return self._saved_database
        return None if self.embedded.isChecked() else split_password(self.address.text())[0]

    @property
    def password_kept(self) -> bool:
        """The keyring has the password for the chosen address."""
        return self._has_saved_password and self.database() == self._saved_database

    @property
    def typed_password(self) -> str | None:
        """The password typed for the chosen server."""
        self._take_password_out()
        return (self.password.text() or None) if self.server.isChecked() and not self.is_given else None

    def _on_choice(self) -> None:
        for field in self._fields:
            field.setEnabled(self.server.isChecked() and not (self.is_given and field is not self.test))
        self._on_address()

    def _on_address(self) -> None:
        self._stop_test()
        self.result.clear()
        self.trouble = ""
        self.address_note.show_help()
        text = self.address.text().strip()
        if self.server.isChecked() and not self.is_given:
            try:
                split_password(text)
            except UserError as error:
                self.trouble = error.message if text else self.tr("Enter the address of the server.")
                if text and not EXAMPLE.startswith(text):
                    self.address_note.show_bad(str(error))
        self.test.setEnabled(self.server.isChecked() and not self.trouble)
        self._show_keyring()
        self.edited.emit()

    def _on_password(self) -> None:
        self._stop_test()
        self.result.clear()
        self.edited.emit()

    def _take_password_out(self) -> None:
        """Move a password that was pasted with the address to its own field."""
        try:
            address, password = split_password(self.address.text())
        except UserError:
            return
        if password is not None:
            self.password.setText(password)
            self.address.setText(address)
            self.address.setCursorPosition(0)

    # -- The keyring ---------------------------------------------------------------------------------------------

    async def _find_keyring(self) -> None:
        self._keyring = await self._setup.keyring.name()
        self._show_keyring()

    def _show_keyring(self) -> None:
        is_kept = self._has_saved_password and self._saved_database == self.address.text().strip()
        self.password.setPlaceholderText(self.tr("Saved in the keyring") if is_kept and self._keyring else "")
        if self._keyring:
            self.password_note.show_fact(
                self.tr("Saved only in this computer's keyring ({0}).").format(self._keyring)
            )
        else:
            self.password_note.show_fact(
                self.tr(
                    "This computer has no keyring, so FFmate Desktop forgets the password when it closes. "
                    "A password file (~/.pgpass) keeps it."
                )
            )

    # -- The test ------------------------------------------------------------------------------------------------

    def _on_test(self) -> None:
        if self._trial is not None:
            self._stop_test()
            self.result.clear()
            return
        self._take_password_out()
        self._trial = self._errands.run_quietly(self._try(), "testing a connection")
        self.test.setText(self.tr("Stop test"))
        self.result.show_waiting()

    async def _try(self) -> None:
        try:
            test = await run_connection_test(await self._complete_address())
        except UserError as error:
            self.result.show_trouble(error)
        except OSError as error:
            self.result.show_trouble(
                UserError(self.tr("The connection was lost during the test."), str(error))
            )
        else:
            self.result.show_result(test)
        self._end_test()
        self.tested.emit()

    async def _complete_address(self) -> str:
        if self.is_given and self._setup.settings.database is not None:
            return self._setup.settings.database
        address = split_password(self.address.text())[0]
        return await self._setup.complete_address(address, self.password.text() or None)

    def _end_test(self) -> None:
        self._trial = None
        self.test.setText(self.tr("Test connection"))

    def _stop_test(self) -> None:
        if self._trial is not None:
            self._trial.cancel()
            self._end_test()

    def stop(self) -> None:
        """Cancel what is running."""
        self._stop_test()
        self._looking.cancel()
