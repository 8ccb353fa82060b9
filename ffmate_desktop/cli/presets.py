"""Commands that show presets."""

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from ffmate_desktop.bootstrap.cluster import open_cluster
from ffmate_desktop.cli import preset_changes
from ffmate_desktop.cli.context import Context, context_of
from ffmate_desktop.cli.table import Cell, Fit, TableColumn
from ffmate_desktop.cli.text import printable
from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.domain.processing import NewProcessing

app = typer.Typer(help="ffmpeg commands with a name.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_presets(typer_context: typer.Context, as_json: AsJson = False) -> None:
    """List your presets, then the built-in ones."""
    context = context_of(typer_context)
    context.run(_list(context, as_json))


async def _list(context: Context, as_json: bool) -> None:
    async with open_cluster(context.settings) as cluster:
        presets = await cluster.presets.all()
    if as_json:
        context.print_json([preset.to_json() for preset in presets])
        return
    table = context.table(
        TableColumn("NAME"), TableColumn("GROUP", Fit.FOLD), TableColumn("WHAT IT DOES", Fit.FOLD)
    )
    table.write((preset.name, preset.group, _what_it_does(preset)) for preset in presets)


def _what_it_does(preset: Preset) -> Cell:
    return preset.description if preset.unreadable is None else Text(preset.unreadable, "yellow")


@app.command("show")
def show(
    typer_context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name or UUID of the preset.")],
    as_json: AsJson = False,
) -> None:
    """Show a preset with its command and output pattern."""
    context = context_of(typer_context)
    context.run(_show(context, name, as_json))


async def _show(context: Context, name: str, as_json: bool) -> None:
    async with open_cluster(context.settings) as cluster:
        preset = await cluster.presets.find(name)
    if as_json:
        context.print_json(preset.to_json())
        return
    grid = Table.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(overflow="fold")
    for label, value in (
        ("Name", preset.name),
        ("Group", preset.group),
        ("Unreadable", printable(preset.unreadable or "")),
        ("Description", preset.description),
        ("Command", preset.command),
        ("Output", preset.output_file),
        ("Before", _script(preset.pre_processing)),
        ("After", _script(preset.post_processing)),
        ("Webhooks", ", ".join(f"{hook.event} {hook.url}" for hook in preset.webhooks or ())),
        ("Priority", str(preset.priority)),
        ("Labels", " ".join(preset.labels)),
        ("UUID", str(preset.uuid)),
    ):
        if value:
            grid.add_row(Text(label, "bold"), Text(value))
    context.print_table(grid)


app.command("add")(preset_changes.add)
app.command("edit")(preset_changes.edit)
app.command("delete")(preset_changes.delete)
app.command("import")(preset_changes.import_presets)
app.command("export")(preset_changes.export)


def _script(script: NewProcessing | None) -> str:
    if script is None:
        return ""
    words = [script.script_path or ""]
    if script.sidecar_path:
        words.append(f"(sidecar {script.sidecar_path}{', imported' if script.import_sidecar else ''})")
    return " ".join(words).strip()
