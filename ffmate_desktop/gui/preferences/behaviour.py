"""Settings for notifications, closing the window, and the start at login."""

from PySide6.QtWidgets import QButtonGroup, QCheckBox, QRadioButton

from ffmate_desktop.gui.preferences.section import Section, SectionNote
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.settings.preferences import NoticePreferences, OnClose


class NoticeSection(Section):
    """One switch for all notifications, and one per kind."""

    def __init__(self, theme: Theme, notices: NoticePreferences, *, has_tray: bool) -> None:
        super().__init__(
            theme,
            self.tr("Notifications"),
            self.tr("Shown on your desktop while the window isn't visible."),
        )
        self.shown = QCheckBox(self.tr("Show notifications"))
        self.batches = QCheckBox(self.tr("A batch finished"))
        self.failures = QCheckBox(self.tr("A task failed"))
        self.nodes = QCheckBox(self.tr("A node was lost"))
        self.add_group(self.shown, inner=self._kinds)
        for box, on in (
            (self.shown, notices.shown),
            (self.batches, notices.batches),
            (self.failures, notices.failures),
            (self.nodes, notices.nodes),
        ):
            box.setChecked(on)
            box.toggled.connect(self._on_toggle)
        if not has_tray:
            note = SectionNote(theme)
            note.show_fact(
                self.tr("This desktop has no tray for program icons, so no notifications are shown.")
            )
            self.column.addWidget(note)
        self.column.addStretch(1)
        self._on_toggle()

    @property
    def _kinds(self) -> tuple[QCheckBox, ...]:
        return self.batches, self.failures, self.nodes

    def _on_toggle(self) -> None:
        for box in self._kinds:
            box.setEnabled(self.shown.isChecked())
        self.edited.emit()

    def notices(self) -> NoticePreferences:
        """The chosen switches."""
        return NoticePreferences(
            shown=self.shown.isChecked(),
            batches=self.batches.isChecked(),
            failures=self.failures.isChecked(),
            nodes=self.nodes.isChecked(),
        )


class WindowSection(Section):
    """What happens when the window is closed while tasks run here, and whether the program starts at login."""

    def __init__(self, theme: Theme, on_close: OnClose, *, at_login: bool, has_tray: bool) -> None:
        super().__init__(
            theme,
            self.tr("Window and start"),
            self.tr("When FFmate Desktop quits, and when it starts on its own."),
        )
        titles = {
            OnClose.ASK: self.tr("Ask what to do"),
            OnClose.BACKGROUND: self.tr("Keep working in the background"),
            OnClose.FINISH: self.tr("Finish running tasks, then quit"),
            OnClose.NOW: self.tr("Return tasks to the queue and quit now"),
        }
        self._group = QButtonGroup(self)
        self.choices: dict[OnClose, QRadioButton] = {}
        for choice, title in titles.items():
            button = QRadioButton(title)
            button.setChecked(choice is on_close)
            button.toggled.connect(lambda _on: self.edited.emit())
            self._group.addButton(button)
            self.choices[choice] = button
        self.add_group(
            label(self.tr("When I close the window while tasks run here"), "caption"),
            *self.choices.values(),
        )
        if not has_tray:
            self.choices[OnClose.BACKGROUND].setEnabled(False)
            note = SectionNote(theme)
            note.show_fact(
                self.tr(
                    "This desktop has no tray for program icons, so there would be no way to bring the window back."
                )
            )
            self.column.addWidget(note)
        self.add_line()
        self.at_login = QCheckBox(self.tr("Start FFmate Desktop when I log in"))
        self.at_login.setChecked(at_login)
        self.at_login.toggled.connect(lambda _on: self.edited.emit())
        self.login_note = SectionNote(
            theme, self.tr("This computer then works on tasks without anyone opening the window.")
        )
        self.add_group(self.at_login, inner=[self.login_note])
        self.column.addStretch(1)

    @property
    def on_close(self) -> OnClose:
        """The chosen action."""
        return next(choice for choice, button in self.choices.items() if button.isChecked())
