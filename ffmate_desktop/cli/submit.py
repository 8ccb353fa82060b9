"""`submit`: adds files to the queue and can watch them until they are done."""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any
from uuid import UUID

import typer

from ffmate_desktop.bootstrap.cluster import open_cluster
from ffmate_desktop.cli.context import Context, context_of
from ffmate_desktop.cli.submit_options import (
    AsJson,
    CommandOption,
    FromFile,
    IfOutputExists,
    ImportSidecar,
    IncludeOutputs,
    Inputs,
    Label,
    Metadata,
    Name,
    Output,
    PostScript,
    PostSidecar,
    PreScript,
    PresetOption,
    PreSidecar,
    Priority,
    Wait,
)
from ffmate_desktop.cli.submit_report import report
from ffmate_desktop.cli.task_file import as_new_task, read_tasks
from ffmate_desktop.cli.webhooks import warn_of_webhooks
from ffmate_desktop.db.connection.outages import CONNECTION_LOST
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.domain.processing import NewProcessing
from ffmate_desktop.domain.task import IfExists, NewTask
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.domain.wrong_data import READ_ERRORS, read_error_text
from ffmate_desktop.services.output_names import SkippedInput


def submit(
    typer_context: typer.Context,
    inputs: Inputs = None,
    from_file: FromFile = None,
    preset: PresetOption = None,
    command: CommandOption = None,
    output: Output = None,
    priority: Priority = None,
    label: Label = None,
    name: Name = None,
    metadata: Metadata = None,
    if_exists: IfOutputExists = IfExists.RENAME,
    include_outputs: IncludeOutputs = False,
    pre_script: PreScript = None,
    pre_sidecar: PreSidecar = None,
    import_sidecar: ImportSidecar = False,
    post_script: PostScript = None,
    post_sidecar: PostSidecar = None,
    wait: Wait = False,
    as_json: AsJson = False,
) -> None:
    """Add files to the queue."""
    context = context_of(typer_context)
    if from_file is not None and not inputs:
        file = None if str(from_file) == "-" else from_file.absolute()
        is_good = context.run(_submit_file(context, file, wait, as_json))
        raise typer.Exit(0 if is_good else 1)
    if from_file is not None or not inputs:
        raise UsageError(
            "Name either an INPUT, or a file of tasks with --from.",
            "`ffmate-desktop submit --help` explains both.",
        )
    if preset is not None and command is not None:
        raise UsageError("A task has either a preset or a command, not both.", "Leave out one of them.")
    new = NewTask(
        input_file="",
        command=command,
        name=name,
        priority=priority,
        labels=tuple(word for text in label or () for word in text.replace(",", " ").split()),
        metadata=_metadata(metadata),
        if_exists=if_exists,
        pre_processing=_processing(pre_script, pre_sidecar, import_sidecar),
        post_processing=_processing(post_script, post_sidecar, False),
    )
    leaves_out = len(inputs) > 1 and not include_outputs
    if not context.run(_submit(context, new, inputs, preset, output, wait, as_json, leaves_out)):
        raise typer.Exit(1)


def _processing(script: str | None, sidecar: str | None, imports: bool) -> NewProcessing | None:
    if imports and script is None:
        raise UsageError(
            "--import-sidecar needs --pre-script, which writes the sidecar.", "Add --pre-script."
        )
    new = NewProcessing(script_path=script, sidecar_path=sidecar, import_sidecar=imports or None)
    return None if new.is_empty else new


def _metadata(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        found = json.loads(text)
    except READ_ERRORS as error:
        raise UsageError(
            f"The metadata can't be read: {read_error_text(error)}.",
            """For example '{"client": "ACME"}'.""",
        ) from error
    if not isinstance(found, dict):
        raise UsageError("The metadata must be a JSON object.", """For example '{"client": "ACME"}'.""")
    return found


async def _submit_file(context: Context, file: Path | None, wait: bool, as_json: bool) -> bool:
    """Relative paths start at the folder of the file, or at the working directory."""
    entries = read_tasks(file)
    async with open_cluster(context.settings) as cluster:
        presets: dict[str, Preset] = {}
        new = []
        for number, entry in enumerate(entries, 1):
            try:
                if word := entry.get("preset"):  # also by name, unlike FFmate
                    if str(word) not in presets:
                        presets[str(word)] = await cluster.presets.find(str(word))
                    entry = entry | {"preset": presets[str(word)].uuid}  # noqa: PLW2901 - the same one
                new.append(as_new_task(entry))
            except CONNECTION_LOST:  # some of these are a UserError, but say nothing about this task
                raise
            except UserError as error:
                raise _numbered(error, number, entries) from error
        base = str(Path.cwd() if file is None else file.parent)
        submitted = await cluster.tasks.add(
            new,
            source=TaskSource.CLI,
            base=base,
            name=lambda error, place: _numbered(error, place + 1, entries),
        )
        warn_of_webhooks([task.webhooks for task in new] + [preset.webhooks for preset in presets.values()])
        return await report(context, cluster, submitted, wait, as_json)


def _numbered(error: UserError, number: int, entries: Sequence[object]) -> UserError:
    """The same error, naming the task if there are several."""
    if len(entries) > 1:
        error.message = f"Task {number} of {len(entries)}: {error.message}"
    return error


async def _submit(
    context: Context,
    template: NewTask,
    inputs: Sequence[str],
    preset: str | None,
    output: str | None,
    wait: bool,
    as_json: bool,
    leaves_out: bool,
) -> bool:
    async with open_cluster(context.settings) as cluster:
        written = await cluster.tasks.own_outputs(inputs) if leaves_out else {}
        if len(written) == len(set(inputs)):
            raise UserError(
                "Nothing was queued: this cluster wrote all of these files.",
                "Use --include-outputs to encode them anyway.",
            )
        chosen = await cluster.presets.find(preset) if preset is not None else None
        pattern = None if output is None else _pattern(output, chosen.output_file if chosen else None)
        new = [
            template.model_copy(
                update={
                    "input_file": path,
                    "preset": chosen.uuid if chosen else None,
                    "output_file": pattern,
                }
            )
            for path in inputs
            if path not in written
        ]
        submitted = await cluster.tasks.add(new, source=TaskSource.CLI)
        warn_of_webhooks([chosen.webhooks if chosen else None])
        left_out = [SkippedInput(path, None, _why_left_out(path, task)) for path, task in written.items()]
        submitted = replace(submitted, skipped=(*left_out, *submitted.skipped))
        return await report(context, cluster, submitted, wait, as_json)


def _why_left_out(path: str, task: UUID) -> str:
    return f"This cluster wrote it (task {str(task)[:8]}). --include-outputs queues it anyway."


def _pattern(output: str, presets_pattern: str | None) -> str:
    """The output file: if a folder is given, a file in it with the name that the preset gives it."""
    is_folder = output.endswith(("/", os.sep)) or ("${" not in output and Path(output).is_dir())
    if not is_folder:
        name = re.split(r"[/\\]", output)[-1]
        if presets_pattern is not None and "." not in name and "${" not in name:
            raise UsageError(
                f"The output “{output}” has no extension and isn't an existing folder.",
                f"For a new folder use {output}/, for a file {output}{PurePath(presets_pattern).suffix}",
            )
        return output
    if presets_pattern is None:
        raise UsageError(
            f"The output “{output}” is a folder. With --command, add the name of a file.",
            "For example --output " + "'" + output.rstrip("/\\") + "/${INPUT_FILE_BASENAME}.mp4'",
        )
    name = presets_pattern.replace("\\", "/").rpartition("/")[2]
    return str(Path(output) / name)
