"""Settings of what is kept: log files of this computer, finished tasks of the queue, and how much space they take."""

from ffmate_desktop.domain.preferences import RetentionWishes
from ffmate_desktop.domain.retention import DEFAULT_LOG_DAYS, MAX_COUNT, MAX_DAYS, Retention
from ffmate_desktop.gui.preferences.section import Section, SectionNote
from ffmate_desktop.gui.preferences.setup import Setup
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets import formatting
from ffmate_desktop.gui.widgets.number_field import NumberField
from ffmate_desktop.services.retention import StorageUsage
from ffmate_desktop.settings import (
    KEEP_LOGS_COUNT,
    KEEP_LOGS_DAYS,
    KEEP_TASKS_COUNT,
    KEEP_TASKS_DAYS,
    Setting,
)

_WIDTH = 150


class RetentionSection(Section):
    """Zero means no limit. Fields that were given on the command line or by the environment are shown, and locked."""

    def __init__(self, theme: Theme, setup: Setup, wishes: RetentionWishes) -> None:
        super().__init__(
            theme,
            self.tr("Logs and history"),
            self.tr("How long log files and finished tasks are kept. The oldest go first."),
        )
        self._setup, self._wishes = setup, wishes
        now = setup.settings.retention
        self.logs_days = self._field(
            self.tr("Keep log files of tasks, in days"),
            MAX_DAYS,
            now.log_days,
            "keep_logs_days",
            KEEP_LOGS_DAYS,
        )
        self.logs_count = self._field(
            self.tr("Most log files"), MAX_COUNT, now.log_count, "keep_logs_count", KEEP_LOGS_COUNT
        )
        self.logs_note = SectionNote(theme)
        self.column.addWidget(self.logs_note)
        self.add_line()
        self.tasks_days = self._field(
            self.tr("Keep finished tasks, in days"),
            MAX_DAYS,
            now.task_days,
            "keep_tasks_days",
            KEEP_TASKS_DAYS,
            self.tr("Removes them from the queue for every computer, with their logs. Output files stay."),
        )
        self.tasks_count = self._field(
            self.tr("Most finished tasks"), MAX_COUNT, now.task_count, "keep_tasks_count", KEEP_TASKS_COUNT
        )
        self.tasks_note = SectionNote(theme)
        self.column.addWidget(self.tasks_note)
        self.column.addStretch(1)

    def _field(
        self, title: str, most: int, value: int, name: str, setting: Setting, help_text: str = ""
    ) -> NumberField:
        field = NumberField(0, most, title)
        field.setSpecialValueText(self.tr("No limit"))
        field.setGroupSeparatorShown(True)
        field.setFixedWidth(_WIDTH)
        field.setValue(value)
        note = self.add_field(title, field, help_text)
        self.lock_if_given(self._setup.settings, name, setting, note, field)
        field.valueChanged.connect(lambda _value: self.edited.emit())
        return field

    def show_usage(self, used: StorageUsage) -> None:
        """How much there is now."""
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

    def wishes(self) -> RetentionWishes:
        """What to remember; a default is not written down."""
        before, usual = self._wishes, Retention()

        def chosen(field: NumberField, default: int, kept: int | None) -> int | None:
            field.interpretText()
            if not field.isEnabled():
                return kept
            return None if field.value() == default else field.value()

        return RetentionWishes(
            logs_days=chosen(self.logs_days, DEFAULT_LOG_DAYS, before.logs_days),
            logs_count=chosen(self.logs_count, usual.log_count, before.logs_count),
            tasks_days=chosen(self.tasks_days, usual.task_days, before.tasks_days),
            tasks_count=chosen(self.tasks_count, usual.task_count, before.tasks_count),
        )
