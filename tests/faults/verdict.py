"""What must be true when a chaos run is over: everything that is not, a sentence each."""

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
from tests.faults.member import MARK
from tests.faults.stage import FRAMES, Stage

_FULL = re.compile("disk is full|no space left", re.IGNORECASE)
_LOST = "nodes were lost"
_CLAIMED = re.compile(r"Claimed .* \((?P<uuid>[-0-9a-f]{36})\), attempt \d+, epoch (?P<epoch>\d+)")
_ADOPTED = re.compile(r"Task (?P<uuid>[-0-9a-f]{36}) was taken back with epoch (?P<epoch>\d+)")
_ENDED = re.compile(r" info:task  .* \((?P<uuid>[-0-9a-f]{36})\): (?P<status>DONE_\w+)$")


def judge(stage: Stage, tasks: list[Task], *, disk_was_full: bool) -> list[str]:
    """Everything that is wrong with tasks, outputs, folders and what the nodes said."""
    wrong = _tasks(stage, tasks) + _failures(stage, tasks, disk_was_full)
    wrong += [f"left over: {path}" for path in stage.folder.rglob(".ffd-*")]
    for member in stage.members:
        wrong += [f"left over: {path}" for path in member.work.glob("*") if path.is_dir()]
    return wrong + _claims(stage) + _defects(stage)


def _tasks(stage: Stage, tasks: list[Task]) -> list[str]:
    wrong = []
    there = {task.uuid: task for task in tasks}
    files: dict[str, set[str]] = defaultdict(set)
    for path in stage.out.iterdir():
        files[path.name[:5]].add(path.name)
    for number, uuid in enumerate(stage.uuids):
        mine = files.pop(f"{number:05}", set())
        task = there.get(uuid)
        if (task is None) != (uuid in stage.deleted):
            wrong.append(f"{uuid} {'vanished' if task is None else 'was not deleted'}")
        if task is not None and not task.status.is_done:
            wrong.append(f"{uuid} is {task.status}")
        # each start is clean, and makes another output than the one before it
        most = stage.restarts[uuid] + (
            task is None or task.status is TaskStatus.DONE_SUCCESSFUL or uuid in stage.commanded
        )
        least = 1 if task is not None and task.status is TaskStatus.DONE_SUCCESSFUL else 0
        if not least <= len(mine) <= most:
            state = "deleted" if task is None else str(task.status)
            wrong.append(
                f"{uuid} is {state} and has {len(mine)} outputs, not {least} to {most}: {sorted(mine)}"
            )
        if task is not None and task.status is TaskStatus.DONE_CANCELED and uuid not in stage.commanded:
            wrong.append(f"{uuid} is cancelled, and nobody wanted that")
        wrong += [f"{name} has {count} frames" for name in sorted(mine)
                  if (count := _frames(stage.out / name)) != FRAMES]  # fmt: skip
    return wrong + [f"nobody asked for {sorted(names)}" for names in files.values()]


def _failures(stage: Stage, tasks: list[Task], disk_was_full: bool) -> list[str]:
    """Tasks fail because their ffmpeg was killed, the disk was full, or too many nodes died; for nothing else."""
    errors = [task.error or "" for task in tasks if task.status is TaskStatus.DONE_ERROR]
    rest = [error for error in errors if _LOST not in error and not (disk_was_full and _FULL.search(error))]
    if len(rest) > stage.killed_encoders:
        return [f"{len(rest)} tasks failed, {stage.killed_encoders} encoders were killed: {Counter(rest)}"]
    unknown = [error for error in rest if "ffmpeg was killed" not in error]
    return [f"failed for no reason of ours: {error}" for error in unknown]


def _claims(stage: Stage) -> list[str]:
    """From the nodes' own logs: who held which epoch, and who said that a task was done."""
    wrong = []
    holders: dict[tuple[str, int], str] = {}
    successes: Counter[UUID] = Counter()
    for path in sorted(stage.folder.glob("n*.log")):
        last: dict[str, int] = {}
        for line in path.read_text(errors="replace").splitlines():
            adopted = _ADOPTED.search(line)
            if found := adopted or _CLAIMED.search(line):
                uuid, epoch = found["uuid"], int(found["epoch"])
                # a claim of a task that is still encoded here is told twice: as a claim, and as taken back
                if epoch < last.get(uuid, 0) + (adopted is None):
                    wrong.append(f"{path.stem} got {uuid} with epoch {epoch} after {last[uuid]}")
                last[uuid] = epoch
                if holders.setdefault((uuid, epoch), path.stem) != path.stem:
                    wrong.append(f"{uuid} was held twice under epoch {epoch}")
            elif (found := _ENDED.search(line)) and found["status"] == "DONE_SUCCESSFUL":
                successes[UUID(found["uuid"])] += 1
    wrong += [
        f"{uuid} was done {count} times and started {1 + stage.restarts[uuid]} times"
        for uuid, count in successes.items()
        if count > 1 + stage.restarts[uuid]
    ]
    return wrong


def _defects(stage: Stage) -> list[str]:
    """A line that tells of one. What asyncpg forgets when a connection is torn while it is made is none of ours."""
    marks = (" error:", "never retrieved", "was destroyed but it is pending")
    found = []
    for path in stage.folder.glob("n*.log"):
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
    """Whatever a run has started and that has not ended."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                found.append(f"still runs: {process.pid} {' '.join(process.cmdline())}")
    return found
