"""The settings dialog: six sections, applied together on save."""

import asyncio
import os
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.gui.desktop.closing import has_tray
from ffmate_desktop.gui.frame.main_window import MainWindow
from ffmate_desktop.gui.preferences.appearance import AppearanceSection
from ffmate_desktop.gui.preferences.behaviour import NoticeSection, WindowSection
from ffmate_desktop.gui.preferences.cluster import ClusterSection
from ffmate_desktop.gui.preferences.node import NodeSection
from ffmate_desktop.gui.preferences.restart_question import RestartQuestion
from ffmate_desktop.gui.preferences.retention import RetentionSection
from ffmate_desktop.gui.preferences.section import Section, SectionNote
from ffmate_desktop.gui.preferences.setup import Plan
from ffmate_desktop.gui.preferences.switching import Answer, Switching
from ffmate_desktop.gui.widgets.nav_button import NavButton
from ffmate_desktop.services.outages import is_outage
from ffmate_desktop.settings.preferences import WindowPreferences
from ffmate_desktop.settings.setting import Setting
from ffmate_desktop.settings.table import DATABASE

_SIZE = (884, 660)
_SIDE = 230


class SettingsDialog(QDialog):
    """Open it with `open()`. It closes when the settings apply or are about to."""

    def __init__(self, window: MainWindow, switching: Switching) -> None:
        super().__init__(window)
        self._window, self._switching, self._setup = window, switching, switching.setup
        self._theme, self._preferences = window.context.theme, window.context.preferences
        self._before = self._preferences.current
        self._saving: asyncio.Task[bool | None] | None = None
        self._login_was_on = False
        self._plan: Plan | None = None
        self._reading: asyncio.Task[None] | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Settings"))
        self.resize(*_SIZE)
        before, bridge = self._before, switching.bridge
        self.node = NodeSection(self._theme, self._setup, before, bridge, os.cpu_count() or 1)
        self.cluster = ClusterSection(self._theme, self._setup, before, bridge)
        self.appearance = AppearanceSection(self._theme, before.window.appearance)
        self.notices = NoticeSection(self._theme, before.window.notices, has_tray=has_tray())
        self.behaviour = WindowSection(
            self._theme, before.window.on_close, at_login=self._setup.login.is_enabled(), has_tray=has_tray()
        )
        self.retention = RetentionSection(self._theme, self._setup, before)
        self._sections: tuple[tuple[str, str, Section], ...] = (
            ("monitor", self.tr("This computer"), self.node),
            ("database", self.tr("Cluster"), self.cluster),
            ("scroll-text", self.tr("Logs and history"), self.retention),
            ("sun-moon", self.tr("Appearance"), self.appearance),
            ("bell", self.tr("Notifications"), self.notices),
            ("power", self.tr("Window and start"), self.behaviour),
        )
        self.note = SectionNote(self._theme)
        self.cancel = QPushButton(self.tr("Cancel"))
        self.save = QPushButton(self.tr("Save"))
        self._lay_out()
        self._connect()
        self._read_cluster()

    def _lay_out(self) -> None:
        self.stack = QStackedWidget()
        self.tabs: list[NavButton] = []
        side = QFrame()
        side.setProperty("class", "sidebar")
        side.setFixedWidth(_SIDE)
        tabs = QVBoxLayout(side)
        tabs.setContentsMargins(10, 18, 11, 14)
        tabs.setSpacing(5)
        for number, (icon, title, section) in enumerate(self._sections):
            tab = NavButton(self._theme, icon, title)
            tab.clicked.connect(lambda _checked=False, number=number: self.show_section(number))
            self.tabs.append(tab)
            tabs.addWidget(tab)
            self.stack.addWidget(_scrolling(section))
        tabs.addStretch(1)
        self.save.setProperty("class", "primary")
        self.save.setDefault(True)
        self.save.setMinimumWidth(110)
        foot = QHBoxLayout()
        foot.setContentsMargins(28, 0, 28, 20)
        foot.setSpacing(10)
        foot.addWidget(self.note, 1, Qt.AlignmentFlag.AlignVCenter)
        foot.addStretch(0)
        foot.addWidget(self.cancel)
        foot.addWidget(self.save)
        right = QVBoxLayout()
        right.setSpacing(14)
        right.addWidget(self.stack, 1)
        right.addLayout(foot)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(side)
        row.addLayout(right, 1)
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(button is self.save)  # Enter in a field saves, nothing else
        self.show_section(0)
        self.node.name.setFocus()

    def _connect(self) -> None:
        self.appearance.chosen.connect(self._theme.set_appearance)
        self.cancel.clicked.connect(self.reject)
        self.save.clicked.connect(self.try_to_save)
        self.finished.connect(self._on_finished)
        self._switching.begun.connect(self._on_begun)
        self.cluster.tested.connect(self._show_result)
        for _icon, _title, section in self._sections:
            section.edited.connect(self._show)
        self._show()

    def show_section(self, number: int) -> None:
        """Show this section."""
        self.stack.setCurrentIndex(number)
        self.tabs[number].setChecked(True)

    def _show_result(self) -> None:
        area = self.stack.currentWidget()
        if isinstance(area, QScrollArea):
            QTimer.singleShot(0, self, lambda: area.ensureWidgetVisible(self.cluster.result))

    def _read_cluster(self) -> None:
        services = self._window.services
        if services is None:
            return

        async def read() -> None:
            nodes = await services.nodes.all()
            mine = [node for node in nodes if node.identifier == services.node.identifier]
            if mine and services.node.is_working:
                self.node.show_slots(mine[0].slots)
            self.retention.show_usage(await services.retention.usage())

        self._reading = self._switching.bridge.run_quietly(read(), "reading slots and sizes for the settings")

    # -- The choice ----------------------------------------------------------------------------------------------

    def _show(self) -> None:
        trouble = next((section.trouble for _icon, _title, section in self._sections if section.trouble), "")
        if trouble:
            self.note.show_bad(trouble)
        else:
            self.note.show_help()
        self.save.setEnabled(not trouble and self._saving is None)

    def values(self) -> dict[Setting[Any], object]:
        """The values of the settings that have a key in settings.json, without locked ones."""
        return {DATABASE: self.cluster.database()} | self.node.values() | self.retention.values()

    def plan(self) -> Plan:
        """The chosen settings and what they change; raises UserError if they are invalid."""
        password = self.cluster.typed_password  # first, since the address may still contain it
        window = WindowPreferences(
            appearance=self.appearance.appearance,
            on_close=self.behaviour.on_close,
            start_at_login=self.behaviour.at_login.isChecked(),
            notices=self.notices.notices(),
        )
        preferences = replace(
            self._before.choose(self.values()),
            password_kept=self.cluster.password_kept,
            window=window,
        )
        return self._setup.plan(preferences, password)

    # -- Saving --------------------------------------------------------------------------------------------------

    def try_to_save(self) -> None:
        """Save and apply. On an error the dialog stays open and shows it."""
        if self._saving is not None:
            return
        try:
            self._plan = plan = self.plan()
            self._login_was_on = self._setup.login.is_enabled()
            self._turn_login(self.behaviour.at_login.isChecked())
        except UserError as error:
            self.note.show_bad(str(error))
            return
        self._saving = self._switching.bridge.run(self._carry_out(plan), "changing the settings")
        self._show()
        if plan.moves or plan.restarts:
            self.note.show_waiting(self.tr("Checking the new settings …"))

    def _turn_login(self, on: bool) -> None:
        if on != self._setup.login.is_enabled():
            self._setup.login.set_enabled(on)

    async def _carry_out(self, plan: Plan) -> bool:
        has_begun = False

        def note_it() -> None:
            nonlocal has_begun
            has_begun = True

        async def ask(running: int) -> Answer:
            return await RestartQuestion(self, self._theme, running, moves=plan.moves).answer()

        self._switching.begun.connect(note_it)
        try:
            return await self._switching.carry_out(plan, ask)
        except Exception as error:
            if has_begun or not (isinstance(error, UserError) or is_outage(error)):  # or the dialog is gone
                raise
            self._saving = None
            self._show()
            self.note.show_bad(
                str(error)
                if isinstance(error, UserError)
                else self.tr("Can't reach the database right now. Nothing was changed.")
            )
            return False
        finally:
            self._switching.begun.disconnect(note_it)
            if not has_begun:
                self._turn_login(self._login_was_on)
            if not has_begun and self._saving is not None:
                self._saving = None
                self._show()

    def _on_begun(self) -> None:
        self._saving = None  # it continues without the dialog
        if self._plan is not None:
            self._preferences.save(replace(self._preferences.current, window=self._plan.preferences.window))
        self.accept()

    # -- The end -------------------------------------------------------------------------------------------------

    def _on_finished(self, result: int) -> None:
        for task in (self._saving, self._reading):
            if task is not None:
                task.cancel()
        self._saving = None
        self._switching.begun.disconnect(self._on_begun)
        self.node.stop()
        self.cluster.stop()
        if result != QDialog.DialogCode.Accepted:
            self._theme.set_appearance(self._preferences.current.window.appearance)


def _scrolling(section: QWidget) -> QScrollArea:
    """Makes a section scroll: on a small screen, or with a long test result, it doesn't fit."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    section.setContentsMargins(28, 24, 28, 8)
    section.setProperty("class", "plain")
    area.setWidget(section)
    return area
