"""Commands that show nodes."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.text import Text

from ffmate_desktop.bootstrap.cluster import open_cluster
from ffmate_desktop.cli.context import Context, context_of
from ffmate_desktop.cli.table import Cell, Fit, TableColumn
from ffmate_desktop.cli.text import ago
from ffmate_desktop.domain.node import Node, short_version

nodes = typer.Typer(help="The computers of the cluster.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@nodes.command("list")
def list_nodes(
    typer_context: typer.Context,
    as_json: AsJson = False,
) -> None:
    """List all nodes, their state and what they provide."""
    context = context_of(typer_context)
    context.run(_list_nodes(context, as_json))


async def _list_nodes(context: Context, as_json: bool) -> None:
    async with open_cluster(context.settings) as cluster:
        found = await cluster.nodes.all()
    if as_json:
        context.print_json([node.to_json() for node in found])
        return
    if not found:
        context.console.print("No node has joined yet. To start one: ffmate-desktop --no-gui")
        return
    context.table(*_COLUMNS).write(_row(node) for node in found)


_COLUMNS = (
    TableColumn("NODE", Fit.FOLD),
    TableColumn("STATUS"),
    TableColumn("HEARTBEAT"),
    TableColumn("TASKS", right=True),
    TableColumn("SYSTEM"),
    TableColumn("CORES", right=True),
    TableColumn("PRIORITY"),
    TableColumn("FFMPEG"),
    TableColumn("LABELS", Fit.FOLD),
)


def _row(node: Node) -> Sequence[Cell]:
    return (
        node.identifier,
        Text(f"{node.status}{', paused' if node.paused else ''}", _COLOURS.get(node.status, "")),
        ago(node.heartbeat_age),
        f"{node.running}/{node.slots}",
        f"{node.os} {node.arch}",
        str(node.cores),
        node.encode_priority or "",
        short_version(node.ffmpeg_version),
        " ".join(node.labels),
    )


_COLOURS = {"online": "green", "late": "yellow", "draining": "cyan", "left": "dim", "lost": "red"}
