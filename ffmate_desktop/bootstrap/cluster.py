"""Opens the database and builds the services on it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ffmate_desktop.db.connection.connection import Database, without_password
from ffmate_desktop.db.embedded.database import EmbeddedDatabase
from ffmate_desktop.db.migrate import update_schema
from ffmate_desktop.services.batches import BatchService
from ffmate_desktop.services.bulk import BulkService
from ffmate_desktop.services.bulk_edits import BulkEditor
from ffmate_desktop.services.change_feed import change_feed
from ffmate_desktop.services.cluster_services import ClusterServices
from ffmate_desktop.services.ffmate_import import FFmateImport
from ffmate_desktop.services.node_logs import NodeLogService
from ffmate_desktop.services.nodes import NodeService
from ffmate_desktop.services.passwords import Keyring, with_password
from ffmate_desktop.services.permissions import Allowed, PermissionService
from ffmate_desktop.services.preset_editor import PresetEditor
from ffmate_desktop.services.preset_exchange import PresetExchange
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.preview import PreviewService
from ffmate_desktop.services.queue import QueueService
from ffmate_desktop.services.retention import RetentionService
from ffmate_desktop.services.tasks import TaskService
from ffmate_desktop.services.watchfolders import WatchfolderService
from ffmate_desktop.settings.folders import resources_folder
from ffmate_desktop.settings.table import Settings


@asynccontextmanager
async def open_cluster(
    settings: Settings, *, connections: int = 2, keyring: Keyring | None = None
) -> AsyncIterator[ClusterServices]:
    """Open the database of the settings, or the embedded one, and update its schema; raises UserError.

    If the settings have no password, it comes from `keyring`, by default the keyring of the system.
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
async def _open(
    settings: Settings, uri: str, embedded: bool, connections: int
) -> AsyncIterator[ClusterServices]:
    database = Database(uri, size=connections)
    async with database:
        await update_schema(database)
        presets = PresetService(database, resources_folder() / "presets")
        editor = PresetEditor(database, presets)
        tasks = TaskService(database, presets)
        exchange = PresetExchange(presets, editor)
        watchfolders = WatchfolderService(database, presets)
        yield ClusterServices(
            uri=uri,
            address="" if embedded else without_password(uri),
            database=database,
            presets=presets,
            preset_editor=editor,
            preset_exchange=exchange,
            ffmate_import=FFmateImport(database, exchange, watchfolders),
            tasks=tasks,
            batches=BatchService(database, tasks),
            bulk=BulkService(database, tasks),
            bulk_edits=BulkEditor(database, tasks),
            nodes=NodeService(database),
            queue=QueueService(database),
            node_logs=NodeLogService(database),
            preview=PreviewService(database, presets),
            watchfolders=watchfolders,
            retention=RetentionService(database, settings.task_logs),
            permissions=permissions_of(settings),
            change_feed=lambda: change_feed(database),
        )


def permissions_of(settings: Settings) -> PermissionService:
    """What tasks may do on this computer; needs no database."""
    from_settings = Allowed(settings.allow_scripts, settings.allow_read, settings.allow_write)
    return PermissionService(settings.permissions_file, from_settings, trusts_queue=settings.database is None)
