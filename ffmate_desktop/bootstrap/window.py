"""What a window works with: an open cluster, a node in this process, and a setup for its settings."""

import asyncio
import os
import platform
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from ffmate_desktop.bootstrap.cluster import open_cluster
from ffmate_desktop.bootstrap.node import open_node, open_resources
from ffmate_desktop.bootstrap.start_command import start_command
from ffmate_desktop.db.health import check_for_node
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.retention import Retention
from ffmate_desktop.media.binaries import find_ffmpeg
from ffmate_desktop.node.background import running_in_background
from ffmate_desktop.node.bus import Bus
from ffmate_desktop.node.node_host import NodeHost
from ffmate_desktop.node.task.preset_test import PresetTestBench
from ffmate_desktop.node.task.resources import EncodeResources
from ffmate_desktop.services.cluster_services import ClusterServices, WindowServices
from ffmate_desktop.services.login_start import LoginStart, login_start
from ffmate_desktop.services.passwords import Keyring
from ffmate_desktop.settings.table import Settings

if TYPE_CHECKING:
    from ffmate_desktop.gui.preferences.setup import Setup


def make_setup(
    settings: Settings, keyring: Keyring | None = None, login: LoginStart | None = None
) -> "Setup":
    """What the settings dialog works with; by default the keyring and the login of this system."""
    from ffmate_desktop.gui.preferences.setup import Setup  # noqa: PLC0415 - a node without a window has no Qt

    async def locate_ffmpeg(explicit: str | None) -> tuple[str, str]:
        ffmpeg = await find_ffmpeg(explicit)
        return str(ffmpeg.path), ffmpeg.version

    setup = Setup(
        settings=settings,
        keyring=keyring or Keyring(),
        login=login or login_start(start_command(settings)),
        open_services=lambda settings: open_window_services(
            settings, keyring, lambda: setup.settings.retention
        ),
        check_settings=lambda settings: check_settings(settings, keyring),
        find_ffmpeg=locate_ffmpeg,
    )
    return setup


@asynccontextmanager
async def check_settings(settings: Settings, keyring: Keyring | None = None) -> AsyncIterator[None]:
    """Raise UserError unless a node could work with these settings; keeps the database open during the block."""
    await find_ffmpeg(settings.ffmpeg)
    async with open_cluster(settings, keyring=keyring) as cluster:
        await check_for_node(cluster.uri)
        await cluster.nodes.check_name(settings.identifier, platform.node(), os.getpid())
        yield


@asynccontextmanager
async def open_window_services(
    settings: Settings, keyring: Keyring | None = None, retention: Callable[[], Retention] | None = None
) -> AsyncIterator[WindowServices]:
    """The cluster and a node in this process, which leaves at the end of the block; `retention` as in `open_node`."""
    async with (
        running_in_background(_ffmpeg_version(settings), "finding ffmpeg") as ffmpeg,
        open_cluster(settings, connections=settings.slots + 5, keyring=keyring) as cluster,
    ):
        host = NodeHost(
            settings.identifier,
            settings.slots,
            lambda slots: open_node(replace(settings, slots=slots), cluster, Bus(), retention),
        )
        running = asyncio.create_task(host.run(), name="node")
        try:
            yield WindowServices.on(
                cluster,
                node=host,
                ffmpeg=await ffmpeg,
                preset_tests=PresetTestBench(lambda: _open_test_resources(settings, cluster)),
            )
        finally:
            host.stop()
            await running


@asynccontextmanager
async def _open_test_resources(
    settings: Settings, cluster: ClusterServices
) -> AsyncIterator[EncodeResources]:
    async with open_resources(settings, cluster, await find_ffmpeg(settings.ffmpeg)) as resources:
        yield resources


async def _ffmpeg_version(settings: Settings) -> str:
    try:
        found = await find_ffmpeg(settings.ffmpeg)
    except UserError as error:
        return error.message
    return f"ffmpeg {found.version}"
