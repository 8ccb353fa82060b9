"""`import-ffmate`: copies presets, watchfolders and webhooks from FFmate 2, after showing what it will do."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.text import Text

from ffmate_desktop.bootstrap.cluster import open_cluster
from ffmate_desktop.cli.context import Context, context_of
from ffmate_desktop.cli.table import Fit, TableColumn
from ffmate_desktop.cli.terminal import ask, say
from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.services.ffmate_import import ImportItem, ImportOutcome

_COLOURS = {
    ImportOutcome.NEW: "green",
    ImportOutcome.IMPORTED: "green",
    ImportOutcome.EXISTS: "dim",
    ImportOutcome.REFUSED: "red",
}


def import_ffmate(
    typer_context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", help="FFmate's SQLite file, or the URI of its PostgreSQL database."),
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask for confirmation.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be imported.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Copy presets, watchfolders and webhooks from FFmate 2. FFmate's database isn't changed."""
    context = context_of(typer_context)
    if not context.run(_import(context, source, yes, dry_run, as_json)):
        raise typer.Exit(1)


async def _import(context: Context, source: str, yes: bool, dry_run: bool, as_json: bool) -> bool:
    async with open_cluster(context.settings) as cluster:
        plan = await cluster.ffmate_import.plan(source)
        new = [item for item in plan if item.outcome is ImportOutcome.NEW]
        if dry_run or not new:
            _show(context, plan, as_json)
            return True
        if not yes:
            if as_json or not (sys.stdin.isatty() and sys.stderr.isatty()):
                raise UsageError(
                    "There is no terminal to ask for confirmation.",
                    "Use --yes to import, or --dry-run to look first.",
                )
            _show(context, plan, as_json=False)
            if not ask(f"Import {len(new)} of these?"):
                raise typer.Abort
        done = await cluster.ffmate_import.execute(plan)
        _show(context, done, as_json)
    if any(item.kind == "webhook" and item.outcome is ImportOutcome.IMPORTED for item in done):
        say(
            "Webhooks are stored, but this version doesn't send them yet. Let FFmate send them until then.",
            err=True,
        )
    before = {id_ for id_, item in enumerate(plan) if item.outcome is ImportOutcome.REFUSED}
    return all(item.outcome is not ImportOutcome.REFUSED or id_ in before for id_, item in enumerate(done))


def _show(context: Context, items: Sequence[ImportItem], as_json: bool) -> None:
    if as_json:
        context.print_json([item.to_json() for item in items])
        return
    if not items:
        context.console.print("There is nothing to import in that database.")
        return
    table = context.table(
        TableColumn("KIND"), TableColumn("NAME"), TableColumn(""), TableColumn("NOTE", Fit.FOLD)
    )
    table.write(
        (item.kind, item.name, Text(item.outcome.text, _COLOURS[item.outcome]), item.note) for item in items
    )
