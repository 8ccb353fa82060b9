"""A button with a menu of wildcards to insert into a text."""

from PySide6.QtCore import QCoreApplication, QPoint, Qt, Signal
from PySide6.QtWidgets import QMenu, QToolButton

from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.plain_text import menu_text


def wildcards(*, for_output: bool = False, for_script: bool = False) -> list[tuple[str, str]]:
    """Wildcards and their descriptions. Output names can't contain output wildcards; only scripts have a sidecar."""
    translate = QCoreApplication.translate
    files = [
        ("${INPUT_FILE}", translate("wildcards", "Full path of the input")),
        ("${INPUT_FILE_BASENAME}", translate("wildcards", "Input name without extension")),
        ("${INPUT_FILE_BASE}", translate("wildcards", "Input name with extension")),
        ("${INPUT_FILE_EXTENSION}", translate("wildcards", "Input extension, with the dot")),
        ("${INPUT_FILE_DIR}", translate("wildcards", "Input folder")),
    ]
    output = [
        ("${OUTPUT_FILE}", translate("wildcards", "Full path of the output")),
        ("${OUTPUT_FILE_BASENAME}", translate("wildcards", "Output name without extension")),
        ("${OUTPUT_FILE_DIR}", translate("wildcards", "Output folder")),
    ]
    rest = [
        ("${DATE_YEAR}-${DATE_MONTH}-${DATE_DAY}", translate("wildcards", "Date")),
        ("${TIME_HOUR}-${TIME_MINUTE}-${TIME_SECOND}", translate("wildcards", "Time")),
        ("${UUID}", translate("wildcards", "Task ID")),
        ("${OS_NAME}", translate("wildcards", "Operating system of the node")),
        ("${INPUT_FILE_BASENAME|slug}", translate("wildcards", "Input name, safe for URLs")),
    ]
    quoted = [("${INPUT_FILE|filter}", translate("wildcards", "Input path, quoted for a filter"))]
    sidecar = [("${SIDECAR_FILE}", translate("wildcards", "Sidecar: a file with the task as JSON"))]
    if for_output:
        return files + rest
    return [*(sidecar if for_script else []), *files, *output, *rest, *([] if for_script else quoted)]


class WildcardButton(QToolButton):
    """Emits `chosen` with the text to insert."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, *, for_output: bool = False, for_script: bool = False) -> None:
        super().__init__()
        self._for_output, self._for_script = for_output, for_script
        self.setText(self.tr("Insert"))
        self.setToolTip(self.tr("Insert a wildcard"))
        self.setAccessibleName(self.tr("Insert a wildcard"))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        theme.set_icon(self, "plus", "text_2")
        self.clicked.connect(self._open)

    def _open(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, meaning in wildcards(for_output=self._for_output, for_script=self._for_script):
            action = menu.addAction(f"{menu_text(meaning)}\t{menu_text(text)}")
            action.triggered.connect(lambda _checked=False, text=text: self.chosen.emit(text))
        menu.popup(self.mapToGlobal(QPoint(0, self.height() + 4)))
