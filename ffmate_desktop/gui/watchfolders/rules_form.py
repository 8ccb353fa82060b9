"""The further parts of the watchfolder dialog: which files are taken, and what happens to them and their tasks."""

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


class WhichFiles(Fields):
    """QuittableProgram, patterns, size and age."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = FileFilter()
        self.include = self.line(self.tr("Every kind of media file"))
        self.exclude = self.line(self.tr("For example: mxf, wav"))
        self.only = self.line(self.tr("For example: *_final.*"))
        self.never = self.line(self.tr("For example: *_proxy.*, archive/"))
        self.least_size = self.number(
            0, 1_000_000, self.tr("Smallest size"), self.tr("MiB"), self.tr("any size")
        )
        self.least_age = self.number(0, 7 * 86_400, self.tr("Smallest age"), self.tr("s"), self.tr("any age"))
        self.deep = QCheckBox(self.tr("Folders in the folder, too"))
        self.deep.toggled.connect(lambda _on: self.edited.emit())
        self.row(self.tr("Extensions"), self.include)
        self.row(self.tr("But not"), self.exclude)
        self.row(self.tr("Only names like"), self.only)
        self.row(self.tr("Never names like"), self.never)
        self.row(self.tr("At least"), self.least_size)
        self.row(self.tr("Unchanged for"), self.least_age)
        self.note(self.deep)
        self.note(
            label(
                self.tr(
                    "* stands for any text, ? for one letter, ** for any folders. A name with a / at its end "
                    "means a folder. What the cluster itself wrote, hidden and unfinished files are never taken."
                ),
                "third",
                wraps=True,
            )
        )
        self.end()

    def show_settings(self, settings: WatchfolderSettings) -> None:
        """Fill in these."""
        self._shown = wanted = settings.filter
        self.include.setText(", ".join(wanted.extensions.include))
        self.exclude.setText(", ".join(wanted.extensions.exclude))
        self.only.setText(", ".join(wanted.globs.include))
        self.never.setText(", ".join(wanted.globs.exclude))
        self.least_size.setValue(_up(wanted.min_size / _MEBI))
        self.least_age.setValue(_up(wanted.min_age))
        self.deep.setChecked(settings.recursive)

    def wanted(self) -> FileFilter:
        """What is filled in; a value that the field cannot tell exactly stays as it was."""
        was = self._shown
        size, age = self.least_size.value(), self.least_age.value()
        return FileFilter(
            extensions=Extensions(include=_words(self.include, " ,"), exclude=_words(self.exclude, " ,")),
            globs=Globs(include=_words(self.only, ","), exclude=_words(self.never, ",")),
            min_size=was.min_size if size == _up(was.min_size / _MEBI) else size * _MEBI,
            min_age=was.min_age if age == _up(was.min_age) else age,
        )


class Afterwards(Fields):
    """What becomes of the original, and how often a failed file is tried again."""

    def __init__(self) -> None:
        super().__init__()
        self.success = _After(self, self.tr("After success"), may_trash=True)
        self.failure = _After(self, self.tr("After failure"), may_trash=False)
        self.retries = self.number(0, 100, self.tr("Tries after a failure"), special=self.tr("none"))
        self.row(self.tr("After success"), self.success)
        self.note(self.success.folder)
        self.note(self.success.words)
        self.row(self.tr("Try again"), self.retries)
        self.row(self.tr("After failure"), self.failure)
        self.note(self.failure.folder)
        self.note(self.failure.words)
        self.end()

    def show_settings(self, settings: WatchfolderSettings) -> None:
        """Fill in these."""
        self.success.show_original(settings.on_success)
        self.failure.show_original(settings.on_failure)
        self.retries.setValue(settings.retries)


class _After(QWidget):
    """Leave, move or throw away; in plain words what that means."""

    def __init__(self, fields: Fields, name: str, *, may_trash: bool) -> None:
        super().__init__()
        titles = [self.tr("Leave the original"), self.tr("Move it")]
        self._choices = Segments([*titles, *([self.tr("System trash")] if may_trash else [])], name)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._choices)
        row.addStretch(1)
        self._is_success = may_trash
        self.folder = fields.line(self.tr("To this folder, for example: done"))
        self.folder.setAccessibleName(self.tr("Folder for originals"))
        self.words = label(look="second", wraps=True)
        self._choices.chosen.connect(lambda _number: self._show())
        self._choices.chosen.connect(lambda _number: fields.edited.emit())
        self.folder.textChanged.connect(lambda _text: self._show())
        self._show()

    @property
    def original(self) -> Original:
        """What is filled in."""
        action = tuple(OriginalAction)[self._choices.current]
        return Original(
            action=action, folder=self.folder.text().strip() if action is OriginalAction.MOVE else ""
        )

    def show_original(self, original: Original) -> None:
        """Fill in this."""
        self._choices.choose(tuple(OriginalAction).index(original.action))
        self.folder.setText(original.folder)
        self._show()

    def choose(self, action: OriginalAction) -> None:
        """As if the user had clicked it."""
        self._choices.press(tuple(OriginalAction).index(action))

    def _show(self) -> None:
        moves = self.original.action is OriginalAction.MOVE
        self.folder.setVisible(moves)
        self.words.setText(self._in_words())
        self.words.setVisible(bool(self.words.text()))

    def _in_words(self) -> str:
        match self.original.action:
            case OriginalAction.LEAVE:
                return ""
            case OriginalAction.MOVE if self._is_success:
                return self.tr("The original leaves the folder when its output is in place and was checked.")
            case OriginalAction.MOVE:
                return self.tr("The original leaves the folder when the last try has failed.")
            case OriginalAction.TRASH:
                return self.tr(
                    "The original goes to the trash of the computer that scans, "
                    "when its output is in place and was checked."
                )


class Tasks(Fields):
    """Urgency, where it may run, and living together with FFmate."""

    def __init__(self) -> None:
        super().__init__()
        self.priority = self.line()
        self.priority.setValidator(QIntValidator(0, HIGHEST_PRIORITY, self.priority))
        self.labels = self.line(self.tr("Any node"))
        self.locks = QCheckBox(self.tr("Write FFmate's .lock files, too"))
        self.locks.toggled.connect(lambda _on: self.edited.emit())
        self.row(self.tr("Priority"), self.priority)
        self.note(label(self.tr("Tasks with a higher number run first."), "third", wraps=True))
        self.row(self.tr("Labels"), self.labels)
        self.note(
            label(
                self.tr(
                    "Only nodes with these labels scan the folder and run its tasks, such as storage:media."
                ),
                "third",
                wraps=True,
            )
        )
        self.note(self.locks)
        self.note(
            label(
                self.tr(
                    "For the time in which FFmate nodes watch the same folder. Theirs are always honoured."
                ),
                "third",
                wraps=True,
            )
        )
        self.end()

    def show_settings(self, settings: WatchfolderSettings) -> None:
        """Fill in these."""
        self.priority.setText("" if settings.priority is None else str(settings.priority))
        self.labels.setText(", ".join(settings.labels))
        self.locks.setChecked(settings.write_locks)

    def show_preset(self, preset: Preset | None) -> None:
        """What is taken where the priority is left empty."""
        self.priority.setPlaceholderText(
            painter_text(
                self.tr("{0}, as preset").format(preset.priority) if preset else self.tr("As preset")
            )
        )

    def chosen_priority(self) -> int | None:
        """None: that of the preset."""
        return int(self.priority.text()) if self.priority.hasAcceptableInput() else None

    def chosen_labels(self) -> tuple[str, ...]:
        """Raises UsageError for what is no label."""
        return check_labels(self.labels.text().replace(",", " ").split())


def _words(field: QLineEdit, between: str) -> tuple[str, ...]:
    text = field.text()
    for char in between:
        text = text.replace(char, ",")
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _up(value: float) -> int:
    return int(-(-value // 1))
