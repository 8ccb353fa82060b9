"""The scripts of a preset: one before the encode, one after it, and the sidecars that tell them of the task."""

from PySide6.QtWidgets import QCheckBox, QLineEdit

from ffmate_desktop.domain.preset import PresetExtra
from ffmate_desktop.domain.processing import NewProcessing
from ffmate_desktop.domain.wire import with_unknown_fields
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.fields import Fields
from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.gui.widgets.wildcard_menu import WildcardButton


class ScriptFields(Fields):
    """Webhooks of the preset are kept as they are: they have no fields."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shown = PresetExtra()
        self._inserts: list[WildcardButton] = []
        self.before = self._script(self.tr("Script before"), "/srv/scripts/choose.py ${SIDECAR_FILE}")
        self.before_sidecar = self._sidecar(self.tr("Sidecar before"))
        self.imports = QCheckBox(self.tr("Apply the changes the script makes to the sidecar"))
        self.imports.setToolTip(self.tr("Command, input, output, metadata, and the script after the encode"))
        self.imports.toggled.connect(lambda _on: self.edited.emit())
        self.note(self.imports)
        self.after = self._script(self.tr("Script after"), "/srv/scripts/deliver.sh ${OUTPUT_FILE}")
        self.after_sidecar = self._sidecar(self.tr("Sidecar after"))
        self.note(
            label(
                self.tr(
                    "The full path of a script on the nodes, followed by its arguments. No shell is involved. If "
                    "a script fails, the task fails. A node runs only scripts that its owner has allowed."
                ),
                "third",
                wraps=True,
            )
        )
        self.end()

    def _script(self, title: str, example: str) -> QLineEdit:
        return self._with_wildcards(title, self.line(example), WildcardButton(self._theme, for_script=True))

    def _sidecar(self, title: str) -> QLineEdit:
        field = self.line(self.tr("A temporary file unless you enter a path"))
        field.setToolTip(self.tr("A JSON file with the task. Its path is ${SIDECAR_FILE}."))
        return self._with_wildcards(title, field, WildcardButton(self._theme, for_output=True))

    def _with_wildcards(self, title: str, field: QLineEdit, insert: WildcardButton) -> QLineEdit:
        insert.chosen.connect(field.insert)
        policy = insert.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        insert.setSizePolicy(policy)
        self._inserts.append(insert)
        self.row(title, field, insert)
        return field

    @property
    def _lines(self) -> tuple[QLineEdit, ...]:
        return self.before, self.before_sidecar, self.after, self.after_sidecar

    def show_extra(self, extra: PresetExtra) -> None:
        """Fill in these."""
        before = extra.pre_processing or NewProcessing()
        after = extra.post_processing or NewProcessing()
        texts = (before.script_path, before.sidecar_path, after.script_path, after.sidecar_path)
        for field, text in zip(self._lines, texts, strict=True):
            field.setText(text or "")
            field.setCursorPosition(0)
        self.imports.setChecked(bool(before.import_sidecar))
        self._shown = extra

    def set_editable(self, editable: bool) -> None:
        """Built-in presets can be read and copied."""
        for field in self._lines:
            field.setReadOnly(not editable)
        for insert in self._inserts:
            insert.setVisible(editable)
        self.imports.setEnabled(editable)

    def extra(self) -> PresetExtra:
        """What is filled in, not checked. What was not touched stays as it was, in every detail."""
        before = _processing(self.before, self.before_sidecar, imports=self.imports.isChecked())
        after = _processing(self.after, self.after_sidecar)
        was = self._shown
        return was.model_copy(
            update={
                "pre_processing": _changed(was.pre_processing, before),
                "post_processing": _changed(was.post_processing, after),
            }
        )

    def count(self) -> int:
        """How many scripts there are."""
        return sum(bool(field.text().strip()) for field in (self.before, self.after))


def _processing(script: QLineEdit, sidecar: QLineEdit, *, imports: bool = False) -> NewProcessing | None:
    made = NewProcessing(
        script_path=script.text().strip(), sidecar_path=sidecar.text().strip(), import_sidecar=imports or None
    )
    return None if made.is_empty and not imports else made


def _changed(was: NewProcessing | None, made: NewProcessing | None) -> NewProcessing | None:
    """What is filled in, with what a newer release added to it."""
    if was is None or _same(was, made):
        return made if was is None else was
    kept = with_unknown_fields(made or NewProcessing(), was)
    return kept if made is not None or kept.model_extra else None


def _same(one: NewProcessing | None, other: NewProcessing | None) -> bool:
    """Whether the fields show both alike: a missing sidecar and an empty one are the same."""

    def shown(new: NewProcessing | None) -> tuple[str | None, str | None, bool]:
        found = new or NewProcessing()
        return found.script_path, found.sidecar_path, bool(found.import_sidecar)

    return shown(one) == shown(other)
