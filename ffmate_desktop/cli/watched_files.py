"""The commands about the files of a watchfolder: what became of each, scanning now, and a dry run."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Annotated
from uuid import UUID

import typer
from rich.text import Text

from ffmate_desktop.bootstrap.cluster import open_cluster
from ffmate_desktop.cli.context import Context, context_of
from ffmate_desktop.cli.numbers import number_option
from ffmate_desktop.cli.selectors import in_use
from ffmate_desktop.cli.table import Cell, Fit, TableColumn
from ffmate_desktop.cli.text import moment, printable, size
from ffmate_desktop.cli.watchfolders import AsJson, Which, tell
from ffmate_desktop.cli.watchfolders import app as watchfolders
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.watchfolder import FileState, WatchedFile
from ffmate_desktop.services.cluster_services import ClusterServices
from ffmate_desktop.services.output_names import OutputInUseError
from ffmate_desktop.services.watchfolders import FileFilterView

STATE_COLOURS = {
    FileState.WAITING: "dim",
    FileState.GROWING: "yellow",
    FileState.QUEUED: "dim",
    FileState.RUNNING: "cyan",
    FileState.DONE: "green",
    FileState.FAILED: "red",
    FileState.SKIPPED: "dim",
    FileState.OUTPUT: "dim",
    FileState.UNKNOWN: "dim",
}
_KNOWN = [state for state in FileState if state is not FileState.UNKNOWN]


def _state(file: WatchedFile) -> Text:
    word = file.state_word or file.state.value
    return Text(f"{word} (gone)" if file.gone else word, STATE_COLOURS[file.state])


@watchfolders.command("files")
def files(
    typer_context: typer.Context,
    which: Which,
    state: Annotated[
        list[str] | None,
        typer.Option("--state", metavar="STATE", help=f"Only these: {', '.join(_KNOWN)}. Repeatable."),
    ] = None,
    find: Annotated[str, typer.Option("--find", metavar="TEXT", help="Only paths with this in it.")] = "",
    gone: Annotated[
        bool, typer.Option("--gone", help="Also files that went before they had a task.")
    ] = False,
    limit: Annotated[int, number_option("--limit", "N", "How many to show at most; 0 shows all.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Every file, what became of it, and why; the latest found first. “gone”: it is not there any more."""
    context = context_of(typer_context)
    view = FileFilterView(frozenset(_file_state(word) for word in state or ()), find, gone)
    context.run(_files(context, which, view, limit or None, as_json))


def _file_state(word: str) -> FileState:
    for state in _KNOWN:
        if state == word.lower():
            return state
    raise UsageError(f"“{word}” is not a state.", f"There are {', '.join(_KNOWN)}.")


async def _files(
    context: Context, which: str, view: FileFilterView, limit: int | None, as_json: bool
) -> None:
    async with open_cluster(context.settings) as cluster:
        folder = await cluster.watchfolders.find(which)
        pages = cluster.watchfolders.file_pages(folder.uuid, view, limit=limit)
        if as_json:
            await context.print_json_array([file.to_json() for file in page] async for page in pages)
            return
        counts = await cluster.watchfolders.counts(folder.uuid)
        if folder.error:
            context.console.print(Text(printable(folder.error), "red"))
        context.console.print(
            ", ".join(f"{counts[one]} {one}" for one in FileState if one in counts) or "No files yet."
        )
        table = context.table(*_COLUMNS)
        async for page in pages:
            table.write(_row(file) for file in page)


_COLUMNS = (
    TableColumn("FILE", Fit.FOLD),
    TableColumn("STATE"),
    TableColumn("SIZE", right=True),
    TableColumn("CHANGED"),
    TableColumn("TASK"),
    TableColumn("WHY", Fit.FOLD),
)


def _row(file: WatchedFile) -> Sequence[Cell]:
    return (
        file.path,
        _state(file),
        size(file.size),
        moment(file.modified_at),
        str(file.task)[:8] if file.task else "",
        file.reason,
    )


@watchfolders.command("retry")
def retry(
    typer_context: typer.Context,
    which: Which,
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE]...", help="As `watchfolders files` shows them.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Try files again that failed, or whose task was cancelled; without FILE all that failed."""
    context = context_of(typer_context)
    context.run(_retry_some(context, which, paths, as_json) if paths else _retry_all(context, which, as_json))


async def _retry_all(context: Context, which: str, as_json: bool) -> None:
    retried = _Retried()
    async with open_cluster(context.settings) as cluster:
        folder = await cluster.watchfolders.find(which)
        pages = retried.pages(cluster, folder.uuid)
        if as_json:
            await context.print_json_array(pages)
        else:
            async for _ in pages:
                pass
    if not as_json:
        many = "1 file is" if retried.count == 1 else f"{retried.count} files are"
        context.console.print(f"{many} tried again" if retried.count else "No file can be tried again.")
    if retried.in_use:
        raise UserError(in_use(retried.in_use))


@dataclass
class _Retried:
    """How many files are tried again, and the tasks that another one is in the way of."""

    count: int = 0
    in_use: list[UUID] = field(default_factory=list)

    async def pages(self, cluster: ClusterServices, folder: UUID) -> AsyncIterator[list[str]]:
        """Try a page of files that failed again, and tell their paths."""
        view = FileFilterView(frozenset({FileState.FAILED}))
        async for page in cluster.watchfolders.file_pages(folder, view):
            # Those whose tasks were deleted get new ones from the next scan.
            taken = await cluster.watchfolders.take_again(folder, [file.id for file in page])
            rest = [file for file in page if file.id not in taken and not file.gone]
            restarted, in_use = await cluster.bulk.restart([file.task for file in rest if file.task])
            again = [file.path for file in page if file.id in taken or file.task in restarted]
            self.count += len(again)
            self.in_use += in_use
            yield again


async def _retry_some(context: Context, which: str, paths: list[str], as_json: bool) -> None:
    again: list[str] = []
    async with open_cluster(context.settings) as cluster:
        folder = await cluster.watchfolders.find(which)
        view = FileFilterView(frozenset({FileState.FAILED, FileState.SKIPPED}))
        wanted = set(paths)
        chosen = [
            file
            async for page in cluster.watchfolders.file_pages(folder.uuid, view)
            for file in page
            if file.path in wanted
        ]
        found = {file.path for file in chosen}
        refused = [
            f"“{printable(path)}” is no file that failed or was cancelled."
            for path in paths
            if path not in found
        ]
        # Those whose tasks were deleted get new ones from the next scan.
        taken = await cluster.watchfolders.take_again(folder.uuid, [file.id for file in chosen])
        for file in chosen:
            if file.id in taken:
                again.append(file.path)
            elif file.gone or file.task is None:
                refused.append(f"“{printable(file.path)}”: {_why_not(file)}")
            else:
                try:
                    again += [file.path for _ in await cluster.tasks.restart([file.task])]
                except OutputInUseError as error:
                    refused.append(f"“{printable(file.path)}”: {error}")
    if as_json:
        context.print_json(again)
    for path in () if as_json else again:
        context.console.print(f"{printable(path)} is tried again", markup=False)
    if refused:
        raise UserError("\n".join(refused))


def _why_not(file: WatchedFile) -> str:
    return "it is not there any more." if file.gone else f"it never had a task. {printable(file.reason)}"


@watchfolders.command("scan")
def scan(
    typer_context: typer.Context,
    which: Which,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only list, from this computer, what would happen and why.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Let a node scan it now, without waiting for its interval."""
    context = context_of(typer_context)
    context.run(_scan(context, which, dry_run, as_json))


async def _scan(context: Context, which: str, dry_run: bool, as_json: bool) -> None:
    async with open_cluster(context.settings) as cluster:
        folder = await cluster.watchfolders.find(which)
        if not dry_run:
            await cluster.watchfolders.scan(folder.uuid)
            tell(context, folder, "is scanned by the next free node", as_json)
            return
        foreseen = await cluster.watchfolders.dry_run(folder.uuid)
    if as_json:
        files = [
            {key: value for key, value in asdict(file).items() if value is not None}
            for file in foreseen.files
        ]
        context.print_json({"files": files, "unreadable": foreseen.unreadable})
        return
    for sentence in foreseen.unreadable:
        context.console.print(Text(printable(sentence), "red"))
    taken = sum(file.takes for file in foreseen.files)
    looked = "1 file" if len(foreseen.files) == 1 else f"{len(foreseen.files)} files"
    context.console.print(f"{looked}, {taken} would be queued now. Nothing was changed.")
    context.table(*_FORESEEN).write(
        (
            file.path,
            Text(file.state.value, STATE_COLOURS[file.state]),
            size(file.size),
            file.reason,
            file.output or "",
        )
        for file in foreseen.files
    )


_FORESEEN = (
    TableColumn("FILE", Fit.FOLD),
    TableColumn("STATE"),
    TableColumn("SIZE", right=True),
    TableColumn("WHY", Fit.FOLD),
    TableColumn("OUTPUT", Fit.FOLD),
)
