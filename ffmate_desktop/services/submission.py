"""Turns what a submitter asks for into a task that can run: every check that doesn't need a node."""

import json
import time
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

from ffmate_desktop.db.tasks import TaskRow
from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.grammar import tokenise
from ffmate_desktop.domain.labels import check_labels
from ffmate_desktop.domain.paths import output_key
from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.domain.processing import DirectWebhook, NewProcessing, ProcessingSpec, check_processing
from ffmate_desktop.domain.task import IfExists, NewTask, PresetName, TaskSpec
from ffmate_desktop.domain.wildcards import (
    NODE_WILDCARDS,
    ClockReading,
    WildcardValues,
    expand_path,
    expand_steps,
    wildcards_in,
)
from ffmate_desktop.media import command as command_line
from ffmate_desktop.media.mounts import mount_of
from ffmate_desktop.media.outputs import check_names, plan_outputs
from ffmate_desktop.services.checked_commands import CheckedCommands
from ffmate_desktop.services.input_files import absolute_path, check_input
from ffmate_desktop.services.output_names import TaskDraft, refuse_existing
from ffmate_desktop.services.script_checks import check_new_script, webhooks_of


def prepare_task(
    new: NewTask,
    preset: Preset | None,
    *,
    source: str,
    client: str,
    base: str,
    uuid: UUID | None = None,
    clock: ClockReading | None = None,
    checked: CheckedCommands | None = None,
    is_complete: bool = True,
) -> TaskDraft:
    """Check a new task and resolve everything that is already known.

    `source` is a TaskSource, or the word that another release stored with a task that is edited. `base` is the folder
    for relative paths. `uuid` and `clock` are set for a task that already exists. `checked` speeds up many files with
    the same command. `is_complete` as in `WildcardValues`.

    Reads the file system, so call it in a thread. Raises UserError, or UsageError, if the task could never run.
    """
    if preset is not None:
        preset.check_readable()
    request = _combine(new, preset)
    _check_text(new, request)
    steps = tokenise(request.command) if checked is None else checked.tokenise(request.command)
    input_file = absolute_path(new.input_file, base)
    check_input(input_file)
    uuid = uuid or uuid4()
    values = WildcardValues(
        input_file=input_file,
        output_file="",
        clock=clock or ClockReading(time.time_ns(), _utc_offset()),
        uuid=str(uuid),
        source=source,
        os_name="os",
        os_arch="arch",
        ffmpeg="ffmpeg",
        metadata=new.metadata,
        is_complete=is_complete and not request.imports_metadata,
    )
    values = replace(values, output_file=_resolve_output(request.pattern, values, base))
    _check_command(request.command, steps, values, checked)
    scripts = check_processing(request.before, "pre"), check_processing(request.after, "post")
    for script in scripts:
        check_new_script(script, values)
    output = None if wildcards_in(request.pattern) & NODE_WILDCARDS else values.output_file or None
    if output is not None:
        refuse_existing(output, new.if_exists)
    spec = _task_spec(new, request, steps, values, output, scripts, client)
    return TaskDraft(_task_row(new, request, preset, spec, uuid), output)


@dataclass(frozen=True, slots=True)
class _Request:
    """What a new task and its preset ask for together."""

    command: str
    pattern: str
    priority: int
    labels: tuple[str, ...]
    before: NewProcessing | None
    after: NewProcessing | None
    webhooks: tuple[DirectWebhook, ...] | None

    @property
    def imports_metadata(self) -> bool:
        """The script before the encode may add metadata, which only the node can read."""
        return self.before is not None and bool(self.before.import_sidecar)


def _combine(new: NewTask, preset: Preset | None) -> _Request:
    if new.command is not None and preset is not None:
        raise UsageError("A task has either a preset or a command, not both.", "Leave one of them out.")
    webhooks = webhooks_of(new, preset)
    if preset is not None:
        return _Request(
            preset.command,
            new.output_file or preset.output_file,
            preset.priority if new.priority is None else new.priority,
            (*new.labels, *preset.labels),
            new.pre_processing or preset.pre_processing,
            new.post_processing or preset.post_processing,
            webhooks,
        )
    if new.command is None:
        raise UsageError(
            "What should be done with the files?",
            'Add --preset NAME (`ffmate-desktop presets list` shows them) or --command "...".',
        )
    return _Request(
        new.command,
        new.output_file or "",
        new.priority or 0,
        new.labels,
        new.pre_processing,
        new.post_processing,
        webhooks,
    )


def _task_spec(
    new: NewTask,
    request: _Request,
    steps: list[list[str]],
    values: WildcardValues,
    output: str | None,
    scripts: tuple[ProcessingSpec | None, ProcessingSpec | None],
    client: str,
) -> TaskSpec:
    before, after = scripts
    return TaskSpec(
        command=request.command,
        tokens=steps,
        input=values.input_file,
        output_pattern=request.pattern,
        output=output,
        output_mount=None if output is None else mount_of(output),
        if_exists=IfExists.FAIL if new.if_exists is IfExists.SKIP else new.if_exists,
        skip_existing=True if new.if_exists is IfExists.SKIP else None,
        clock_ns=values.clock.epoch_ns,
        utc_offset=values.clock.utc_offset_seconds,
        source=values.source,
        metadata=new.metadata,
        client=client,
        pre_processing=before,
        post_processing=after,
        webhooks=request.webhooks,
    )


def _task_row(new: NewTask, request: _Request, preset: Preset | None, spec: TaskSpec, uuid: UUID) -> TaskRow:
    return TaskRow(
        uuid=uuid,
        name=new.name or Path(spec.input).name,
        priority=request.priority,
        labels=check_labels(request.labels),
        preset=PresetName(uuid=preset.uuid, name=preset.name) if preset else None,
        output_key=None if spec.output is None else output_key(spec.output),
        spec=spec,
    )


def _check_text(new: NewTask, request: _Request) -> None:
    arguments = request.command + request.pattern
    if "\0" in arguments:
        raise UsageError(
            "The command or the output contains a null character, which no program accepts.", "Remove it."
        )
    try:  # file names in another encoding are fine, half a character in metadata isn't
        f"{arguments}{new.input_file}{new.name}".encode("utf-8", "surrogateescape")
        json.dumps(new.metadata, ensure_ascii=False).encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise UsageError(
            "The task contains half a character, which isn't valid text.", "Remove it."
        ) from error


def _utc_offset() -> int:
    offset = datetime.now().astimezone().utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _resolve_output(pattern: str, values: WildcardValues, base: str) -> str:
    """The output path; if it depends on the node, it only serves to check the rest."""
    if not pattern:
        return ""
    path = expand_path(pattern, values)
    if not path.strip() or path.endswith(("/", "\\")):
        raise UsageError(
            f"The output pattern “{pattern}” doesn't name a file.",
            "Add a file name, for example ${INPUT_FILE_BASENAME}.mp4",
        )
    return absolute_path(path, base)


def _check_command(
    command: str, steps: list[list[str]], values: WildcardValues, checked: CheckedCommands | None
) -> None:
    """Expand and plan the command as the node will, to find out now if it could never run."""
    if checked is not None and checked.has(command, values):
        check_names(Path(values.input_file), Path(values.output_file))
        return
    used = frozenset[str]().union(*(wildcards_in(token) for step in steps for token in step))
    if not values.output_file and any(name.startswith("OUTPUT_FILE") for name in used):
        raise UsageError(
            "The command writes to ${OUTPUT_FILE}, but the task has no output.",
            "Add an output, for example ${INPUT_FILE_DIR}/${INPUT_FILE_BASENAME}_new.mp4",
        )
    planned = plan_outputs(
        expand_steps(steps, values),
        task=values.uuid,
        epoch=0,
        incarnation=0,
        main_output=values.output_file,
        main_input=values.input_file,
    )
    for step in planned.steps:
        command_line.build(Path("ffmpeg"), step)
    if checked is not None:
        checked.add(command, values)
