"""A node without a window, and the commands about nodes."""

import asyncio
import sys
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from ffmate_desktop import bootstrap, logs
from ffmate_desktop.cli.context import Context, context_of
from ffmate_desktop.cli.signals import stop_signals
from ffmate_desktop.cli.text import ago, printable, short_version
from ffmate_desktop.db.connection import without_password
from ffmate_desktop.node.bus import Bus
from ffmate_desktop.settings import DATABASE

nodes = typer.Typer(help="The computers of the cluster.")


def server(typer_context: typer.Context) -> None:
    """Be a node without a window; the same as `ffmate-desktop --no-gui`."""
    serve(context_of(typer_context))


def serve(context: Context) -> None:
    """Work until Ctrl+C or SIGTERM: the first drains for a while, the second gives all back, the third kills."""
    context.run(_serve(context))


async def _serve(context: Context) -> None:
    settings = context.settings
    async with (
        bootstrap.open_cluster(settings, connections=settings.slots + 2) as cluster,
        bootstrap.open_node(settings, cluster, Bus()) as node,
    ):
        if _shows_password(settings.database):
            logs.cluster.info(
                "Others here can read the password in %s (ps): FFMATE_DATABASE or a password file hides it",
                DATABASE.option,
            )
        working = asyncio.create_task(node.run(), name="node")
        stage = iter((node.retire, node.stop) if settings.drain_time else (node.stop,))

        def on_signal() -> None:
            step = next(stage, working.cancel)
            if step == node.retire and node.running:
                logs.cluster.info(
                    "Stopping: %d running tasks may finish, for at most %.0f s. Once more to give them back now",
                    node.running,
                    settings.drain_time,
                )
                node.retire(settings.drain_time)
            elif step == working.cancel:
                working.cancel()
            else:
                logs.cluster.info("Stopping: running tasks go back to the queue. Once more to end at once")
                node.stop()

        with stop_signals(on_signal):
            logs.cluster.info("Ready for tasks; Ctrl+C stops this node")
            try:
                await working
            except asyncio.CancelledError:
                logs.cluster.info("Ended at once; the tasks go on elsewhere when the lease has run out")


def _shows_password(uri: str | None) -> bool:
    """Whether what this program was started with, which everybody can read, has a password in it."""
    return uri is not None and without_password(uri) != uri and any(uri in word for word in sys.argv)


@nodes.command("list")
def list_nodes(
    typer_context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Every node, how it is, and what it offers."""
    context = context_of(typer_context)
    context.run(_list_nodes(context, as_json))


async def _list_nodes(context: Context, as_json: bool) -> None:
    async with bootstrap.open_cluster(context.settings) as cluster:
        found = await cluster.nodes.all()
    if as_json:
        context.print_json([node.to_json() for node in found])
        return
    if not found:
        context.console.print("No node has joined yet. Start one: ffmate-desktop --no-gui")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("NODE", "STATUS", "HEARTBEAT", "TASKS", "SYSTEM", "CORES", "FFMPEG", "LABELS"):
        table.add_column(
            name,
            overflow="fold",
            no_wrap=name not in ("NODE", "LABELS"),
            justify="right" if name in ("TASKS", "CORES") else "left",
        )
    for node in found:
        table.add_row(
            Text(printable(node.identifier)),
            f"[{_COLOURS[node.status]}]{node.status}{', paused' if node.paused else ''}[/]",
            ago(node.heartbeat_age),
            f"{node.running}/{node.slots}",
            f"{node.os} {node.arch}",
            str(node.cores),
            short_version(node.ffmpeg_version),
            " ".join(node.labels),
        )
    context.print_table(table)


_COLOURS = {"online": "green", "late": "yellow", "draining": "cyan", "left": "dim", "lost": "red"}


@nodes.command("drain")
def drain(
    typer_context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The node's name.")],
) -> None:
    """Let a node finish what it runs, claim nothing new, then leave."""
    context = context_of(typer_context)
    context.run(_drain(context, name))


async def _drain(context: Context, name: str) -> None:
    async with bootstrap.open_cluster(context.settings) as cluster:
        await cluster.nodes.drain(name)
    typer.echo(f"{printable(name)} finishes what it runs, then leaves.")
