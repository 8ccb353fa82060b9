"""The other sections of the watchfolder dialog: which files to queue, originals, and tasks."""

from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QWidget

from ffmate_desktop.domain.labels import check_labels
from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.domain.queue_order import HIGHEST_PRIORITY
from ffmate_desktop.domain.watchfolder import (
    Extensions,
    FileFilter,
    Globs,
    Original,
    OriginalAction,
    WatchfolderSettings,
)
from ffmate_desktop.gui.widgets.fields import Fields
from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.gui.widgets.plain_text import painter_text
from ffmate_desktop.gui.widgets.segments import Segments

_MEBI = 1 << 20


class FilterForm(Fields):
    """Extensions, patterns, size and age."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = FileFilter()
        self.include = self.line(self.tr("All media files"))
        self.exclude = self.line(self.tr("For example: mxf, wav"))
        self.only = self.line(self.tr("For example: *_final.*"))
        self.never = self.line(self.tr("For example: *_proxy.*, archive/"))
        self.least_size = self.number(
            0, 1_000_000, self.tr("Minimum size"), self.tr("MiB"), self.tr("any size")
        )
        self.least_age = self.number(0, 7 * 86_400, self.tr("Minimum age"), self.tr("s"), self.tr("any age"))
        self.deep = QCheckBox(self.tr("Include subfolders"))
        self.deep.toggled.connect(lambda _on: self.edited.emit())
        self.row(self.tr("Extensions"), self.include)
        self.row(self.tr("Except"), self.exclude)
        self.row(self.tr("Only names matching"), self.only)
        self.row(self.tr("Never names matching"), self.never)
        self.row(self.tr("Minimum size"), self.least_size)
        self.row(self.tr("Minimum age"), self.least_age)
        self.note(self.deep)
        self.note(
            label(
                self.tr(
                    "* matches any text, ? one character, ** any folders. End a name with / to match a "
                    "folder. Hidden files, unfinished files and the cluster's own outputs are never "
                    "queued."
                ),
                "third",
                wraps=True,
            )
        )
        self.end()

    def show_settings(self, settings: WatchfolderSettings) -> None:
        self._shown = shown = settings.filter
        self.include.setText(", ".join(shown.extensions.include))
        self.exclude.setText(", ".join(shown.extensions.exclude))
        self.only.setText(", ".join(shown.globs.include))
        self.never.setText(", ".join(shown.globs.exclude))
        self.least_size.setValue(_up(shown.min_size / _MEBI))
        self.least_age.setValue(_up(shown.min_age))
        self.deep.setChecked(settings.recursive)

    def file_filter(self) -> FileFilter:
        """The filter as filled in. A stored value that the field shows rounded stays exact unless edited."""
        was = self._shown
        size, age = self.least_size.value(), self.least_age.value()
        return FileFilter(
            extensions=Extensions(include=_words(self.include, " ,"), exclude=_words(self.exclude, " ,")),
            globs=Globs(include=_words(self.only, ","), exclude=_words(self.never, ",")),
            min_size=was.min_size if size == _up(was.min_size / _MEBI) else size * _MEBI,
            min_age=was.min_age if age == _up(was.min_age) else age,
        )


class OriginalsForm(Fields):
    """What happens to originals, and how often a failed file is retried."""

    def __init__(self) -> None:
        super().__init__()
        self.success = OriginalField(self, self.tr("After success"), may_trash=True)
        self.failure = OriginalField(self, self.tr("After failure"), may_trash=False)
        self.retries = self.number(0, 100, self.tr("Retries after a failure"), special=self.tr("none"))
        self.row(self.tr("After success"), self.success)
        self.note(self.success.folder)
        self.note(self.success.explanation)
        self.row(self.tr("Retries"), self.retries)
        self.row(self.tr("After failure"), self.failure)
        self.note(self.failure.folder)
        self.note(self.failure.explanation)
        self.end()

    def show_settings(self, settings: WatchfolderSettings) -> None:
        self.success.show_original(settings.on_success)
        self.failure.show_original(settings.on_failure)
        self.retries.setValue(settings.retries)


class OriginalField(QWidget):
    """Leave, move or trash, with a sentence about what that means."""

    def __init__(self, fields: Fields, name: str, *, may_trash: bool) -> None:
        super().__init__()
        titles = [self.tr("Leave it"), self.tr("Move it")]
        self._choices = Segments([*titles, *([self.tr("Move to trash")] if may_trash else [])], name)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._choices)
        row.addStretch(1)
        self._is_success = may_trash
        self.folder = fields.line(self.tr("Destination folder, for example: done"))
        self.folder.setAccessibleName(self.tr("Folder for originals"))
        self.explanation = label(look="second", wraps=True)
        self._choices.chosen.connect(lambda _number: self._show())
        self._choices.chosen.connect(lambda _number: fields.edited.emit())
        self.folder.textChanged.connect(lambda _text: self._show())
        self._show()

    @property
    def original(self) -> Original:
        action = tuple(OriginalAction)[self._choices.current]
        return Original(
            action=action, folder=self.folder.text().strip() if action is OriginalAction.MOVE else ""
        )

    def show_original(self, original: Original) -> None:
        self._choices.choose(tuple(OriginalAction).index(original.action))
        self.folder.setText(original.folder)
        self._show()

    def choose(self, action: OriginalAction) -> None:
        """Choose an action as if the user had clicked it."""
        self._choices.press(tuple(OriginalAction).index(action))

    def _show(self) -> None:
        moves = self.original.action is OriginalAction.MOVE
        self.folder.setVisible(moves)
        self.explanation.setText(self._explanation())
        self.explanation.setVisible(bool(self.explanation.text()))

    def _explanation(self) -> str:
        match self.original.action:
            case OriginalAction.LEAVE:
                return ""
            case OriginalAction.MOVE if self._is_success:
                return self.tr("The original is moved once its output is in place and verified.")
            case OriginalAction.MOVE:
                return self.tr("The original is moved after the last attempt has failed.")
            case OriginalAction.TRASH:
                return self.tr(
                    "The original is moved to the trash of the scanning computer once its output is in "
                    "place and verified."
                )


class TasksForm(Fields):
    """Priority, labels, and FFmate's lock files."""

    def __init__(self) -> None:
        super().__init__()
        self.priority = self.line()
        self.priority.setValidator(QIntValidator(0, HIGHEST_PRIORITY, self.priority))
        self.labels = self.line(self.tr("Any node"))
        self.locks = QCheckBox(self.tr("Write FFmate's .lock files"))
        self.locks.toggled.connect(lambda _on: self.edited.emit())
        self.row(self.tr("Priority"), self.priority)
        self.note(label(self.tr("Tasks with a higher priority run first."), "third", wraps=True))
        self.row(self.tr("Labels"), self.labels)
        self.note(
            label(
                self.tr(
                    "Only nodes with all of these labels, such as storage:media, scan the folder and run "
                    "its tasks."
                ),
                "third",
                wraps=True,
            )
        )
        self.note(self.locks)
        self.note(
            label(
                self.tr(
                    "Use this while FFmate nodes watch the same folder. Their lock files are always "
                    "respected."
                ),
                "third",
                wraps=True,
            )
        )
        self.end()

    def show_settings(self, settings: WatchfolderSettings) -> None:
        self.priority.setText("" if settings.priority is None else str(settings.priority))
        self.labels.setText(", ".join(settings.labels))
        self.locks.setChecked(settings.write_locks)

    def show_preset(self, preset: Preset | None) -> None:
        """Show the preset's priority, which an empty field stands for."""
        self.priority.setPlaceholderText(
            painter_text(
                self.tr("{0} (preset)").format(preset.priority) if preset else self.tr("Same as preset")
            )
        )

    def chosen_priority(self) -> int | None:
        """None means the preset's priority."""
        return int(self.priority.text()) if self.priority.hasAcceptableInput() else None

    def chosen_labels(self) -> tuple[str, ...]:
        """Raises UsageError for an invalid label."""
        return check_labels(self.labels.text().replace(",", " ").split())


def _words(field: QLineEdit, between: str) -> tuple[str, ...]:
    text = field.text()
    for char in between:
        text = text.replace(char, ",")
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _up(value: float) -> int:
    return int(-(-value // 1))
