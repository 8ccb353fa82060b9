"""The nodes of the demo: real processes of this program, supervised from start to end."""

import asyncio
import os
import sys
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from ffmate_desktop import logs
from ffmate_desktop.db.connection.connection import CONNECTION_LOST
from ffmate_desktop.domain.environment import own_python_path
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.node import NodeState
from ffmate_desktop.media.processes.process import Launcher, Process
from ffmate_desktop.services.cluster_services import ClusterServices
from ffmate_desktop.settings.table import (
    DATA_DIR,
    DATABASE,
    FFMPEG,
    HEARTBEAT,
    IDENTIFIER,
    LABELS,
    SETTINGS,
    SLOTS,
    Settings,
)

JOIN_PATIENCE = 90.0
"""Seconds for a started node to join; virus scanners delay new programs."""

LEAVE_PATIENCE = 20.0
"""Seconds for a node to leave before it is killed."""

WORK_PATIENCE = 1800.0
"""Seconds for the whole batch, on the slowest computer."""

STOP_GRACE = 5.0
"""Seconds between asking a node to stop and killing it, if it couldn't be drained."""

LAST_LINES = 6

_OWN = (IDENTIFIER, DATA_DIR, SLOTS, FFMPEG, HEARTBEAT)
"""Settings for which the demo has its own values."""

_NOT_PASSED = (DATABASE, LABELS)
"""Not passed on. All other explicit settings also apply to the nodes of the demo."""

_T = TypeVar("_T")
_NO_WAY: tuple[type[BaseException], ...] = (UserError, *CONNECTION_LOST)


@dataclass(frozen=True, slots=True)
class NodeProcess:
    """A started node. `ending` completes with its exit code; `log` is the file with its output."""

    identifier: str
    process: Process
    ending: asyncio.Task[int]
    log: Path

    @property
    def exit_code(self) -> int | None:
        """None while it runs, or if its end couldn't be observed."""
        return self.ending.result() if self.ending.done() and not self.ending.cancelled() else None

    def last_words(self) -> str:
        """The last lines of its output."""
        lines = self.log.read_text("utf-8", "replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-LAST_LINES:]) or "(no output)"


class Team:
    """Starts and ends nodes. When the block of this context manager ends, no process is left.

    `settings` apply to every node, except for its name; `folder` is for their logs.
    """

    def __init__(
        self, launcher: Launcher, settings: Settings, cluster: ClusterServices, folder: Path
    ) -> None:
        self._launcher = launcher
        self._settings = settings
        self._cluster = cluster
        self._folder = folder
        self.nodes: list[NodeProcess] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.dismiss()
        finally:
            await asyncio.gather(*(node.process.stop(STOP_GRACE) for node in self._living()))
            await _settle([node.ending for node in self.nodes])

    async def start(self, identifiers: Sequence[str]) -> None:
        """Start these nodes and wait until all have joined; raises UserError with the output of a failed one."""
        for identifier in identifiers:
            self.nodes.append(await self._start(identifier))
        try:
            async with asyncio.timeout(JOIN_PATIENCE):
                while waiting := await self._absent():
                    for node in waiting:
                        if node.ending.done():
                            raise _ended(node, "ended right after its start")
                    await asyncio.sleep(0.05)
        except TimeoutError as trouble:
            late = (await self._absent() or self.nodes)[0]
            raise _ended(late, f"did not join within {JOIN_PATIENCE:g} seconds") from trouble

    async def lead(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Do `work` while nodes run; raises UserError if the last one ends first."""
        working = asyncio.create_task(work)
        try:
            async with asyncio.timeout(WORK_PATIENCE):
                while not working.done():
                    living = self._living()
                    if not living:
                        raise _ended(self.nodes[-1], "was the last one and ended before the tasks were done")
                    await asyncio.wait(
                        {working, *(node.ending for node in living)}, return_when=asyncio.FIRST_COMPLETED
                    )
            return working.result()
        except TimeoutError as trouble:
            raise UserError(f"The tasks weren't done within {WORK_PATIENCE:g} seconds.") from trouble
        finally:
            working.cancel()
            await _settle([working])

    async def dismiss(self) -> None:
        """Drain every node and wait until it has left."""
        leaving = []
        for node in self._living():
            try:
                await self._cluster.nodes.drain(node.identifier)
                leaving.append(node.ending)
            except _NO_WAY as error:  # it hasn't joined yet or is lost; it will be stopped
                logs.cluster.info("Couldn't ask %s to leave: %s", node.identifier, error)
        await _settle(leaving)

    async def departed(self) -> frozenset[str]:
        """Names of the nodes that left the cluster and whose process ended with exit code 0."""
        left = {node.identifier for node in await self._cluster.nodes.all() if node.state is NodeState.LEFT}
        return frozenset(n.identifier for n in self.nodes if n.identifier in left and n.exit_code == 0)

    def _living(self) -> list[NodeProcess]:
        return [node for node in self.nodes if not node.ending.done()]

    async def _absent(self) -> list[NodeProcess]:
        online = {n.identifier for n in await self._cluster.nodes.all() if n.state is NodeState.ONLINE}
        return [node for node in self.nodes if node.identifier not in online]

    async def _start(self, identifier: str) -> NodeProcess:
        arguments = node_words(replace(self._settings, identifier=identifier))
        hidden = {name for setting in SETTINGS for name in setting.variables}
        environment = {name: value for name, value in os.environ.items() if name not in hidden}
        process = await self._launcher.spawn(
            [sys.executable, "-P", "-m", "ffmate_desktop", "--no-gui", *arguments],
            cwd=self._folder,
            env=environment | {"PYTHONPATH": own_python_path(os.environ), "PYTHONUTF8": "1"},
            low_priority=False,
        )
        log = self._folder / f"{identifier}.log"
        return NodeProcess(identifier, process, asyncio.create_task(_watch(process, log)), log)


def node_words(settings: Settings) -> list[str]:
    """The options of one node of the demo."""
    passed = [
        setting
        for setting in SETTINGS
        if setting in _OWN or (settings.is_explicit(setting) and setting not in _NOT_PASSED)
    ]
    return [word for setting in passed for word in settings.options(setting)]


async def _watch(process: Process, log: Path) -> int:
    with log.open("wb", buffering=0) as file:
        return await process.wait(file.write, file.write)


def _ended(node: NodeProcess, event: str) -> UserError:
    return UserError(f"The node {node.identifier} {event}. Its last lines:\n{node.last_words()}")


async def _settle(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Wait for tasks that are about to end; their errors don't matter anymore."""
    if tasks:
        ended, _ = await asyncio.wait(tasks, timeout=LEAVE_PATIENCE)
        for task in ended:
            if not task.cancelled():
                task.exception()
