"""A node of this computer, with all that its encodes need."""

import asyncio
import contextlib
import gc
import os
import platform
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from ffmate_desktop import __version__, logs
from ffmate_desktop.domain.encode_priority import EncodePriority
from ffmate_desktop.domain.labels import check_labels
from ffmate_desktop.domain.node import NodeFacts
from ffmate_desktop.domain.retention import Retention
from ffmate_desktop.media import open_files
from ffmate_desktop.media.binaries import DeviceFormats, FFmpeg, find_ffmpeg
from ffmate_desktop.media.probe import Prober
from ffmate_desktop.media.processes.leftovers import node_folder
from ffmate_desktop.media.processes.process import Launcher
from ffmate_desktop.node.bus import Bus
from ffmate_desktop.node.log_feed import LogFeed, receiving_logs
from ffmate_desktop.node.node import ClusterNode
from ffmate_desktop.node.task.resources import EncodeResources
from ffmate_desktop.private_files import make_data_folder
from ffmate_desktop.services.cluster_services import ClusterServices
from ffmate_desktop.settings.folders import default_data_dir
from ffmate_desktop.settings.table import Settings

STALL_SECONDS = 300.0
"""An ffmpeg without a sign of life for this long is stuck. Slow filters may be silent for minutes."""

_OS = {"win32": "windows", "darwin": "darwin"}
_ARCH = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@asynccontextmanager
async def open_node(
    settings: Settings,
    cluster: ClusterServices,
    bus: Bus,
    retention: Callable[[], Retention] | None = None,
) -> AsyncIterator[ClusterNode]:
    """A node that has joined; leave the block when its `run` has ended.

    `retention()` is called again and again, since the window can change it while the node works.
    """
    cluster.permissions.current()  # do not start with permissions that cannot be read
    ffmpeg = await find_ffmpeg(settings.ffmpeg)
    feed = LogFeed(settings.debug or logs.DEFAULT_RULES)
    async with open_resources(settings, cluster, ffmpeg) as resources:
        node = ClusterNode(
            cluster.uri,
            cluster.database,
            node_facts(settings, ffmpeg),
            resources,
            bus,
            feed,
            cluster.presets,
            retention or (lambda: settings.retention),
        )
        with receiving_logs(feed):
            await node.start()
            gc.freeze()  # collecting these objects, which stay, would block the loop for 20 ms each time
            try:
                yield node
            finally:
                gc.unfreeze()


@asynccontextmanager
async def open_resources(
    settings: Settings, cluster: ClusterServices, ffmpeg: FFmpeg
) -> AsyncIterator[EncodeResources]:
    """What encodes need on this computer: a folder, a way to start ffmpeg, a probe."""
    facts = node_facts(settings, ffmpeg)
    with contextlib.suppress(OSError):  # the next line raises a better error
        await asyncio.to_thread(
            make_data_folder, settings.data_dir, own=settings.data_dir == default_data_dir()
        )
    async with node_folder(settings.work_folder) as folder:
        is_low = _priority(settings) is EncodePriority.LOW
        open_files.raise_open_file_limit()
        launcher = await Launcher.create(folder.owner, low_priority=is_low)
        prober = Prober(launcher.new_mark())
        try:
            yield EncodeResources(
                ffmpeg=ffmpeg.path,
                launcher=launcher,
                prober=prober,
                devices=DeviceFormats(ffmpeg.path),
                confinable=ffmpeg.confinable,
                os=facts.os,
                arch=facts.arch,
                work=folder.path,
                logs=settings.task_logs,
                stall_seconds=STALL_SECONDS,
                script_seconds=settings.script_timeout,
                permissions=cluster.permissions.current,
                script_refused=cluster.permissions.report_refused,
            )
        finally:
            await prober.close()
            await launcher.close()


def node_facts(settings: Settings, ffmpeg: FFmpeg) -> NodeFacts:
    """What the cluster shows of this node. System and processor become labels, which tasks can require."""
    system = _OS.get(sys.platform, "linux")
    machine = platform.machine().lower()
    arch = _ARCH.get(machine, machine)
    own = (f"os:{system}", f"arch:{arch}")
    return NodeFacts(
        identifier=settings.identifier,
        heartbeat=settings.heartbeat,
        machine=_machine(),
        pid=os.getpid(),
        host=platform.node(),
        os=system,
        arch=arch,
        program=__version__,
        ffmpeg=str(ffmpeg.path),
        ffmpeg_version=ffmpeg.version,
        cores=os.cpu_count() or 1,
        slots=settings.slots,
        labels=check_labels((*settings.labels, *own)),
        encode_priority=_priority(settings),
    )


def _priority(settings: Settings) -> EncodePriority:
    """Low by default; `cli/node.py` sets normal for a node without a window."""
    return settings.encode_priority or EncodePriority.LOW


def _machine() -> str:
    """Host name and network address. Python makes up a missing address and marks it with the multicast bit."""
    address = uuid.getnode()
    is_real = not address >> 40 & 1
    return f"{platform.node()}-{address:012x}" if is_real else platform.node()
