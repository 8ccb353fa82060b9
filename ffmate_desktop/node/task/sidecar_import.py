"""Applies what a script changed in a sidecar to its task, with the checks of a new submission."""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from ffmate_desktop.db.claims import OutputTakenError
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.paths import numbered_path, output_key
from ffmate_desktop.domain.processing import NewProcessing
from ffmate_desktop.domain.task import IfExists, NewTask, TaskSpec
from ffmate_desktop.domain.wildcards import ClockReading
from ffmate_desktop.domain.wrong_data import first_validation_error
from ffmate_desktop.node.task.claim_writer import ClaimWriter
from ffmate_desktop.services.output_names import MAX_NUMBER, TaskDraft
from ffmate_desktop.services.submission import prepare_task

_CHANGEABLE = frozenset({"command", "inputFile", "outputFile", "metadata", "postProcessing"})


@dataclass(frozen=True, slots=True)
class SidecarChanges:
    """Changed fields of the task's spec, by their names in JSON; and the changes that are ignored."""

    fields: dict[str, Any]
    ignored: tuple[str, ...]


def read_changes(
    name: str, spec: TaskSpec, written: dict[str, Any], found: dict[str, Any], uuid: UUID
) -> SidecarChanges:
    """Compare the sidecar as it was `written` with the one `found`. Reads the file system; raises UserError."""
    changed_keys = {key for key in _CHANGEABLE if found.get(key, written.get(key)) != written.get(key)}
    ignored = sorted(k for k in found.keys() - _CHANGEABLE if found[k] != written.get(k))
    if not changed_keys:
        return SidecarChanges({}, tuple(ignored))
    try:
        former = _prepared(_as_new(name, spec, written, found, set()), spec, uuid, is_complete=False)
        draft = _prepared(_as_new(name, spec, written, found, changed_keys), spec, uuid)
    except ValidationError as error:
        raise UserError(f"The sidecar can't be used: {first_validation_error(error)}.") from error
    except UserError as error:
        raise UserError(f"The sidecar's changes can't be applied. {error.message}", error.hint) from error
    unchanged = {
        "pre_processing": spec.pre_processing,
        "webhooks": spec.webhooks,
        "if_exists": spec.if_exists,
        "skip_existing": spec.skip_existing,
    }
    before, after = spec.to_json(), draft.row.spec.model_copy(update=unchanged).to_json()
    changed = {
        key: after.get(key)
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    }
    if draft.requested_output == former.requested_output:
        changed.pop("output", None)  # keeps the path that it got at submit
    return SidecarChanges(changed, tuple(ignored))


def _prepared(new: NewTask, spec: TaskSpec, uuid: UUID, *, is_complete: bool = True) -> TaskDraft:
    return prepare_task(
        new,
        None,
        source=spec.source,
        client=spec.client,
        base=str(PurePath(new.input_file).parent),
        uuid=uuid,
        clock=ClockReading(spec.clock_ns, spec.utc_offset),
        is_complete=is_complete,
    )


async def reserve(writer: ClaimWriter, changes: SidecarChanges, spec: TaskSpec) -> dict[str, Any]:
    """Reserve a changed output path among all active tasks; returns the fields with the reserved path."""
    path = changes.fields.get("output")
    if path is None:
        return changes.fields
    number = 1
    free = path
    while True:
        try:
            await writer.reserve_output(output_key(free))
            return changes.fields | {"output": free}
        except OutputTakenError as error:
            number += 1
            if spec.if_exists is not IfExists.RENAME or number > MAX_NUMBER:
                raise UserError(f"Another unfinished task writes to “{free}”.") from error
            free = numbered_path(path, number)


def _as_new(
    name: str, spec: TaskSpec, written: dict[str, Any], found: dict[str, Any], changed_keys: set[str]
) -> NewTask:
    def text(key: str, present: str) -> str:
        return _text(key, written.get(key), found[key]) if key in changed_keys else present

    after = spec.post_processing.to_new() if spec.post_processing else None
    if "postProcessing" in changed_keys:
        after = _post(written.get("postProcessing") or {}, found["postProcessing"])
    return NewTask(
        input_file=text("inputFile", spec.input),
        command=text("command", spec.command),
        output_file=text("outputFile", spec.output_pattern),
        name=name,
        metadata=(found["metadata"] or {}) if "metadata" in changed_keys else spec.metadata,
        # Whether the file exists is checked when it is published.
        if_exists=IfExists.REPLACE if spec.policy is IfExists.REPLACE else IfExists.RENAME,
        post_processing=after,
    )


def _text(key: str, before: Any, now: Any) -> str:
    """The changed one of FFmate's {raw, resolved}, or a plain text."""
    if isinstance(now, str):
        return now
    before = before if isinstance(before, dict) else {}
    if isinstance(now, dict):
        for part in ("raw", "resolved"):
            value = now.get(part, before.get(part))
            if value != before.get(part) and isinstance(value, str):
                return value
        if isinstance(now.get("raw"), str):
            return str(now["raw"])
    raise UserError(f"The sidecar's {key} isn't text.", "A script must keep the format of each field.")


def _post(before: dict[str, Any], now: Any) -> NewProcessing | None:
    if now is None:
        return None
    if not isinstance(now, dict):
        raise UserError("The sidecar's postProcessing isn't an object.")
    texts = {
        key: _text(f"postProcessing.{key}", before.get(key), now[key])
        for key in ("scriptPath", "sidecarPath")
        if now.get(key) is not None
    }
    return NewProcessing.model_validate(texts | {"importSidecar": now.get("importSidecar")})
