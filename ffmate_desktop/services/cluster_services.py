"""The services of an open queue: the command line works with them, and the window with those and a node."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the window is painted before these are loaded
    from ffmate_desktop.db.connection.connection import Database
    from ffmate_desktop.domain.change import Change
    from ffmate_desktop.services.batches import BatchService
    from ffmate_desktop.services.bulk import BulkService
    from ffmate_desktop.services.bulk_edits import BulkEditor
    from ffmate_desktop.services.ffmate_import import FFmateImport
    from ffmate_desktop.services.local_node import LocalNode
    from ffmate_desktop.services.node_logs import NodeLogService
    from ffmate_desktop.services.nodes import NodeService
    from ffmate_desktop.services.permissions import PermissionService
    from ffmate_desktop.services.preset_editor import PresetEditor
    from ffmate_desktop.services.preset_exchange import PresetExchange
    from ffmate_desktop.services.preset_test import PresetTester
    from ffmate_desktop.services.presets import PresetService
    from ffmate_desktop.services.preview import PreviewService
    from ffmate_desktop.services.queue import QueueService
    from ffmate_desktop.services.retention import RetentionService
    from ffmate_desktop.services.tasks import TaskService
    from ffmate_desktop.services.watchfolders import WatchfolderService


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterServices:
    """`uri` is how the database is reached and may hold a password; `address` names it for people, without one.

    `address` is empty for the embedded database. `change_feed` opens a queue of changes on a connection of its own;
    None in it means that the connection was lost. `permissions` are those of this computer, not of the cluster.
    """

    uri: str = field(repr=False)
    address: str
    database: Database
    presets: PresetService
    preset_editor: PresetEditor
    preset_exchange: PresetExchange
    tasks: TaskService
    batches: BatchService
    bulk: BulkService
    bulk_edits: BulkEditor
    nodes: NodeService
    queue: QueueService
    node_logs: NodeLogService
    preview: PreviewService
    watchfolders: WatchfolderService
    ffmate_import: FFmateImport
    retention: RetentionService
    permissions: PermissionService
    change_feed: Callable[[], AbstractAsyncContextManager[asyncio.Queue[Change | None]]]

    @property
    def is_embedded(self) -> bool:
        """The database runs on this computer and belongs to this data folder."""
        return not self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowServices(ClusterServices):
    """The same with a node in this process. `ffmpeg` is the version that it uses, or why there is none."""

    node: LocalNode
    ffmpeg: str
    preset_tests: PresetTester

    @classmethod
    def on(
        cls, cluster: ClusterServices, *, node: LocalNode, ffmpeg: str, preset_tests: PresetTester
    ) -> WindowServices:
        """All services of the cluster, and these."""
        shared = {service.name: getattr(cluster, service.name) for service in fields(cluster)}
        return cls(**shared, node=node, ffmpeg=ffmpeg, preset_tests=preset_tests)


OpenServices = Callable[[], AbstractAsyncContextManager[WindowServices]]
"""Opens the cluster with a node, which stops in order when the block is left."""
