"""The commands about the files of a watchfolder: list, retry, scan and dry run."""

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
from ffmate_desktop.cli.text import format_size, moment, printable
from ffmate_desktop.cli.watchfolders import AsJson, Which, print_result
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
        typer.Option(
            "--state", metavar="STATE", help=f"Only files in this state: {', '.join(_KNOWN)}. Repeatable."
        ),
    ] = None,
    find: Annotated[
        str, typer.Option("--find", metavar="TEXT", help="Only paths that contain this text.")
    ] = "",
    gone: Annotated[
        bool, typer.Option("--gone", help="Also list files that disappeared before they were queued.")
    ] = False,
    limit: Annotated[int, number_option("--limit", "N", "Show at most this many; 0 shows all.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List the files with their state and the reason, most recently found first."""
    context = context_of(typer_context)
    view = FileFilterView(frozenset(_file_state(word) for word in state or ()), find, gone)
    context.run(_files(context, which, view, limit or None, as_json))


def _file_state(word: str) -> FileState:
    for state in _KNOWN:
        if state == word.lower():
            return state
    raise UsageError(f"“{word}” isn't a state.", f"Use one of: {', '.join(_KNOWN)}.")


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
            ", ".join(f"{counts[state]} {state}" for state in FileState if state in counts) or "No files yet."
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
        format_size(file.size),
        moment(file.modified_at),
        str(file.task)[:8] if file.task else "",
        file.reason,
    )


@watchfolders.command("retry")
def retry(
    typer_context: typer.Context,
    which: Which,
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="FILE", help="A path as `watchfolders files` shows it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Retry files that failed or were cancelled. Without FILE, retry all that failed."""
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
        total = "1 file" if retried.count == 1 else f"{retried.count} files"
        context.console.print(f"Retrying {total}." if retried.count else "No files to retry.")
    if retried.in_use:
        raise UserError(in_use(retried.in_use))


@dataclass
class _Retried:
    """How many files are retried, and the tasks whose output another task is writing."""

    count: int = 0
    in_use: list[UUID] = field(default_factory=list)

    async def pages(self, cluster: ClusterServices, folder: UUID) -> AsyncIterator[list[str]]:
        """Retry the failed files page by page; yields the paths of the retried ones."""
        view = FileFilterView(frozenset({FileState.FAILED}))
        async for page in cluster.watchfolders.file_pages(folder, view):
            # The next scan queues those whose tasks were deleted.
            queued_again = await cluster.watchfolders.queue_again(folder, [file.id for file in page])
            rest = [file for file in page if file.id not in queued_again and not file.gone]
            restarted, in_use = await cluster.bulk.restart([file.task for file in rest if file.task])
            retried = [file.path for file in page if file.id in queued_again or file.task in restarted]
            self.count += len(retried)
            self.in_use += in_use
            yield retried


async def _retry_some(context: Context, which: str, paths: list[str], as_json: bool) -> None:
    retried: list[str] = []
    async with open_cluster(context.settings) as cluster:
        folder = await cluster.watchfolders.find(which)
        view = FileFilterView(frozenset({FileState.FAILED, FileState.SKIPPED}))
        requested = set(paths)
        chosen = [
            file
            async for page in cluster.watchfolders.file_pages(folder.uuid, view)
            for file in page
            if file.path in requested
        ]
        found = {file.path for file in chosen}
        refused = [
            f"“{printable(path)}” isn't a file that failed or was cancelled."
            for path in paths
            if path not in found
        ]
        # The next scan queues those whose tasks were deleted.
        queued_again = await cluster.watchfolders.queue_again(folder.uuid, [file.id for file in chosen])
        for file in chosen:
            if file.id in queued_again:
                retried.append(file.path)
            elif file.gone or file.task is None:
                refused.append(f"“{printable(file.path)}”: {_why_not(file)}")
            else:
                try:
                    retried += [file.path for _ in await cluster.tasks.restart([file.task])]
                except OutputInUseError as error:
                    refused.append(f"“{printable(file.path)}”: {error}")
    if as_json:
        context.print_json(retried)
    for path in () if as_json else retried:
        context.console.print(f"Retrying {printable(path)}", markup=False)
    if refused:
        raise UserError("\n".join(refused))


def _why_not(file: WatchedFile) -> str:
    return "the file is gone." if file.gone else f"it was never queued. {printable(file.reason)}"


@watchfolders.command("scan")
def scan(
    typer_context: typer.Context,
    which: Which,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what a scan by this computer would do.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Scan a watchfolder now instead of waiting for its interval."""
    context = context_of(typer_context)
    context.run(_scan(context, which, dry_run, as_json))


async def _scan(context: Context, which: str, dry_run: bool, as_json: bool) -> None:
    async with open_cluster(context.settings) as cluster:
        folder = await cluster.watchfolders.find(which)
        if not dry_run:
            await cluster.watchfolders.scan(folder.uuid)
            print_result(context, folder, "will be scanned by the next free node", as_json)
            return
        run = await cluster.watchfolders.dry_run(folder.uuid)
    if as_json:
        files = [
            {key: value for key, value in asdict(file).items() if value is not None} for file in run.files
        ]
        context.print_json({"files": files, "unreadable": run.unreadable})
        return
    for sentence in run.unreadable:
        context.console.print(Text(printable(sentence), "red"))
    queued = sum(file.takes for file in run.files)
    total = "1 file" if len(run.files) == 1 else f"{len(run.files)} files"
    context.console.print(f"{total}, {queued} would be queued now. This was a dry run: nothing was changed.")
    context.table(*_DRY_RUN_COLUMNS).write(
        (
            file.path,
            Text(file.state.value, STATE_COLOURS[file.state]),
            format_size(file.size),
            file.reason,
            file.output or "",
        )
        for file in run.files
    )


_DRY_RUN_COLUMNS = (
    TableColumn("FILE", Fit.FOLD),
    TableColumn("STATE"),
    TableColumn("SIZE", right=True),
    TableColumn("WHY", Fit.FOLD),
    TableColumn("OUTPUT", Fit.FOLD),
)
