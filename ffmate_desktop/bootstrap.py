"""The one place that builds objects and connects them; no logic."""

import asyncio
import contextlib
import gc
import os
import platform
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ffmate_desktop import __version__, logs
from ffmate_desktop.db.connection.connection import Database, without_password
from ffmate_desktop.db.embedded.database import EmbeddedDatabase
from ffmate_desktop.db.health import check_for_node
from ffmate_desktop.db.migrate import update_schema
from ffmate_desktop.domain.encode_priority import EncodePriority
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.labels import check_labels
from ffmate_desktop.domain.node import NodeFacts
from ffmate_desktop.domain.retention import Retention
from ffmate_desktop.media import open_files
from ffmate_desktop.media.binaries import DeviceFormats, FFmpeg, find_ffmpeg
from ffmate_desktop.media.probe import Prober
from ffmate_desktop.media.processes.leftovers import node_folder
from ffmate_desktop.media.processes.process import Launcher
from ffmate_desktop.node.background import running_in_background
from ffmate_desktop.node.bus import Bus
from ffmate_desktop.node.log_feed import LogFeed, collecting
from ffmate_desktop.node.node import ClusterNode
from ffmate_desktop.node.node_host import NodeHost
from ffmate_desktop.node.task.preset_test import PresetTestBench
from ffmate_desktop.node.task.resources import EncodeResources
from ffmate_desktop.private_files import make_data_folder
from ffmate_desktop.services.batches import BatchService
from ffmate_desktop.services.bulk import BulkService
from ffmate_desktop.services.bulk_edits import BulkEdits
from ffmate_desktop.services.ffmate_import import FFmateImport
from ffmate_desktop.services.login_start import LoginStart, login_start
from ffmate_desktop.services.news import news
from ffmate_desktop.services.node_logs import NodeLogService
from ffmate_desktop.services.nodes import NodeService
from ffmate_desktop.services.passwords import Keyring, split_password, with_password
from ffmate_desktop.services.permissions import Allowed, PermissionService
from ffmate_desktop.services.preset_editor import PresetEditor
from ffmate_desktop.services.preset_exchange import PresetExchange
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.preview import PreviewService
from ffmate_desktop.services.queue import QueueService
from ffmate_desktop.services.retention import RetentionService
from ffmate_desktop.services.tasks import TaskService
from ffmate_desktop.services.watchfolders import WatchfolderService
from ffmate_desktop.settings import (
    DATA_DIR,
    SETTINGS,
    STALL_SECONDS,
    Settings,
    default_data_dir,
    resources_folder,
)

if TYPE_CHECKING:
    from ffmate_desktop.gui.base.services import ClusterServices
    from ffmate_desktop.gui.preferences.setup import Setup


_OS = {"win32": "windows", "darwin": "darwin"}
_ARCH = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True, slots=True)
class Cluster:
    """An open door to the queue. `uri` may hold a password."""

    uri: str
    embedded: bool
    database: Database
    presets: PresetService
    preset_editor: PresetEditor
    preset_exchange: PresetExchange
    tasks: TaskService
    batches: BatchService
    bulk: BulkService
    bulk_edits: BulkEdits
    nodes: NodeService
    queue: QueueService
    node_logs: NodeLogService
    preview: PreviewService
    watchfolders: WatchfolderService
    ffmate_import: FFmateImport
    retention: RetentionService
    permissions: PermissionService
    """Of this computer, not of the cluster."""


@asynccontextmanager
async def open_cluster(
    settings: Settings, *, connections: int = 2, keyring: Keyring | None = None
) -> AsyncIterator[Cluster]:
    """The database of the settings, or the embedded one, brought to our schema; raises UserError.

    Where the settings say that a keyring has the password, it is `keyring`, or that of the system.
    """
    if settings.database is None:
        async with (
            EmbeddedDatabase(settings.data_dir) as embedded,
            _open(settings, embedded.uri, True, connections) as cluster,
        ):
            yield cluster
    else:
        uri = settings.database
        if settings.password_kept:
            password = await (keyring or Keyring()).password(uri)
            uri = uri if password is None else with_password(uri, password)
        async with _open(settings, uri, False, connections) as cluster:
            yield cluster


@asynccontextmanager
async def _open(settings: Settings, uri: str, embedded: bool, connections: int) -> AsyncIterator[Cluster]:
    database = Database(uri, size=connections)
    async with database:
        await update_schema(database)
        presets = PresetService(database, resources_folder() / "presets")
        editor = PresetEditor(database, presets)
        tasks = TaskService(database, presets)
        exchange = PresetExchange(presets, editor)
        watchfolders = WatchfolderService(database, presets)
        yield Cluster(
            uri=uri,
            embedded=embedded,
            database=database,
            presets=presets,
            preset_editor=editor,
            preset_exchange=exchange,
            ffmate_import=FFmateImport(database, exchange, watchfolders),
            tasks=tasks,
            batches=BatchService(database, tasks),
            bulk=BulkService(database, tasks),
            bulk_edits=BulkEdits(database, tasks),
            nodes=NodeService(database),
            queue=QueueService(database),
            node_logs=NodeLogService(database),
            preview=PreviewService(database, presets),
            watchfolders=watchfolders,
            retention=RetentionService(database, settings.task_logs),
            permissions=permissions_of(settings, embedded),
        )


def permissions_of(settings: Settings, embedded: bool) -> PermissionService:
    """What tasks may do on this computer, without a look at a database."""
    given = Allowed(settings.allow_scripts, settings.allow_read, settings.allow_write)
    return PermissionService(settings.permissions_file, given, trusts_queue=embedded)


@asynccontextmanager
async def open_node(
    settings: Settings, cluster: Cluster, bus: Bus, keep: Callable[[], Retention] | None = None
) -> AsyncIterator[ClusterNode]:
    """A node that has joined; leave the block when its `run` has ended.

    `keep()` is asked again and again where retention may change while the node works.
    """
    cluster.permissions.current()  # a node that cannot read what its owner allowed does not start
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
            keep or (lambda: settings.retention),
        )
        with collecting(feed):
            await node.start()
            gc.freeze()  # what exists by now stays: looking at it again would hold the loop up for 20 ms each time
            try:
                yield node
            finally:
                gc.unfreeze()


@asynccontextmanager
async def open_resources(
    settings: Settings, cluster: Cluster, ffmpeg: FFmpeg
) -> AsyncIterator[EncodeResources]:
    """What attempts need on this computer: a folder, a way to start ffmpeg, a probe."""
    facts = node_facts(settings, ffmpeg)
    with contextlib.suppress(OSError):  # the next line says what the disk refuses
        await asyncio.to_thread(
            make_data_folder, settings.data_dir, own=settings.data_dir == default_data_dir()
        )
    async with node_folder(settings.work_folder) as folder:
        is_low = _priority(settings) is EncodePriority.LOW
        open_files.raise_open_file_limit()
        launcher = await Launcher.find(folder.owner, low_priority=is_low)
        prober = Prober(launcher.mark())
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
                script_refused=cluster.permissions.tell_refused,
            )
        finally:
            await prober.close()
            await launcher.close()


def make_setup(
    settings: Settings, keyring: Keyring | None = None, login: LoginStart | None = None
) -> "Setup":
    """What the settings of a window work with; by default the keyring and the login of this system."""
    from ffmate_desktop.gui.preferences.setup import Setup  # noqa: PLC0415 - a node without a window has no Qt

    async def found(explicit: str | None) -> tuple[str, str]:
        ffmpeg = await find_ffmpeg(explicit)
        return str(ffmpeg.path), ffmpeg.version

    setup = Setup(
        settings=settings,
        keyring=keyring or Keyring(),
        login=login or login_start(own_command(settings)),
        open_cluster_services=lambda wanted: open_cluster_services(
            wanted, keyring, lambda: setup.settings.retention
        ),
        rehearse=lambda wanted: rehearse(wanted, keyring),
        find_ffmpeg=found,
    )
    return setup


def own_command(settings: Settings) -> list[str]:
    """How this program is started again with all that this start was given, limits above all.

    The password of the database is left out, since other accounts can read commands.
    """
    script = Path(sys.argv[0])
    if getattr(sys, "frozen", False):
        command = [sys.executable]
    elif script.stem == "ffmate-desktop" and script.is_file():
        command = [str(script.absolute())]
    else:
        command = [sys.executable, "-m", "ffmate_desktop"]
    if settings.data_dir != default_data_dir():
        command += [DATA_DIR.option, str(settings.data_dir)]
    if settings.database is not None:
        settings = replace(settings, database=_shown(settings.database))
    given = [one for one in SETTINGS if one is not DATA_DIR and settings.given(one)]
    return command + [word for setting in given for word in settings.words(setting)]


def _shown(database: str) -> str | None:
    try:
        return split_password(database)[0]
    except UserError:  # it is no address, and may hold a password all the same
        return None


@asynccontextmanager
async def rehearse(settings: Settings, keyring: Keyring | None = None) -> AsyncIterator[None]:
    """Prove that a node could work with these settings, and keep the database open meanwhile; raises UserError."""
    await find_ffmpeg(settings.ffmpeg)
    async with open_cluster(settings, keyring=keyring) as cluster:
        await check_for_node(cluster.uri)
        await cluster.nodes.check_name(settings.identifier, platform.node(), os.getpid())
        yield


@asynccontextmanager
async def _open_bench(settings: Settings, cluster: Cluster) -> AsyncIterator[EncodeResources]:
    async with open_resources(settings, cluster, await find_ffmpeg(settings.ffmpeg)) as resources:
        yield resources


@asynccontextmanager
async def open_cluster_services(
    settings: Settings, keyring: Keyring | None = None, keep: Callable[[], Retention] | None = None
) -> AsyncIterator["ClusterServices"]:
    """What a window works with: the cluster and a node in this process, which leaves at the end of the block.

    `keep` is that of `open_node`.
    """
    from ffmate_desktop.gui.base.services import ClusterServices  # noqa: PLC0415 - a node without a window has no Qt

    async with (
        running_in_background(_ffmpeg_in_words(settings), "finding ffmpeg") as ffmpeg,
        open_cluster(settings, connections=settings.slots + 5, keyring=keyring) as cluster,
    ):
        host = NodeHost(
            settings.identifier,
            settings.slots,
            lambda slots: open_node(replace(settings, slots=slots), cluster, Bus(), keep),
        )
        working = asyncio.create_task(host.run(), name="node")
        try:
            yield ClusterServices(
                database="" if cluster.embedded else without_password(cluster.uri),
                ffmpeg=await ffmpeg,
                node=host,
                queue=cluster.queue,
                tasks=cluster.tasks,
                presets=cluster.presets,
                preset_editor=cluster.preset_editor,
                preview=cluster.preview,
                nodes=cluster.nodes,
                node_logs=cluster.node_logs,
                watchfolders=cluster.watchfolders,
                retention=cluster.retention,
                permissions=cluster.permissions,
                preset_tests=PresetTestBench(lambda: _open_bench(settings, cluster)),
                news=lambda: news(cluster.database),
                uri="" if cluster.embedded else cluster.uri,
            )
        finally:
            host.stop()
            await working


async def _ffmpeg_in_words(settings: Settings) -> str:
    try:
        found = await find_ffmpeg(settings.ffmpeg)
    except UserError as error:
        return error.message
    return f"ffmpeg {found.version}"


def node_facts(settings: Settings, ffmpeg: FFmpeg) -> NodeFacts:
    """What this node tells of itself; its system and processor are labels, so that tasks can ask for them."""
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
    """Low by default; a node without a window is given normal (`cli/node.py`)."""
    return settings.encode_priority or EncodePriority.LOW


def _machine() -> str:
    """Host name and network address; where there is no address Python makes one up, marked by its multicast bit."""
    address = uuid.getnode()
    is_real = not address >> 40 & 1
    return f"{platform.node()}-{address:012x}" if is_real else platform.node()
