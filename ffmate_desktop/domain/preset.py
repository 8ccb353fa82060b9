"""A preset: a named command template with an output pattern, priority and labels."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from ffmate_desktop.domain.task import Wire


class Preset(Wire):
    """FFmate's preset fields; `labels` and `group` are ours, `built_in` tells those that come with the program."""

    uuid: UUID
    name: str
    description: str = ""
    command: str
    output_file: str = ""
    priority: int = Field(default=0, ge=0)
    labels: tuple[str, ...] = ()
    group: str = ""
    built_in: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None
