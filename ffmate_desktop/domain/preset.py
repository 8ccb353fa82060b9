"""A preset: a named command template with an output pattern, priority and labels."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from ffmate_desktop.domain.processing import DirectWebhook, NewProcessing
from ffmate_desktop.domain.wire import Wire


class PresetExtra(Wire):
    """What a preset may bring besides its command; stored as one value, under FFmate's names."""

    pre_processing: NewProcessing | None = None
    post_processing: NewProcessing | None = None
    webhooks: tuple[DirectWebhook, ...] | None = None


class Preset(Wire):
    """FFmate's preset fields; `labels` and `group` are ours, `built_in` tells those that come with the program."""

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

    @property
    def extra(self) -> PresetExtra:
        """Scripts and webhooks, apart from the rest."""
        return PresetExtra(
            pre_processing=self.pre_processing, post_processing=self.post_processing, webhooks=self.webhooks
        )
