"""Retention settings: how long log files and finished tasks are kept, and the space they take."""

from typing import Any

from ffmate_desktop.gui.preferences.section import Section, SectionNote
from ffmate_desktop.gui.preferences.setup import Setup
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets import formatting
from ffmate_desktop.gui.widgets.number_field import NumberField
from ffmate_desktop.services.retention import StorageUsage
from ffmate_desktop.settings.preferences import Preferences
from ffmate_desktop.settings.setting import Setting
from ffmate_desktop.settings.table import KEEP_LOGS_COUNT, KEEP_LOGS_DAYS, KEEP_TASKS_COUNT, KEEP_TASKS_DAYS

_WIDTH = 150


class RetentionSection(Section):
    """Zero means no limit. Fields that the command line or the environment overrides are locked."""

    def __init__(self, theme: Theme, setup: Setup, preferences: Preferences) -> None:
        super().__init__(
            theme,
            self.tr("Logs and history"),
            self.tr("How long log files and finished tasks are kept. The oldest are removed first."),
        )
        self._setup, self._preferences = setup, preferences
        self._fields: dict[Setting[int], NumberField] = {}
        self.logs_days = self._field(KEEP_LOGS_DAYS, self.tr("Keep task logs (days)"))
        self.logs_count = self._field(KEEP_LOGS_COUNT, self.tr("Maximum number of log files"))
        self.logs_note = SectionNote(theme)
        self.column.addWidget(self.logs_note)
        self.add_line()
        self.tasks_days = self._field(
            KEEP_TASKS_DAYS,
            self.tr("Keep finished tasks (days)"),
            self.tr("Removes tasks and their logs from the queue, for every computer. Output files stay."),
        )
        self.tasks_count = self._field(KEEP_TASKS_COUNT, self.tr("Maximum number of finished tasks"))
        self.tasks_note = SectionNote(theme)
        self.column.addWidget(self.tasks_note)
        self.column.addStretch(1)

    def _field(self, setting: Setting[int], title: str, help_text: str = "") -> NumberField:
        settings = self._setup.settings
        field = NumberField(*setting.limits, title)
        field.setSpecialValueText(self.tr("No limit"))
        field.setGroupSeparatorShown(True)
        field.setFixedWidth(_WIDTH)
        field.setValue(getattr(settings, setting.field))
        note = self.add_field(title, field, help_text)
        self.lock_if_explicit(settings, setting, note, field)
        field.valueChanged.connect(lambda _value: self.edited.emit())
        self._fields[setting] = field
        return field

    def show_usage(self, used: StorageUsage) -> None:
        """Show the current numbers and sizes."""
        if used.trouble:
            self.logs_note.show_bad(used.trouble)
        else:
            taken = self.tr("%n log files on this computer take {0}.", "", used.log_files)
            self.logs_note.show_fact(taken.format(formatting.size(used.log_bytes)))
        self.tasks_note.show_fact(
            self.tr(
                "%n finished tasks are in the queue. Its database takes {0}.", "", used.finished_tasks
            ).format(formatting.size(used.database_bytes))
        )

    def values(self) -> dict[Setting[Any], object]:
        """The values of settings that aren't locked."""
        for field in self._fields.values():
            field.interpretText()
        return {setting: field.value() for setting, field in self._fields.items() if field.isEnabled()}
