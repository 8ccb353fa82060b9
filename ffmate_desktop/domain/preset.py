"""A preset: a named command template with an output pattern, priority and labels."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field, JsonValue

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.processing import DirectWebhook, NewProcessing
from ffmate_desktop.domain.wire import ForwardCompatible


class PresetExtra(ForwardCompatible):
    """Optional parts of a preset, stored as one value under FFmate's names."""

    pre_processing: NewProcessing | None = None
    post_processing: NewProcessing | None = None
    webhooks: tuple[DirectWebhook, ...] | None = None


class Preset(ForwardCompatible):
    """FFmate's preset fields, plus `labels` and `group`. `built_in` presets come with the program.

    `unreadable` says why this release can't read the scripts and webhooks; `as_stored` then has them as stored.
    """

    uuid: UUID
    name: str
    description: str = ""
    command: str
    output_file: str = ""
    priority: int = Field(default=0, ge=0)
    labels: tuple[str, ...] = ()
    pre_processing: NewProcessing | None = None
    post_processing: NewProcessing | None = None
    webhooks: tuple[DirectWebhook, ...] | None = None
    group: str = ""
    built_in: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None
    unreadable: str | None = None
    as_stored: dict[str, JsonValue] = Field(default_factory=dict, exclude=True)

    @property
    def extra(self) -> PresetExtra:
        """Scripts, webhooks and unknown fields of newer releases."""
        known: dict[str, Any] = {name: getattr(self, name) for name in PresetExtra.model_fields}
        return PresetExtra(**known).model_copy(update=self.model_extra)

    def to_json(self) -> dict[str, Any]:
        """The preset as FFmate writes it; unreadable parts as stored."""
        return self.as_stored | super().to_json()

    def check_readable(self) -> None:
        """Raise UserError if a task created from this preset could lack one of its scripts."""
        if self.unreadable is not None:
            raise UserError(
                f"Can't use the preset “{self.name}”. {self.unreadable}",
                "Update FFmate Desktop, or choose another preset.",
            )


def extra_fields(extra: PresetExtra) -> dict[str, Any]:
    """The fields for a Preset. Unknown fields of newer releases never override fields that the preset has."""
    own_names = set(Preset.model_fields) | {field.alias for field in Preset.model_fields.values()}
    unknown = {key: value for key, value in (extra.model_extra or {}).items() if key not in own_names}
    return {name: getattr(extra, name) for name in PresetExtra.model_fields} | unknown
