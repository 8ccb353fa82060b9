"""What is done before and after an encode: scripts, the sidecar that tells them of the task, direct webhooks."""

from typing import Annotated

from pydantic import BeforeValidator

from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.grammar import tokenise
from ffmate_desktop.domain.wildcards import wildcards_in
from ffmate_desktop.domain.wire import ForwardCompatible, RawResolved, Wire

OptionalText = Annotated[str | None, BeforeValidator(lambda value: value or None)]
"""FFmate's window writes an empty text where there is none."""


class NewProcessing(ForwardCompatible):
    """What a submitter or a preset asks for. `script_path` may have arguments behind the script."""

    script_path: OptionalText = None
    sidecar_path: OptionalText = None
    import_sidecar: bool | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing would happen."""
        return self.script_path is None and self.sidecar_path is None


class DirectWebhook(ForwardCompatible):
    """An address that is told of the events of one task."""

    event: str
    url: str


class ProcessingSpec(ForwardCompatible):
    """The same, checked: `tokens` are the script and its arguments, wildcards unexpanded."""

    script: str | None = None
    tokens: tuple[str, ...] = ()
    sidecar: str | None = None
    import_sidecar: bool = False

    @property
    def needs_sidecar(self) -> bool:
        """Whether a sidecar has to be written."""
        named = (wildcards_in(token) for token in self.tokens)
        return (
            self.sidecar is not None or self.import_sidecar or any("SIDECAR_FILE" in used for used in named)
        )

    def as_new(self) -> NewProcessing:
        """What it was made from."""
        return NewProcessing(
            script_path=self.script, sidecar_path=self.sidecar, import_sidecar=self.import_sidecar or None
        )


class Processing(Wire):
    """What people see of it. Times in milliseconds since 1970 UTC; `error` is the first line."""

    script_path: RawResolved | None = None
    sidecar_path: RawResolved | None = None
    import_sidecar: bool | None = None
    error: str | None = None
    started_at: int | None = None
    finished_at: int | None = None


def check_processing(new: NewProcessing | None, which: str) -> ProcessingSpec | None:
    """Raises UsageError for what could never run. `which` is "pre" or "post"; None when nothing is asked for."""
    if new is None or new.is_empty:
        return None
    if new.import_sidecar and which == "post":
        raise UsageError(
            "A sidecar can only be imported before the encode, not after it.",
            "Leave importSidecar out of postProcessing.",
        )
    if new.sidecar_path is not None:
        used = wildcards_in(new.sidecar_path)
        if "SIDECAR_FILE" in used:
            raise UsageError("The path of a sidecar cannot contain ${SIDECAR_FILE}, which stands for it.")
        if new.sidecar_path.endswith(("/", "\\")):
            raise UsageError(
                f"The sidecar “{new.sidecar_path}” does not name a file.",
                "Add a name, for example ${INPUT_FILE_BASENAME}.json",
            )
    return ProcessingSpec(
        script=new.script_path,
        tokens=() if new.script_path is None else tuple(_tokens(new.script_path, which)),
        sidecar=new.sidecar_path,
        import_sidecar=bool(new.import_sidecar),
    )


def _tokens(script: str, which: str) -> list[str]:
    steps = tokenise(script)
    if len(steps) != 1:
        raise UsageError(
            f"The {which}-processing has {len(steps)} scripts joined by &&, and no shell runs here.",
            "Let one script start the other.",
        )
    for token in steps[0]:
        wildcards_in(token)
    return steps[0]
