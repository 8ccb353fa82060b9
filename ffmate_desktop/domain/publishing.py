"""What a node records before it publishes, so that its successor can finish; checked when it is read."""

from pydantic import JsonValue

from ffmate_desktop.domain.wire import ForwardCompatible


class RecordedOutput(ForwardCompatible):
    """One output; the files are (relative path, bytes, nanoseconds since 1970)."""

    temporary: str
    target: str
    files: tuple[tuple[str, int, int], ...]


class RecordedPlace(ForwardCompatible):
    """Where the outputs are once they are published."""

    paths: tuple[str, ...]
    size: int
    first: int


class RecordedResult(ForwardCompatible):
    """What was known of the task; `imported` are the changes that a sidecar made."""

    output: str | None = None
    imported: dict[str, JsonValue] | None = None


class PublishingRecord(ForwardCompatible):
    """The whole record. `published` is there once the outputs are in their place."""

    outputs: tuple[RecordedOutput, ...]
    result: RecordedResult
    published: RecordedPlace | None = None
