"""The scripts of a preset, before and after the encode, and the sidecars that describe the task to them."""

from PySide6.QtWidgets import QCheckBox, QLineEdit

from ffmate_desktop.domain.preset import PresetExtra
from ffmate_desktop.domain.processing import NewProcessing
from ffmate_desktop.domain.wire import with_unknown_fields
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.fields import Fields
from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.gui.widgets.wildcard_menu import WildcardButton


class ScriptFields(Fields):
    """The preset's webhooks have no fields here and are kept unchanged."""

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
        before = extra.pre_processing or NewProcessing()
        after = extra.post_processing or NewProcessing()
        texts = (before.script_path, before.sidecar_path, after.script_path, after.sidecar_path)
        for field, text in zip(self._lines, texts, strict=True):
            field.setText(text or "")
            field.setCursorPosition(0)
        self.imports.setChecked(bool(before.import_sidecar))
        self._shown = extra

    def set_editable(self, editable: bool) -> None:
        for field in self._lines:
            field.setReadOnly(not editable)
        for insert in self._inserts:
            insert.setVisible(editable)
        self.imports.setEnabled(editable)

    def extra(self) -> PresetExtra:
        """What is entered, unchecked. Untouched parts are kept exactly as they were."""
        before = _processing(self.before, self.before_sidecar, imports=self.imports.isChecked())
        after = _processing(self.after, self.after_sidecar)
        shown = self._shown
        return shown.model_copy(
            update={
                "pre_processing": _merged(shown.pre_processing, before),
                "post_processing": _merged(shown.post_processing, after),
            }
        )

    def count(self) -> int:
        return sum(bool(field.text().strip()) for field in (self.before, self.after))


def _processing(script: QLineEdit, sidecar: QLineEdit, *, imports: bool = False) -> NewProcessing | None:
    entered = NewProcessing(
        script_path=script.text().strip(), sidecar_path=sidecar.text().strip(), import_sidecar=imports or None
    )
    return None if entered.is_empty and not imports else entered


def _merged(before: NewProcessing | None, entered: NewProcessing | None) -> NewProcessing | None:
    """What is entered, with any fields a newer release has added."""
    if before is None:
        return entered
    if _looks_same(before, entered):
        return before
    merged = with_unknown_fields(entered or NewProcessing(), before)
    return merged if entered is not None or merged.model_extra else None


def _looks_same(a: NewProcessing | None, b: NewProcessing | None) -> bool:
    """Whether both look the same in the fields: a missing and an empty sidecar do."""

    def visible(processing: NewProcessing | None) -> tuple[str | None, str | None, bool]:
        processing = processing or NewProcessing()
        return processing.script_path, processing.sidecar_path, bool(processing.import_sidecar)

    return visible(a) == visible(b)
