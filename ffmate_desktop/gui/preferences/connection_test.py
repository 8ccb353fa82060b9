"""The result of a connection test: one line per finding, with an icon."""

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets import formatting
from ffmate_desktop.gui.widgets.icon_label import IconLabel
from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.services.connection_test import ConnectionTest

translate = QCoreApplication.translate

GOOD, CARE, BAD, WAIT = (
    ("circle-check", "done"),
    ("triangle-alert", "warning"),
    ("circle-x", "failed"),
    ("loader", "text_2"),
)

Line = tuple[tuple[str, str], str, str]
"""Icon and color, subject, and finding."""


class ConnectionTestCard(QFrame):
    """Hidden until there is something to show."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setProperty("class", "inset")
        self.setAccessibleName(self.tr("Test result"))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(14, 11, 14, 11)
        self._body = QFrame()
        self._column.addWidget(self._body)
        self.lines: list[Line] = []
        self.hide()

    def clear(self) -> None:
        """Remove the result: the address has changed."""
        self._show([])

    def show_waiting(self) -> None:
        """Show that the test is running."""
        self._show([(WAIT, "", self.tr("Connecting …"))])

    def show_trouble(self, error: UserError) -> None:
        """Show why the connection can't be used, and what to do."""
        self._show([(BAD, "", error.message), *([(("info", "link"), "", error.hint)] if error.hint else [])])

    def show_result(self, test: ConnectionTest) -> None:
        """Show the findings for a usable connection."""
        self._show(lines_of(test))

    def _show(self, lines: list[Line]) -> None:
        self.lines = lines
        body = QFrame()
        grid = QGridLayout(body)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(2, 1)
        for row, ((icon, color), name, text) in enumerate(lines):
            grid.addWidget(IconLabel(self._theme, icon, color), row, 0, Qt.AlignmentFlag.AlignTop)
            words = label(text, "second" if name else "", wraps=True, selectable=True)
            if name:
                grid.addWidget(label(name, "caption"), row, 1, Qt.AlignmentFlag.AlignTop)
                grid.addWidget(words, row, 2)
            else:
                grid.addWidget(words, row, 1, 1, 2)
        self._column.replaceWidget(self._body, body)
        self._body.deleteLater()
        self._body = body
        self.setVisible(bool(lines))


def lines_of(test: ConnectionTest) -> list[Line]:
    """The findings as text."""
    health = test.health
    clock = abs(health.clock_offset)
    server = translate("ConnectionTestCard", "PostgreSQL {0}, database {1}, user {2}").format(
        health.version, health.database, health.role
    )
    pooler = translate("ConnectionTestCard", "A pooler is in between, in session mode, which works.")
    lines: list[Line] = [
        (GOOD, translate("ConnectionTestCard", "Server"), server),
        *((CARE, translate("ConnectionTestCard", "Address"), note) for note in health.notes),
        *([(GOOD, translate("ConnectionTestCard", "Pooler"), pooler)] if health.pooled else []),
        (
            CARE if test.is_slow else GOOD,
            translate("ConnectionTestCard", "Latency"),
            translate("ConnectionTestCard", "A query takes {0} ms.").format(
                formatting.decimal(f"{1000 * health.latency:.1f}")
            ),
        ),
        (
            GOOD,
            translate("ConnectionTestCard", "Notifications"),
            translate("ConnectionTestCard", "LISTEN works. Notifications arrive after {0} ms.").format(
                formatting.decimal(f"{1000 * health.delivery:.1f}")
            ),
        ),
        _rights(test),
        _encryption(test),
        (
            CARE if test.is_clock_off else GOOD,
            translate("ConnectionTestCard", "Clock"),
            translate("ConnectionTestCard", "Within a second of this computer's clock.")
            if clock < 1
            else translate(
                "ConnectionTestCard",
                "Differs by {0} s from this computer's clock. Only times in logs are affected.",
            ).format(f"{clock:.0f}"),
        ),
    ]
    return lines if test.rights is not None else [*lines, _nodes(test)]


def _rights(test: ConnectionTest) -> Line:
    if test.rights is not None:
        return BAD, translate("ConnectionTestCard", "Rights"), str(test.rights)
    if not test.has_tables:
        return (
            GOOD,
            translate("ConnectionTestCard", "Rights"),
            translate("ConnectionTestCard", "Enough to set up the queue when you save."),
        )
    if test.health.may_migrate:
        return (
            GOOD,
            translate("ConnectionTestCard", "Rights"),
            translate("ConnectionTestCard", "This user can read, write and update everything."),
        )
    owner = test.health.owner or ""
    return (
        GOOD,
        translate("ConnectionTestCard", "Rights"),
        translate(
            "ConnectionTestCard", "This user can read and write everything. Only {0} can update."
        ).format(owner),
    )


def _encryption(test: ConnectionTest) -> Line:
    health, name = test.health, translate("ConnectionTestCard", "Encryption")
    if health.encryption and health.checked:
        return (
            GOOD,
            name,
            translate("ConnectionTestCard", "{0}. The server's certificate is checked.").format(
                health.encryption
            ),
        )
    if health.encryption:
        text = translate(
            "ConnectionTestCard",
            "{0}. The server's certificate isn't checked (sslmode=verify-full checks it).",
        )
        return GOOD, name, text.format(health.encryption)
    if health.local:
        return (
            GOOD,
            name,
            translate("ConnectionTestCard", "None needed: the connection stays on this computer."),
        )
    return (
        CARE,
        name,
        translate(
            "ConnectionTestCard",
            "None: others on the network can read the traffic. Add ?sslmode=require to the address.",
        ),
    )


def _nodes(test: ConnectionTest) -> Line:
    name = translate("ConnectionTestCard", "Nodes")
    if not test.nodes:
        return GOOD, name, translate("ConnectionTestCard", "No nodes yet.")
    names = ", ".join(test.nodes)
    if len(test.nodes) == 1:
        return GOOD, name, translate("ConnectionTestCard", "1 running: {0}").format(names)
    return GOOD, name, translate("ConnectionTestCard", "{0} running: {1}").format(len(test.nodes), names)
