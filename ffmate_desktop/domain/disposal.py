"""What is still to be done with an original, as its file record keeps it."""

from typing import Literal

from pydantic import Field, model_validator

from ffmate_desktop.domain.wire import ForwardCompatible


class Disposition(ForwardCompatible):
    """`output` and `size` tell whether the result is there; `target` and `tag` are there once a move has begun."""

    action: Literal["move", "trash"]
    is_done: bool
    output: str | None = None
    size: int | None = None
    folder: str | None = None
    target: str | None = None
    tag: str | None = None
    tried: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _names_a_folder(self) -> "Disposition":
        if self.action == "move" and self.folder is None:
            raise ValueError("no folder is named")
        return self
