"""What the window works with once the cluster is open; `bootstrap` puts it together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the window is painted before these are loaded
    from ffmate_desktop.domain.change import Change
    from ffmate_desktop.services.local_node import LocalNode
    from ffmate_desktop.services.node_logs import NodeLogService
    from ffmate_desktop.services.nodes import NodeService
    from ffmate_desktop.services.permissions import PermissionService
    from ffmate_desktop.services.preset_editor import PresetEditor
    from ffmate_desktop.services.preset_test import PresetTests
    from ffmate_desktop.services.presets import PresetService
    from ffmate_desktop.services.preview import PreviewService
    from ffmate_desktop.services.queue import QueueService
    from ffmate_desktop.services.retention import RetentionService
    from ffmate_desktop.services.tasks import TaskService
    from ffmate_desktop.services.watchfolders import WatchfolderService


@dataclass(frozen=True, slots=True)
class ClusterServices:
    """The doors to one cluster, and the node that works in this program.

    `database` names the server for people, without a password, and is empty for the embedded one; `uri` is how it is
    reached, with the password, and empty as well. `news` opens a queue of changes on a connection of its own; None in
    it tells that the connection was lost.
    """

    database: str
    ffmpeg: str
    node: LocalNode
    queue: QueueService
    tasks: TaskService
    presets: PresetService
    preset_editor: PresetEditor
    preview: PreviewService
    nodes: NodeService
    node_logs: NodeLogService
    watchfolders: WatchfolderService
    retention: RetentionService
    permissions: PermissionService
    preset_tests: PresetTests
    news: Callable[[], AbstractAsyncContextManager[asyncio.Queue[Change | None]]]
    uri: str = field(default="", repr=False)


OpenCore = Callable[[], AbstractAsyncContextManager[ClusterServices]]
"""Opens the cluster; the node stops in order when the block is left."""
