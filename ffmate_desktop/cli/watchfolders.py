"""The commands about watchfolders."""

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
from ffmate_desktop.cli import watchfolder_options as given
from ffmate_desktop.cli.context import Context, context_of
from ffmate_desktop.cli.table import Fit, TableColumn
from ffmate_desktop.cli.terminal import ask, say
from ffmate_desktop.cli.text import ago, printable
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.paths import is_absolute
from ffmate_desktop.domain.watchfolder import Watchfolder, WatchfolderSettings
from ffmate_desktop.services.watchfolders import WatchfolderService, check

app = typer.Typer(help="Folders whose new files become tasks by themselves.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Which = Annotated[str, typer.Argument(metavar="NAME", help="Its name, or the beginning of its uuid.")]


@app.command("list")
def list_watchfolders(typer_context: typer.Context, as_json: AsJson = False) -> None:
    """Every watchfolder, and what its last scan found."""
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
            "No watchfolders. Make one: ffmate-desktop watchfolders add FOLDER --preset NAME"
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
    return Text("trouble", "red") if folder.error else Text(f"every {folder.interval} s", "green")


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
def add(
    typer_context: typer.Context,
    path: Annotated[str, typer.Argument(metavar="FOLDER", help="As the nodes that scan it see it.")],
    preset: given.Preset = None,
    name: given.Name = None,
    description: given.Description = None,
    interval: given.Interval = None,
    growth_checks: given.GrowthChecks = None,
    include: given.Include = None,
    exclude: given.Exclude = None,
    min_size: given.MinSize = None,
    min_age: given.MinAge = None,
    recursive: given.Recursive = None,
    output_file: given.Output = None,
    priority: given.Priority = None,
    label: given.Label = None,
    retries: given.Retries = None,
    on_success: given.OnSuccess = None,
    on_failure: given.OnFailure = None,
    write_locks: given.WriteLocks = None,
    suspended: Annotated[bool, typer.Option("--suspended", help="Do not scan it yet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Watch a folder: every finished new file in it becomes a task."""
    words = {
        "name": name,
        "description": description,
        "interval": interval,
        "growth_checks": growth_checks,
        "min_size": min_size,
        "min_age": min_age,
        "recursive": recursive,
        "output_file": output_file,
        "priority": priority,
        "label": label,
        "retries": retries,
        "on_success": on_success,
        "on_failure": on_failure,
        "write_locks": write_locks,
        "suspended": suspended,
    }
    context = context_of(typer_context)
    if preset is None:
        raise UsageError(
            "What should be done with the files?",
            "Give --preset NAME; `ffmate-desktop presets list` shows them.",
        )
    whole = path if is_absolute(path) else str(Path.cwd() / path)

    def change(before: WatchfolderSettings) -> WatchfolderSettings:
        return given.settings_from(before, words, include=include, exclude=exclude)

    context.run(_add(context, whole, preset, change, as_json))


_Change = Callable[[WatchfolderSettings], WatchfolderSettings]


async def _add(context: Context, path: str, preset: str, change: _Change, as_json: bool) -> None:
    async with open_cluster(context.settings) as cluster:
        chosen = await cluster.presets.find(preset)
        settings = check(change(WatchfolderSettings(name="", path=path, preset=chosen.uuid)))
        if any(other.name.lower() == settings.name.lower() for other in await cluster.watchfolders.all()):
            raise UserError(
                f"There is already a watchfolder “{settings.name}”.", "Give this one another --name."
            )
        folder = await cluster.watchfolders.add(settings)
        await _warn(cluster.watchfolders, folder)
    if not await asyncio.to_thread(Path(path).is_dir):
        note = f"There is no folder “{printable(path)}” on this computer; nodes that have it will scan it."
        say(note, err=True)
    tell(context, folder, "is suspended" if folder.suspended else "is watched now", as_json)


async def _warn(service: WatchfolderService, folder: Watchfolder) -> None:
    """Files in two watchfolders have two tasks; and one may move an original before the other has seen it."""
    others = await service.overlapping(folder, folder.uuid)
    if others:
        names = ", ".join(f"“{printable(other.name)}”" for other in others)
        verb = "watches" if len(others) == 1 else "watch"
        note = f"{names} {verb} the same files, too: each of these gets a task from every watchfolder."
        say(note, err=True)


def tell(context: Context, folder: Watchfolder, what: str, as_json: bool) -> None:
    """What became of a watchfolder, for people or for programs."""
    if as_json:
        context.print_json(folder.to_json())
    else:
        context.console.print(f"{str(folder.uuid)[:8]} {printable(folder.name)} {what}", markup=False)


@app.command("edit")
def edit(
    typer_context: typer.Context,
    which: Which,
    path: Annotated[str | None, typer.Option("--path", metavar="FOLDER", help="Another folder.")] = None,
    preset: given.Preset = None,
    name: given.Name = None,
    description: given.Description = None,
    interval: given.Interval = None,
    growth_checks: given.GrowthChecks = None,
    include: given.Include = None,
    exclude: given.Exclude = None,
    min_size: given.MinSize = None,
    min_age: given.MinAge = None,
    recursive: given.Recursive = None,
    output_file: given.Output = None,
    priority: given.Priority = None,
    label: given.Label = None,
    retries: given.Retries = None,
    on_success: given.OnSuccess = None,
    on_failure: given.OnFailure = None,
    write_locks: given.WriteLocks = None,
    as_json: AsJson = False,
) -> None:
    """Change what is given, keep the rest; an empty word clears a list. Files keep what became of them.

    The defaults below are those of `watchfolders add`.
    """
    words = {
        "path": None if path is None else path if is_absolute(path) else str(Path.cwd() / path),
        "name": name,
        "description": description,
        "interval": interval,
        "growth_checks": growth_checks,
        "min_size": min_size,
        "min_age": min_age,
        "recursive": recursive,
        "output_file": output_file,
        "priority": priority,
        "label": label,
        "retries": retries,
        "on_success": on_success,
        "on_failure": on_failure,
        "write_locks": write_locks,
    }

    if all(word is None for word in (*words.values(), preset, include, exclude)):
        raise UsageError(
            "What should be changed?", "`ffmate-desktop watchfolders edit --help` shows what can be."
        )

    def change(before: WatchfolderSettings) -> WatchfolderSettings:
        return given.settings_from(before, words, include=include, exclude=exclude)

    context = context_of(typer_context)
    context.run(_edit(context, which, preset, change, as_json))


async def _edit(context: Context, which: str, preset: str | None, change: _Change, as_json: bool) -> None:
    async with open_cluster(context.settings) as cluster:
        before = await cluster.watchfolders.find(which)
        settings = change(before.settings())
        if preset is not None:
            chosen = await cluster.presets.find(preset)
            settings = settings.model_copy(update={"preset": chosen.uuid})
        folder = await cluster.watchfolders.edit(before.uuid, settings, version=before.version)
        await _warn(cluster.watchfolders, folder)
    tell(context, folder, "is changed", as_json)


def _command(
    name: str, act: Callable[[WatchfolderService], Callable[[UUID], Awaitable[None]]], done: str, text: str
) -> None:
    """One of the commands that do something to a watchfolder and say so."""

    def run(typer_context: typer.Context, which: Which, as_json: AsJson = False) -> None:
        context = context_of(typer_context)
        context.run(work(context, which, as_json))

    async def work(context: Context, which: str, as_json: bool) -> None:
        async with open_cluster(context.settings) as cluster:
            folder = await cluster.watchfolders.find(which)
            await act(cluster.watchfolders)(folder.uuid)
            if name != "delete":
                folder = await cluster.watchfolders.get(folder.uuid)
        tell(context, folder, done, as_json)

    run.__doc__ = text
    app.command(name)(run)


_command("suspend", lambda folders: folders.suspend, "is suspended", "Scan it no more for now.")
_command(
    "resume",
    lambda folders: folders.resume,
    "is watched again",
    "Scan it again. Also: what it holds now is right, even if it is empty.",
)


@app.command("delete")
def delete(
    typer_context: typer.Context,
    which: Which,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Watch it no more, and forget what became of its files. Files and tasks stay."""
    context = context_of(typer_context)
    context.run(_delete(context, which, yes, as_json))


async def _delete(context: Context, which: str, yes: bool, as_json: bool) -> None:
    async with open_cluster(context.settings) as cluster:
        folder = await cluster.watchfolders.find(which)
        asks = not yes and sys.stdin.isatty() and sys.stderr.isatty()
        question = f"Forget “{printable(folder.name)}” and what became of its files?"
        if asks and not ask(question):
            raise typer.Abort
        left = await cluster.watchfolders.pending_originals(folder)
        await cluster.watchfolders.delete(folder.uuid)
    if left:
        many = "1 original stays" if left == 1 else f"{left} originals stay"
        say(f"{many} in the folder, whatever becomes of the tasks: nothing moves them any more.", err=True)
    tell(context, folder, "is deleted", as_json)
