"""The commands about watchfolders: list, add, edit, suspend, resume, delete."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.text import Text

from ffmate_desktop.bootstrap.cluster import open_cluster
from ffmate_desktop.cli.context import Context, context_of
from ffmate_desktop.cli.table import Fit, TableColumn
from ffmate_desktop.cli.terminal import ask, say
from ffmate_desktop.cli.text import ago, printable
from ffmate_desktop.cli.watchfolder_options import SettingsOptions, takes_settings
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.paths import is_absolute
from ffmate_desktop.domain.watchfolder import Watchfolder, WatchfolderSettings
from ffmate_desktop.services.watchfolders import WatchfolderService, check

app = typer.Typer(help="Folders whose new files are encoded automatically.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Which = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the watchfolder, or the beginning of its UUID.")
]


@app.command("list")
def list_watchfolders(typer_context: typer.Context, as_json: AsJson = False) -> None:
    """List the watchfolders and their last scans."""
    context = context_of(typer_context)
    context.run(_list(context, as_json))


async def _list(context: Context, as_json: bool) -> None:
    async with open_cluster(context.settings) as cluster:
        folders = await cluster.watchfolders.all()
        presets = {preset.uuid: preset.name for preset in await cluster.presets.all()}
    if as_json:
        context.print_json([folder.to_json() for folder in folders])
        return
    if not folders:
        context.console.print(
            "No watchfolders. Add one: ffmate-desktop watchfolders add FOLDER --preset NAME"
        )
        return
    context.table(*_COLUMNS).write(
        (
            str(folder.uuid)[:8],
            folder.name,
            _state(folder),
            folder.path,
            presets.get(folder.preset, "(deleted)"),
            _last_scan(folder),
        )
        for folder in folders
    )


_COLUMNS = (
    TableColumn("UUID"),
    TableColumn("NAME", Fit.FOLD),
    TableColumn("STATE"),
    TableColumn("FOLDER", Fit.FOLD),
    TableColumn("PRESET", Fit.FOLD),
    TableColumn("LAST SCAN", Fit.FOLD),
)


def _state(folder: Watchfolder) -> Text:
    if folder.suspended:
        return Text("suspended", "yellow")
    if folder.unreadable is not None:
        return Text("unreadable", "red")
    return Text("error", "red") if folder.error else Text(f"every {folder.interval} s", "green")


def _last_scan(folder: Watchfolder) -> Text:
    if trouble := folder.unreadable or folder.error:
        return Text(printable(trouble), "red")
    if folder.last_check is None or folder.last_scan is None:
        return Text("not yet", "dim")
    scan = folder.last_scan
    many = "1 file" if scan.files == 1 else f"{scan.files} files"
    words = f"{ago(time.time() - folder.last_check / 1000)} by {folder.last_node}: {many}"
    words += f", {scan.queued} queued" if scan.queued else ""
    return Text(printable(words + (f", {scan.growing} not complete yet" if scan.growing else "")))


@app.command("add")
@takes_settings
def add(
    typer_context: typer.Context,
    path: Annotated[
        str, typer.Argument(metavar="FOLDER", help="The path of the folder on the nodes that scan it.")
    ],
    options: SettingsOptions,
    suspended: Annotated[bool, typer.Option("--suspended", help="Don't scan it yet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Watch a folder: encode every new file once it is complete."""
    context = context_of(typer_context)
    if options.preset is None:
        raise UsageError(
            "What should be done with the files?",
            "Use --preset NAME; `ffmate-desktop presets list` shows the presets.",
        )
    context.run(_add(context, _absolute(path), options.preset, options, suspended, as_json))


def _absolute(path: str) -> str:
    return path if is_absolute(path) else str(Path.cwd() / path)


async def _add(
    context: Context, path: str, preset: str, options: SettingsOptions, suspended: bool, as_json: bool
) -> None:
    async with open_cluster(context.settings) as cluster:
        chosen = await cluster.presets.find(preset)
        before = WatchfolderSettings(name="", path=path, preset=chosen.uuid, suspended=suspended)
        settings = check(options.apply_to(before))
        if any(other.name.lower() == settings.name.lower() for other in await cluster.watchfolders.all()):
            raise UserError(f"A watchfolder “{settings.name}” already exists.", "Choose another --name.")
        folder = await cluster.watchfolders.add(settings)
        await _warn(cluster.watchfolders, folder)
    if not await asyncio.to_thread(Path(path).is_dir):
        note = f"“{printable(path)}” isn't a folder on this computer. Nodes that have it will scan it."
        say(note, err=True)
    print_result(context, folder, "is suspended" if folder.suspended else "is now being watched", as_json)


async def _warn(service: WatchfolderService, folder: Watchfolder) -> None:
    """Warn about overlaps: files are encoded twice, or one watchfolder moves originals before the other sees them."""
    others = await service.overlapping(folder, folder.uuid)
    if others:
        names = ", ".join(f"“{printable(other.name)}”" for other in others)
        verb = "watches" if len(others) == 1 else "watch"
        note = f"{names} {verb} the same files: they are queued once for each watchfolder."
        say(note, err=True)


def print_result(context: Context, folder: Watchfolder, what: str, as_json: bool) -> None:
    """Print the result of a command on a watchfolder, as text or as JSON."""
    if as_json:
        context.print_json(folder.to_json())
    else:
        context.console.print(f"{str(folder.uuid)[:8]} {printable(folder.name)} {what}", markup=False)


@app.command("edit")
@takes_settings
def edit(
    typer_context: typer.Context,
    which: Which,
    *,
    path: Annotated[
        str | None, typer.Option("--path", metavar="FOLDER", help="Watch this folder instead.")
    ] = None,
    options: SettingsOptions,
    as_json: AsJson = False,
) -> None:
    """Change the settings you name and keep the others. An empty value clears a list.

    The defaults below are those of `watchfolders add`.
    """
    if path is None and options == SettingsOptions():
        raise UsageError(
            "What should be changed?", "`ffmate-desktop watchfolders edit --help` lists the options."
        )
    context = context_of(typer_context)
    context.run(_edit(context, which, None if path is None else _absolute(path), options, as_json))


async def _edit(
    context: Context, which: str, path: str | None, options: SettingsOptions, as_json: bool
) -> None:
    async with open_cluster(context.settings) as cluster:
        before = await cluster.watchfolders.find(which)
        settings = options.apply_to(before.settings())
        if path is not None:
            settings = settings.model_copy(update={"path": path})
        if options.preset is not None:
            chosen = await cluster.presets.find(options.preset)
            settings = settings.model_copy(update={"preset": chosen.uuid})
        folder = await cluster.watchfolders.edit(before.uuid, settings, version=before.version)
        await _warn(cluster.watchfolders, folder)
    print_result(context, folder, "was changed", as_json)


def _command(
    name: str, act: Callable[[WatchfolderService], Callable[[UUID], Awaitable[None]]], done: str, text: str
) -> None:
    """Add a command that does one thing with a watchfolder and prints the result."""

    def run(typer_context: typer.Context, which: Which, as_json: AsJson = False) -> None:
        context = context_of(typer_context)
        context.run(work(context, which, as_json))

    async def work(context: Context, which: str, as_json: bool) -> None:
        async with open_cluster(context.settings) as cluster:
            folder = await cluster.watchfolders.find(which)
            await act(cluster.watchfolders)(folder.uuid)
            if name != "delete":
                folder = await cluster.watchfolders.get(folder.uuid)
        print_result(context, folder, done, as_json)

    run.__doc__ = text
    app.command(name)(run)


_command(
    "suspend",
    lambda folders: folders.suspend,
    "is suspended",
    "Stop scanning a watchfolder until you resume it.",
)
_command(
    "resume",
    lambda folders: folders.resume,
    "is being watched again",
    "Scan a suspended watchfolder again. Accepts its current content, even if the folder is empty.",
)


@app.command("delete")
def delete(
    typer_context: typer.Context,
    which: Which,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask for confirmation.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete a watchfolder and the history of its files. Files and tasks stay."""
    context = context_of(typer_context)
    context.run(_delete(context, which, yes, as_json))


async def _delete(context: Context, which: str, yes: bool, as_json: bool) -> None:
    async with open_cluster(context.settings) as cluster:
        folder = await cluster.watchfolders.find(which)
        must_ask = not yes and sys.stdin.isatty() and sys.stderr.isatty()
        question = f"Delete “{printable(folder.name)}” and the history of its files?"
        if must_ask and not ask(question):
            raise typer.Abort
        left = await cluster.watchfolders.count_pending_originals(folder)
        await cluster.watchfolders.delete(folder.uuid)
    if left:
        many = "1 original stays" if left == 1 else f"{left} originals stay"
        say(f"{many} in the folder and won't be moved anymore.", err=True)
    print_result(context, folder, "was deleted", as_json)
