"""A node without a window."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import replace

import typer

from ffmate_desktop import logs
from ffmate_desktop.bootstrap.cluster import open_cluster
from ffmate_desktop.bootstrap.node import open_node
from ffmate_desktop.cli.context import Context, context_of
from ffmate_desktop.cli.signals import stop_signals
from ffmate_desktop.domain.counts import counted
from ffmate_desktop.domain.encode_priority import EncodePriority
from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.node.bus import Bus
from ffmate_desktop.node.node import ClusterNode
from ffmate_desktop.services.passwords import split_password
from ffmate_desktop.settings.table import DATABASE, Settings


def server(typer_context: typer.Context) -> None:
    """Run a node without a window. Same as `ffmate-desktop --no-gui`."""
    serve(context_of(typer_context))


def serve(context: Context) -> None:
    """Run until Ctrl+C or SIGTERM. The first drains for a while, the second returns all tasks, the third kills."""
    settings = context.settings
    if settings.encode_priority is None:
        # no window whose user would notice
        settings = replace(settings, encode_priority=EncodePriority.NORMAL)
    context.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    starting = asyncio.current_task()
    assert starting is not None  # noqa: S101 - a coroutine runs in one
    steps: list[Callable[[], object]] = [starting.cancel]  # what the next signal does

    def on_signal() -> None:
        steps[-1]()

    with stop_signals(on_signal):
        try:
            async with (
                open_cluster(settings, connections=settings.slots + 2) as cluster,
                open_node(settings, cluster, Bus()) as node,
            ):
                await _work(node, settings, steps)
        except asyncio.CancelledError:  # from one of the steps
            began = len(steps) > 1
            logs.cluster.info("Ended at once" if began else "Stopped during the start")


async def _work(node: ClusterNode, settings: Settings, steps: list[Callable[[], object]]) -> None:
    if _shows_password(settings.database):
        logs.cluster.info(
            "Other accounts here can read the password in %s (ps). FFMATE_DATABASE or a password file hides it",
            DATABASE.option,
        )
    working = asyncio.create_task(node.run(), name="node")
    stage = iter((node.retire, node.stop) if settings.drain_time else (node.stop,))

    def on_signal() -> None:
        step = next(stage, working.cancel)
        if step == node.retire and not node.running:  # there is nothing to wait for
            step = next(stage, working.cancel)
        if step == node.retire:
            logs.cluster.info(
                "Stopping: waiting up to %.0f s for %s. Press Ctrl+C again to return them to the queue now",
                settings.drain_time,
                counted(node.running, "running task"),
            )
            node.retire(settings.drain_time)
        elif step == working.cancel:
            working.cancel()
        else:
            logs.cluster.info(
                "Stopping: returning running tasks to the queue. Press Ctrl+C again to end at once"
            )
            node.stop()

    steps.append(on_signal)
    logs.cluster.info("Ready for tasks. Ctrl+C stops this node")
    try:
        await working
    except asyncio.CancelledError:
        logs.cluster.info("Ended at once. Other nodes continue the tasks when the lease expires")
    steps.append(steps[0])  # closing may hang


def _shows_password(uri: str | None) -> bool:
    """Whether the command line of this program, which other accounts can read, has a password in it."""
    if uri is None or not any(uri in word for word in sys.argv):
        return False
    try:
        return split_password(uri)[1] is not None
    except UsageError:  # the password of a key file
        return True
