"""Commands that change presets: add, edit, delete, import and export."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from ffmate_desktop.bootstrap.cluster import open_cluster
from ffmate_desktop.cli.context import Context, context_of
from ffmate_desktop.cli.numbers import number_option
from ffmate_desktop.cli.standard_input import NAME as STANDARD_INPUT
from ffmate_desktop.cli.standard_input import read_standard_input
from ffmate_desktop.cli.terminal import ask, say
from ffmate_desktop.cli.text import printable
from ffmate_desktop.cli.webhooks import warn_of_webhooks
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.preset import Preset, PresetExtra
from ffmate_desktop.domain.processing import NewProcessing
from ffmate_desktop.domain.watchfolder import Watchfolder
from ffmate_desktop.domain.wire import with_unknown_fields
from ffmate_desktop.services.preset_editor import PresetDraft, as_draft
from ffmate_desktop.services.preset_exchange import ImportedPreset

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
COMMAND_HELP = "ffmpeg's arguments, with wildcards."
Names = Annotated[list[str], typer.Argument(metavar="NAME", help="Names or UUIDs of presets.")]
Description = Annotated[
    str | None, typer.Option("--description", metavar="TEXT", help="What the preset is for.")
]
Output = Annotated[
    str | None, typer.Option("--output", metavar="PATTERN", help="Path of the output, with wildcards.")
]
Priority = Annotated[int | None, number_option("--priority", "N", "Higher numbers run first.")]
LabelsOption = Annotated[
    list[str] | None,
    typer.Option("--label", metavar="NAME", help="A label that the node must provide. Repeatable."),
]
ScriptOption = Annotated[
    str | None, typer.Option(metavar="SCRIPT", help="A script with its full path and arguments. Empty: none.")
]
Sidecar = Annotated[
    str | None,
    typer.Option(metavar="PATH", help="File in which that script finds the task as JSON. Empty: none."),
]
Imports = Annotated[
    bool | None,
    typer.Option(
        "--import-sidecar/--no-import-sidecar",
        help="Changes that the script makes in that file apply to the task.",
    ),
]


def add(
    typer_context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the preset.")],
    command: Annotated[str, typer.Option("--command", metavar="CMD", help=COMMAND_HELP)],
    output: Output = None,
    description: Description = None,
    priority: Priority = None,
    label: LabelsOption = None,
    pre_script: ScriptOption = None,
    pre_sidecar: Sidecar = None,
    import_sidecar: Imports = None,
    post_script: ScriptOption = None,
    post_sidecar: Sidecar = None,
    as_json: AsJson = False,
) -> None:
    """Create a preset."""
    scripts = _scripts(
        PresetExtra(), (pre_script, pre_sidecar, import_sidecar), (post_script, post_sidecar, None)
    )
    draft = PresetDraft(
        name, command, description or "", output or "", priority or 0, _words(label), extra=scripts
    )
    context = context_of(typer_context)
    _report(context, context.run(_add(context, draft)), "added", as_json)


async def _add(context: Context, draft: PresetDraft) -> Preset:
    async with open_cluster(context.settings) as cluster:
        return await cluster.preset_editor.add(draft)


def edit(
    typer_context: typer.Context,
    preset: Annotated[str, typer.Argument(metavar="NAME", help="Name or UUID of the preset.")],
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="New name.")] = None,
    command: Annotated[
        str | None, typer.Option("--command", metavar="CMD", help="ffmpeg's arguments, with wildcards.")
    ] = None,
    output: Output = None,
    description: Description = None,
    priority: Priority = None,
    label: LabelsOption = None,
    pre_script: ScriptOption = None,
    pre_sidecar: Sidecar = None,
    import_sidecar: Imports = None,
    post_script: ScriptOption = None,
    post_sidecar: Sidecar = None,
    as_json: AsJson = False,
) -> None:
    """Change a preset. Options that you leave out keep their values, and waiting tasks keep theirs."""
    values: dict[str, Any] = {
        "name": name,
        "command": command,
        "output_file": output,
        "description": description,
        "priority": priority,
        "labels": None if label is None else _words(label),
    }
    changes = {field: value for field, value in values.items() if value is not None}
    scripts = ((pre_script, pre_sidecar, import_sidecar), (post_script, post_sidecar, None))
    if not changes and all(part is None for which in scripts for part in which):
        raise UsageError("What should be changed?", "`ffmate-desktop presets edit --help` shows the options.")
    context = context_of(typer_context)
    _report(context, context.run(_edit(context, preset, changes, *scripts)), "changed", as_json)


_ScriptChange = tuple[str | None, str | None, bool | None]


async def _edit(
    context: Context, name: str, changes: dict[str, Any], before: _ScriptChange, after: _ScriptChange
) -> Preset:
    async with open_cluster(context.settings) as cluster:
        preset = await cluster.presets.find(name)
        has_scripts = any(part is not None for part in (*before, *after))
        extra = _scripts(preset.extra, before, after) if has_scripts else None
        draft = replace(as_draft(preset), **changes, extra=extra)
        return await cluster.preset_editor.edit(preset.uuid, draft)


def _scripts(present: PresetExtra, before: _ScriptChange, after: _ScriptChange) -> PresetExtra:
    return present.model_copy(
        update={
            "pre_processing": _processing(present.pre_processing, before),
            "post_processing": _processing(present.post_processing, after),
        }
    )


def _processing(present: NewProcessing | None, change: _ScriptChange) -> NewProcessing | None:
    present = present or NewProcessing()
    script, sidecar, imports = change
    new = NewProcessing(
        script_path=present.script_path if script is None else script,
        sidecar_path=present.sidecar_path if sidecar is None else sidecar,
        import_sidecar=present.import_sidecar if imports is None else imports or None,
    )
    return None if new.is_empty and not present.model_extra else with_unknown_fields(new, present)


def delete(
    typer_context: typer.Context,
    names: Names,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Delete presets even if watchfolders use them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Delete presets. Tasks that were created from them aren't changed."""
    context = context_of(typer_context)
    gone = context.run(_delete(context, names, yes))
    if as_json:
        context.print_json([preset.to_json() for preset in gone])
        return
    for preset in gone:
        context.console.print(f"{preset.uuid} {printable(preset.name)} deleted", markup=False, soft_wrap=True)


async def _delete(context: Context, names: Sequence[str], yes: bool) -> list[Preset]:
    async with open_cluster(context.settings) as cluster:
        found = [await cluster.presets.find(name) for name in names]
        presets = list({preset.uuid: preset for preset in found}.values())
        for preset in presets:
            _warn_of_watchfolders(preset, await cluster.preset_editor.used_by(preset.uuid), yes)
        for preset in presets:
            await cluster.preset_editor.delete(preset.uuid)
    return found


def _warn_of_watchfolders(preset: Preset, users: Sequence[Watchfolder], yes: bool) -> None:
    """Before watchfolders lose their preset: asks on a terminal, else raises UserError."""
    if not users:
        return
    names = ", ".join(f"“{folder.name}”" for folder in users)
    sentence = f"Watchfolders that use the preset “{preset.name}” would stop queuing files: {names}."
    if yes:
        say(sentence, err=True)
    elif not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UserError(sentence, "Choose another preset for them first, or use --yes to delete it anyway.")
    elif not ask(f"{sentence} Delete it?"):
        raise typer.Abort


def import_presets(
    typer_context: typer.Context,
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="SOURCE",
            help="JSON files from FFmate or this program, or folders with them. - reads standard input.",
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Import presets from FFmate's JSON and report the result for each."""
    context = context_of(typer_context)
    text = read_standard_input() if Path("-") in sources else None
    done = context.run(_import(context, [source for source in sources if source != Path("-")], text))
    if as_json:
        context.print_json([result.to_json() for result in done])
    else:
        for result in done:
            context.console.print(printable(result.sentence), markup=False, soft_wrap=True)
    warn_of_webhooks(result.preset.webhooks for result in done if result.preset is not None)
    if any(result.trouble for result in done):
        raise typer.Exit(1)


async def _import(context: Context, sources: Sequence[Path], text: str | None) -> list[ImportedPreset]:
    async with open_cluster(context.settings) as cluster:
        done = await cluster.preset_exchange.import_files(sources)
        if text is not None:
            done += await cluster.preset_exchange.import_text(STANDARD_INPUT, text)
        return done


def export(
    typer_context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Default: all your own presets.", show_default=False),
    ] = None,
    target: Annotated[
        str | None,  # a Path would lose the slash at the end
        typer.Option(
            "--to",
            metavar="PATH",
            help="One file for all presets, or a folder (ending in /) for one file each. Default: print.",
        ),
    ] = None,
) -> None:
    """Export presets as FFmate's JSON."""
    context = context_of(typer_context)
    context.run(_export(context, names, target))


async def _export(context: Context, names: Sequence[str] | None, target: str | None) -> None:
    async with open_cluster(context.settings) as cluster:
        if names:
            presets = [await cluster.presets.find(name) for name in names]
        else:
            presets = [preset for preset in await cluster.presets.all() if not preset.built_in]
        if target is None:
            context.print_json(
                json.loads(await cluster.preset_editor.export([preset.uuid for preset in presets]))
            )
            return
        written = await cluster.preset_exchange.export_to(
            presets, Path(target), folder=target.endswith(("/", os.sep))
        )
    for path in written:
        context.console.print(f"{printable(str(path))} written", markup=False, soft_wrap=True)
    if not written:
        raise UserError("You have no presets of your own to export.")


def _words(labels: list[str] | None) -> tuple[str, ...]:
    return tuple(word for text in labels or () for word in text.replace(",", " ").split())


def _report(context: Context, preset: Preset, done: str, as_json: bool) -> None:
    if as_json:
        context.print_json(preset.to_json())
    else:
        context.console.print(f"{preset.uuid} {printable(preset.name)} {done}", markup=False, soft_wrap=True)
