"""How another computer joins: a command to copy, or why other computers can't join."""

import platform

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QTextOption
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.command_layout import break_at_blanks
from ffmate_desktop.gui.widgets.icon_label import IconLabel
from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.services.invitation import Invitation, invitation

EXAMPLE_COMMAND = 'ffmate-desktop --database "postgresql://user:password@server/ffmate"'
_WIDTH = 620


class AddNodeDialog(QDialog):
    """`uri` is the address of the database, empty for the embedded one.

    The password is hidden by default, but the copied command always contains it.
    Emits `settings_requested` when the user wants to choose another database.
    """

    settings_requested = Signal()

    def __init__(self, parent: QWidget, theme: Theme, uri: str) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Add a node"))
        self.setFixedWidth(_WIDTH)
        self.invitation: Invitation | None = invitation(uri) if uri else None
        self.command = QPlainTextEdit()
        self.command.setReadOnly(True)
        self.command.setProperty("class", "code")
        self.command.setFont(fonts.mono(12))
        self.command.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        self.command.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.command.setAccessibleName(self.tr("The command that adds a node"))
        self.command.setFixedHeight(62 if uri else 42)
        break_at_blanks(self.command)
        self.show_password = QCheckBox(self.tr("Show the password"))
        self.show_password.toggled.connect(self._show_command)
        self.copy = QPushButton(self.tr("Copy command"))
        self.copy.setProperty("class", "primary" if uri else "")
        self.copy.setDefault(bool(uri))
        self.copy.clicked.connect(self._copy)
        theme.set_icon(self.copy, "copy", "on_accent" if uri else "text")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(24, 22, 24, 20)
        self._column.setSpacing(12)
        if self.invitation is not None:
            self._show_invitation(self.invitation)
        else:
            self._show_embedded_help()
        self._show_command()
        self.setFixedHeight(self._column.heightForWidth(_WIDTH))

    def _show_invitation(self, invited: Invitation) -> None:
        self._add_text(self.tr("Add a node"), "heading")
        self._add_text(
            self.tr(
                "Install FFmate Desktop on the other computer and run this command there. It joins within "
                "seconds and starts taking tasks."
            ),
            "second",
        )
        self._column.addWidget(self.command)
        line = QHBoxLayout()
        line.addWidget(self.show_password)
        self.show_password.setVisible(invited.has_password)
        line.addStretch(1)
        self._column.addLayout(line)
        if invited.local_host is not None:
            self._add_note("triangle-alert", "warning", self._local_host_text(invited.local_host))
        if invited.has_password:
            text = self.tr(
                "If other people use that computer, set the variable FFMATE_DATABASE to the address instead: "
                "anyone there can read a command line."
            )
            self._add_note("shield-check", "link", text)
        self._add_note(
            "folder-sync",
            "link",
            self.tr(
                "Every node uses the same paths to your files: keep them on a drive that all computers share."
            ),
        )
        self._add_note(
            "server",
            "link",
            self.tr("For a computer without a screen, add --no-gui to the command."),
        )
        self._add_buttons(self.copy)

    def _local_host_text(self, host: str) -> str:
        if host.startswith("/"):
            text = self.tr(
                "This computer reaches the database through a local socket. On the other computer, use this "
                "computer's name or address as the host instead, for example “{0}”."
            )
            return text.format(platform.node())
        text = self.tr(
            "On every computer, “{0}” means that computer itself. On the other one, use this computer's "
            "name or address instead, for example “{1}”."
        )
        return text.format(host, platform.node())

    def _show_embedded_help(self) -> None:
        self._add_text(self.tr("Other computers can't reach this queue"), "heading")
        self._add_text(
            self.tr(
                "It is stored in a database on this computer that no other computer can connect to. To work "
                "together, computers need a PostgreSQL server (15 or newer) that all of them can reach: on "
                "one of your computers, on a NAS, or rented."
            ),
            "second",
        )
        self._add_text(
            self.tr("Choose it in this computer's settings, then start every other computer with:"),
            "second",
        )
        self._column.addWidget(self.command)
        self._add_note(
            "info",
            "link",
            self.tr(
                "The tasks in this queue stay on this computer. Let them finish first, or switch back to "
                "this database later."
            ),
        )
        self.show_password.hide()
        self.copy.setText(self.tr("Copy example"))
        self.settings = QPushButton(self.tr("Open settings"))
        self.settings.setProperty("class", "primary")
        self.settings.setDefault(True)
        self.settings.clicked.connect(self.accept)
        self.settings.clicked.connect(self.settings_requested)
        self._add_buttons(self.copy, self.settings)

    def _show_command(self) -> None:
        invited = self.invitation
        if invited is None:
            self.command.setPlainText(EXAMPLE_COMMAND)
        else:
            self.command.setPlainText(invited.command if self.show_password.isChecked() else invited.masked)

    def _copy(self) -> None:
        text = EXAMPLE_COMMAND if self.invitation is None else self.invitation.command
        QGuiApplication.clipboard().setText(text)
        self.copy.setText(self.tr("Copied"))

    # -- Building ------------------------------------------------------------------------------------------------

    def _add_text(self, text: str, look: str) -> None:
        self._column.addWidget(label(text, look, wraps=True))

    def _add_note(self, icon: str, color: str, text: str) -> None:
        frame = QFrame()
        frame.setProperty("class", "inset")
        row = QHBoxLayout(frame)
        row.setContentsMargins(12, 9, 12, 9)
        row.setSpacing(10)
        row.addWidget(IconLabel(self._theme, icon, color), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(label(text, "second", wraps=True), 1)
        self._column.addWidget(frame)

    def _add_buttons(self, *others: QPushButton) -> None:
        close = QPushButton(self.tr("Close"))
        close.clicked.connect(self.accept)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(close)
        for button in others:
            row.addWidget(button)
        self._column.addSpacing(4)
        self._column.addLayout(row)
