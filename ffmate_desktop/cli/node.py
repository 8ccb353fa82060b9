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
from ffmate_desktop.domain.encode_priority import EncodePriority
from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.node.bus import Bus
from ffmate_desktop.node.node import ClusterNode
from ffmate_desktop.services.passwords import split_password
from ffmate_desktop.settings.table import DATABASE, Settings


def server(typer_context: typer.Context) -> None:
    """Be a node without a window; the same as `ffmate-desktop --no-gui`."""
    serve(context_of(typer_context))


def serve(context: Context) -> None:
    """Work until Ctrl+C or SIGTERM: the first drains for a while, the second gives all back, the third kills."""
    settings = context.settings
    if settings.encode_priority is None:
        settings = replace(settings, encode_priority=EncodePriority.NORMAL)  # nobody works at a window here
    context.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    starting = asyncio.current_task()
    assert starting is not None  # noqa: S101 - a coroutine runs in one
    steps: list[Callable[[], object]] = [starting.cancel]  # what a signal does now

    def on_signal() -> None:
        steps[-1]()

    with stop_signals(on_signal):
        try:
            async with (
                open_cluster(settings, connections=settings.slots + 2) as cluster,
                open_node(settings, cluster, Bus()) as node,
            ):
                await _work(node, settings, steps)
        except asyncio.CancelledError:  # by one of the steps
            began = len(steps) > 1
            logs.cluster.info("Ended at once" if began else "Stopped while it was starting")


async def _work(node: ClusterNode, settings: Settings, steps: list[Callable[[], object]]) -> None:
    if _shows_password(settings.database):
        logs.cluster.info(
            "Others here can read the password in %s (ps): FFMATE_DATABASE or a password file hides it",
            DATABASE.option,
        )
    working = asyncio.create_task(node.run(), name="node")
    stage = iter((node.retire, node.stop) if settings.drain_time else (node.stop,))

    def on_signal() -> None:
        step = next(stage, working.cancel)
        if step == node.retire and not node.running:  # nothing may finish
            step = next(stage, working.cancel)
        if step == node.retire:
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

    steps.append(on_signal)
    logs.cluster.info("Ready for tasks; Ctrl+C stops this node")
    try:
        await working
    except asyncio.CancelledError:
        logs.cluster.info("Ended at once; the tasks go on elsewhere when the lease has run out")
    steps.append(steps[0])  # what it still closes may hang


def _shows_password(uri: str | None) -> bool:
    """Whether what this program was started with, which everybody can read, has a password in it."""
    if uri is None or not any(uri in word for word in sys.argv):
        return False
    try:
        return split_password(uri)[1] is not None
    except UsageError:  # the password of a key file
        return True
