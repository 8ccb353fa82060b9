"""Scripts before and after an encode, the sidecar file that describes the task to them, and direct webhooks."""

from typing import Annotated

from pydantic import BeforeValidator

from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.grammar import tokenise
from ffmate_desktop.domain.wildcards import wildcards_in
from ffmate_desktop.domain.wire import ForwardCompatible, RawResolved, Wire

OptionalText = Annotated[str | None, BeforeValidator(lambda value: value or None)]
"""FFmate's window writes empty text instead of null."""


class NewProcessing(ForwardCompatible):
    """What a submitter or a preset asks for. `script_path` may include arguments after the script."""

    script_path: OptionalText = None
    sidecar_path: OptionalText = None
    import_sidecar: bool | None = None

    @property
    def is_empty(self) -> bool:
        """There is neither a script nor a sidecar."""
        return self.script_path is None and self.sidecar_path is None


class DirectWebhook(ForwardCompatible):
    """A URL that is notified of events of one task."""

    event: str
    url: str


class ProcessingSpec(ForwardCompatible):
    """The checked form: `tokens` are the script and its arguments, with wildcards not yet replaced."""

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

    def to_new(self) -> NewProcessing:
        """The unchecked form again."""
        return NewProcessing(
            script_path=self.script, sidecar_path=self.sidecar, import_sidecar=self.import_sidecar or None
        )


class Processing(Wire):
    """What people see. Times are in milliseconds since 1970 UTC; `error` is the first line."""

    script_path: RawResolved | None = None
    sidecar_path: RawResolved | None = None
    import_sidecar: bool | None = None
    error: str | None = None
    started_at: int | None = None
    finished_at: int | None = None


def check_processing(new: NewProcessing | None, which: str) -> ProcessingSpec | None:
    """Raise UsageError if it could never run. `which` is "pre" or "post". Returns None if there is nothing to do."""
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
            raise UsageError("The path of a sidecar can't contain ${SIDECAR_FILE}, which is that path.")
        if new.sidecar_path.endswith(("/", "\\")):
            raise UsageError(
                f"The sidecar “{new.sidecar_path}” doesn't name a file.",
                "Add a file name, for example ${INPUT_FILE_BASENAME}.json",
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
            f"The {which}-processing joins {len(steps)} scripts with &&, but scripts don't run in a shell.",
            "Let one script start the others.",
        )
    for token in steps[0]:
        wildcards_in(token)
    return steps[0]
