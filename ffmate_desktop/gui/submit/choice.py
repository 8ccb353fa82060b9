"""The choices made in the submit sheet. They are remembered, and turned into new tasks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from PySide6.QtCore import QSettings

from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.domain.status import IfExists
from ffmate_desktop.domain.task import NewTask
from ffmate_desktop.gui.presets.defaults import (
    DEFAULT_COMMAND,
    DEFAULT_OUTPUT_NAME,
    DEFAULT_PRESET,
    NEXT_TO_INPUT,
)
from ffmate_desktop.services.media_search import MediaFile, with_output_folder


@dataclass(slots=True)
class SubmitChoice:
    """An empty `folder` or `name` means the one of the preset's output pattern.

    Priority and labels are not remembered: they fit one submission, not the next.
    """

    preset: UUID | None = DEFAULT_PRESET
    """None: use `command`."""
    command: str = DEFAULT_COMMAND
    command_name: str = DEFAULT_OUTPUT_NAME
    folder: str = ""
    name: str = ""
    if_exists: IfExists = IfExists.RENAME
    priority: int | None = None
    labels: tuple[str, ...] = field(default=())

    def make_tasks(self, files: Sequence[MediaFile], preset: Preset | None) -> list[NewTask]:
        """One task per file. Below `folder`, the tree of a dropped folder is kept. Raises UsageError."""
        return [self._task(file, preset) for file in files]

    def _task(self, file: MediaFile, preset: Preset | None) -> NewTask:
        new = NewTask(
            input_file=file.path,
            preset=self.preset,
            command=self.command if self.preset is None else None,
            output_file=self._output_pattern(preset) or None,
            priority=self.priority,
            labels=self.labels,
            if_exists=self.if_exists,
        )
        has_output = bool(new.output_file or (preset and preset.output_file))
        return with_output_folder(new, self.folder, file.tree, preset) if self.folder and has_output else new

    def _output_pattern(self, preset: Preset | None) -> str:
        """Folder and name, or empty for the preset's own pattern."""
        name = self.name if self.preset else self.command_name
        if not name or "/" in name or "\\" in name:
            return name
        folder = preset.output_file.replace("\\", "/").rpartition("/")[0] if preset else ""
        return f"{folder or NEXT_TO_INPUT}/{name}"

    def save(self, window_state: QSettings) -> None:
        window_state.setValue("submit/preset", str(self.preset or ""))
        window_state.setValue("submit/command", self.command)
        window_state.setValue("submit/command_name", self.command_name)
        window_state.setValue("submit/folder", self.folder)
        window_state.setValue("submit/name", self.name)
        window_state.setValue("submit/if_exists", self.if_exists.value)

    @classmethod
    def remembered(cls, window_state: QSettings) -> "SubmitChoice":
        """The last choice, or the defaults."""
        preset = _text(window_state, "submit/preset", str(DEFAULT_PRESET))
        policy = _text(window_state, "submit/if_exists", IfExists.RENAME.value)
        if policy == IfExists.FAIL:  # older releases stored FAIL for "skip the file"
            policy = IfExists.SKIP
        return cls(
            preset=_uuid(preset),
            command=_text(window_state, "submit/command", DEFAULT_COMMAND),
            command_name=_text(window_state, "submit/command_name", DEFAULT_OUTPUT_NAME),
            folder=_text(window_state, "submit/folder", ""),
            name=_text(window_state, "submit/name", ""),
            if_exists=IfExists(policy) if policy in set(IfExists) else IfExists.RENAME,
        )


def _text(window_state: QSettings, key: str, default: str) -> str:
    value = window_state.value(key, default)
    return value if isinstance(value, str) else default  # an INI file reads a comma as a list


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:  # the file was edited by hand
        return DEFAULT_PRESET
