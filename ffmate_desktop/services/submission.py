"""From what a submitter asked for to tasks that are sure to make sense: every check that needs no node."""

import errno
import json
import os
import stat
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

from ffmate_desktop.db.tasks import TaskRow
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.grammar import tokenise
from ffmate_desktop.domain.labels import check_labels
from ffmate_desktop.domain.paths import is_absolute, output_key
from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.domain.processing import check_processing
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
from ffmate_desktop.media.outputs import check_names, plan
from ffmate_desktop.media.publish import check_writable, explain
from ffmate_desktop.services.checked_commands import CheckedCommands
from ffmate_desktop.services.output_names import TaskDraft, refuse_existing
from ffmate_desktop.services.script_checks import check_script, webhooks_of


def prepare_task(
    new: NewTask,
    preset: Preset | None,
    *,
    source: str,
    client: str,
    base: str,
    uuid: UUID | None = None,
    moment: ClockReading | None = None,
    known: CheckedCommands | None = None,
    is_complete: bool = True,
) -> TaskDraft:
    """Check one new task and resolve what can be resolved now.

    `source` is a TaskSource, or the word that another version stored with a task that is edited.
    `base` is the folder that relative paths start from; `uuid` and `moment` are those of a task that exists already;
    `known` makes many files of one command quick; `is_complete` as in `WildcardValues`.
    Reads the file system, so call it in a thread. Raises UserError, or UsageError, for everything that could never
    run.
    """
    if preset is not None:
        preset.check_readable()
    command, pattern = _command_and_pattern(new, preset)
    _check_text(new, command + pattern)
    steps = tokenise(command) if known is None else known.tokenise(command)
    given = _absolute(new.input_file, base)
    _check_input(given)
    moment = moment or ClockReading(time.time_ns(), _utc_offset())
    uuid = uuid or uuid4()
    values = WildcardValues(
        input_file=given,
        output_file="",
        moment=moment,
        uuid=str(uuid),
        source=source,
        os_name="os",
        os_arch="arch",
        ffmpeg="ffmpeg",
        metadata=new.metadata,
        is_complete=is_complete and not _imports(new, preset),
    )
    path = _resolve_output(pattern, values, base)
    values = replace(values, output_file=path)
    if known is not None and known.has(command, values):
        check_names(Path(given), Path(path))
    else:
        _check_command(steps, values, uuid=str(uuid))
        if known is not None:
            known.add(command, values)
    before = check_processing(new.pre_processing or (preset and preset.pre_processing) or None, "pre")
    after = check_processing(new.post_processing or (preset and preset.post_processing) or None, "post")
    for script in (before, after):
        check_script(script, values)
    output = None if wildcards_in(pattern) & NODE_WILDCARDS or not path else path
    if output is not None:
        refuse_existing(output, new.if_exists)
    spec = TaskSpec(
        command=command,
        tokens=steps,
        input=given,
        output_pattern=pattern,
        output=output,
        output_mount=None if output is None else mount_of(output),
        if_exists=IfExists.FAIL if new.if_exists is IfExists.SKIP else new.if_exists,
        skip_existing=True if new.if_exists is IfExists.SKIP else None,
        clock_ns=moment.epoch_ns,
        utc_offset=moment.utc_offset_seconds,
        source=source,
        metadata=new.metadata,
        client=client,
        pre_processing=before,
        post_processing=after,
        webhooks=webhooks_of(new, preset),
    )
    row = TaskRow(
        uuid=uuid,
        name=new.name or Path(given).name,
        priority=_priority(new, preset),
        labels=check_labels((*new.labels, *(preset.labels if preset else ()))),
        preset=PresetName(uuid=preset.uuid, name=preset.name) if preset else None,
        output_key=None if output is None else output_key(output),
        spec=spec,
    )
    return TaskDraft(row, output)


def check_folders(drafts: Sequence[TaskDraft]) -> None:
    """Raises UserError unless every output folder, or the one that it will be made in, can be written to."""
    folders = {Path(draft.requested_output).parent for draft in drafts if draft.requested_output is not None}
    for folder in {_nearest_existing(folder) for folder in folders}:
        check_writable(folder)


def _command_and_pattern(new: NewTask, preset: Preset | None) -> tuple[str, str]:
    if new.command is not None and preset is not None:
        raise UsageError("A task has either a preset or a command, not both.", "Leave one of them out.")
    if preset is not None:
        return preset.command, new.output_file or preset.output_file
    if new.command is None:
        raise UsageError(
            "What should be done with the files?",
            'Give --preset NAME (`ffmate-desktop presets list` shows them) or --command "...".',
        )
    return new.command, new.output_file or ""


def _check_text(new: NewTask, arguments: str) -> None:
    if "\0" in arguments:
        raise UsageError(
            "The command or the output holds a zero character, which no program takes.", "Remove it."
        )
    try:  # names of files in another encoding are fine, half a character of metadata is not
        f"{arguments}{new.input_file}{new.name}".encode("utf-8", "surrogateescape")
        json.dumps(new.metadata, ensure_ascii=False).encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise UsageError(
            "The task's words hold half a character, which is no valid text.", "Remove it."
        ) from error


def _imports(new: NewTask, preset: Preset | None) -> bool:
    """Whether a script before the encode may add metadata, which the node finds out."""
    before = new.pre_processing or (preset and preset.pre_processing) or None
    return before is not None and bool(before.import_sidecar)


def _absolute(path: str, base: str) -> str:
    if is_absolute(path):
        return path
    whole = Path(base, path)  # as the system reads it: what `link/..` means depends on the link
    return str(Path(os.path.realpath(whole.parent), whole.name) if ".." in whole.parts else whole)


def _check_input(path: str) -> None:
    file = Path(path)
    try:
        mode = file.stat().st_mode
    except PermissionError as error:
        raise UserError(f"The folder of “{path}” may not be entered.", "Check its permissions.") from error
    except (OSError, ValueError) as error:  # also a name too long, or with a zero character
        raise UserError(f"There is no file “{path}”.") from error
    if stat.S_ISDIR(mode):
        raise UserError(f"“{path}” is a folder, not a file.", "Name the files in it, for example with a *.")
    if not stat.S_ISREG(mode):
        raise UserError(f"“{path}” is not a regular file.", "Pipes and devices cannot be queued.")
    if not os.access(file, os.R_OK):
        raise UserError(f"The file “{path}” cannot be read.", "Check its permissions.")


def _utc_offset() -> int:
    offset = datetime.now().astimezone().utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _resolve_output(pattern: str, values: WildcardValues, base: str) -> str:
    """The output path; where it depends on the node it is only good for checking the rest."""
    if not pattern:
        return ""
    path = expand_path(pattern, values)
    if not path.strip() or path.endswith(("/", "\\")):
        raise UsageError(
            f"The output pattern “{pattern}” does not name a file.",
            "Add a name, for example ${INPUT_FILE_BASENAME}.mp4",
        )
    return _absolute(path, base)


def _nearest_existing(folder: Path) -> Path:
    trouble: OSError = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    for parent in (folder, *folder.parents):
        try:
            parent.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:  # a name too long, a folder that may not be entered
            trouble = error
            break
        return parent
    raise explain(trouble, folder) from trouble  # at the end also: a drive of Windows that is not there


def _check_command(steps: list[list[str]], values: WildcardValues, *, uuid: str) -> None:
    """Expand and plan as the node will, to find now what could never run there."""
    used = frozenset[str]().union(*(wildcards_in(token) for step in steps for token in step))
    if not values.output_file and any(name.startswith("OUTPUT_FILE") for name in used):
        raise UsageError(
            "The command writes to ${OUTPUT_FILE}, but no output is given.",
            "Add --output, for example --output '${INPUT_FILE_DIR}/${INPUT_FILE_BASENAME}_new.mp4'",
        )
    planned = plan(
        expand_steps(steps, values),
        task=uuid,
        epoch=0,
        incarnation=0,
        main_output=values.output_file,
        main_input=values.input_file,
    )
    for step in planned.steps:
        command_line.build(Path("ffmpeg"), step)


def _priority(new: NewTask, preset: Preset | None) -> int:
    if new.priority is not None:
        return new.priority
    return preset.priority if preset is not None else 0
