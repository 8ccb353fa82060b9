"""Checks what must be true after a chaos run; returns a sentence for everything that isn't."""

import itertools
import os
import re
from collections import Counter, defaultdict
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import av
import psutil

from ffmate_desktop.domain.task import Task, TaskStatus
from tests.faults.chaos_cluster import FRAMES, ChaosCluster
from tests.faults.node_process import MARK

_FULL = re.compile("disk is full|no space left", re.IGNORECASE)
_LOST = "nodes were lost"
_CLAIMED = re.compile(r"Claimed .* \((?P<uuid>[-0-9a-f]{36})\), attempt \d+, epoch (?P<epoch>\d+)")
_ADOPTED = re.compile(r"Task (?P<uuid>[-0-9a-f]{36}) was adopted again with epoch (?P<epoch>\d+)")
_ENDED = re.compile(r" info:task  .* \((?P<uuid>[-0-9a-f]{36})\): (?P<status>DONE_\w+)$")


def judge(cluster: ChaosCluster, tasks: list[Task], *, disk_was_full: bool) -> list[str]:
    """Everything that is wrong with tasks, outputs, folders and the nodes' logs."""
    wrong = _tasks(cluster, tasks) + _failures(cluster, tasks, disk_was_full)
    wrong += [f"left over: {path}" for path in cluster.folder.rglob(".ffd-*")]
    for node in cluster.nodes:
        wrong += [f"left over: {path}" for path in node.work.glob("*") if path.is_dir()]
    return wrong + _claims(cluster) + _defects(cluster)


def _tasks(cluster: ChaosCluster, tasks: list[Task]) -> list[str]:
    wrong = []
    there = {task.uuid: task for task in tasks}
    files: dict[str, set[str]] = defaultdict(set)
    for path in cluster.out.iterdir():
        files[path.name[:5]].add(path.name)
    for number, uuid in enumerate(cluster.uuids):
        mine = files.pop(f"{number:05}", set())
        task = there.get(uuid)
        if (task is None) != (uuid in cluster.deleted):
            wrong.append(f"{uuid} {'vanished' if task is None else 'was not deleted'}")
        if task is not None and not task.status.is_done:
            wrong.append(f"{uuid} is {task.status}")
        # each start is clean, and makes another output than the one before it
        most = cluster.restarts[uuid] + (
            task is None or task.status is TaskStatus.DONE_SUCCESSFUL or uuid in cluster.commanded
        )
        least = 1 if task is not None and task.status is TaskStatus.DONE_SUCCESSFUL else 0
        if not least <= len(mine) <= most:
            state = "deleted" if task is None else str(task.status)
            wrong.append(
                f"{uuid} is {state} and has {len(mine)} outputs, not {least} to {most}: {sorted(mine)}"
            )
        if task is not None and task.status is TaskStatus.DONE_CANCELED and uuid not in cluster.commanded:
            wrong.append(f"{uuid} is cancelled, but no command asked for that")
        wrong += [f"{name} has {count} frames" for name in sorted(mine)
                  if (count := _frames(cluster.out / name)) != FRAMES]  # fmt: skip
    return wrong + [f"unexpected output {sorted(names)}" for names in files.values()]


def _failures(cluster: ChaosCluster, tasks: list[Task], disk_was_full: bool) -> list[str]:
    """Tasks may fail only because their ffmpeg was killed, the disk was full, or too many nodes died."""
    errors = [task.error or "" for task in tasks if task.status is TaskStatus.DONE_ERROR]
    rest = [error for error in errors if _LOST not in error and not (disk_was_full and _FULL.search(error))]
    if len(rest) > cluster.killed_encoders:
        return [f"{len(rest)} tasks failed, {cluster.killed_encoders} encoders were killed: {Counter(rest)}"]
    unknown = [error for error in rest if "ffmpeg was killed" not in error]
    return [f"failed for another reason than an injected fault: {error}" for error in unknown]


def _claims(cluster: ChaosCluster) -> list[str]:
    """Check in the nodes' logs that every epoch had one holder and every task ended once per start."""
    wrong = []
    holders: dict[tuple[str, int], str] = {}
    successes: Counter[UUID] = Counter()
    for path in sorted(cluster.folder.glob("n*.log")):
        last: dict[str, int] = {}
        for line in path.read_text(errors="replace").splitlines():
            adopted = _ADOPTED.search(line)
            if found := adopted or _CLAIMED.search(line):
                uuid, epoch = found["uuid"], int(found["epoch"])
                # a claim of a task that is still being encoded here is logged twice: as claimed and as adopted again
                if epoch < last.get(uuid, 0) + (adopted is None):
                    wrong.append(f"{path.stem} got {uuid} with epoch {epoch} after {last[uuid]}")
                last[uuid] = epoch
                if holders.setdefault((uuid, epoch), path.stem) != path.stem:
                    wrong.append(f"{uuid} was held twice under epoch {epoch}")
            elif (found := _ENDED.search(line)) and found["status"] == "DONE_SUCCESSFUL":
                successes[UUID(found["uuid"])] += 1
    wrong += [
        f"{uuid} was done {count} times and started {1 + cluster.restarts[uuid]} times"
        for uuid, count in successes.items()
        if count > 1 + cluster.restarts[uuid]
    ]
    return wrong


def _defects(cluster: ChaosCluster) -> list[str]:
    """Logged defects. Leaks of asyncpg when a connection breaks while it is made do not count."""
    marks = (" error:", "never retrieved", "was destroyed but it is pending")
    found = []
    for path in cluster.folder.glob("n*.log"):
        lines = path.read_text(errors="replace").splitlines()
        for line, after in itertools.pairwise([*lines, ""]):
            if any(mark in line for mark in marks) and "ConnectionDoesNotExistError" not in after:
                found.append(f"a defect was logged: {path.stem}: {line} {after}")
    return found[:5]


def _frames(path: Path) -> int:
    try:
        with av.open(str(path)) as container:
            return sum(1 for _ in container.decode(video=0))
    except av.FFmpegError:
        return -1


def still_running(mark: str) -> list[str]:
    """Processes of a run that have not ended."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                found.append(f"still runs: {process.pid} {' '.join(process.cmdline())}")
    return found
