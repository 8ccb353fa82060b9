"""The report of the demo: what it found, for people and for programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ffmate_desktop.cli.text import format_duration, printable
from ffmate_desktop.domain.task import Task, TaskStatus

BAR_WIDTH = 20


@dataclass(frozen=True, slots=True)
class TaskResult:
    """A finished task, and what is wrong with its output."""

    task: Task
    problems: tuple[str, ...]

    @property
    def verified(self) -> bool:
        """Its output was checked and is right."""
        return self.task.status is TaskStatus.DONE_SUCCESSFUL and not self.problems

    @property
    def seconds(self) -> float:
        """From its last claim to its end."""
        task = self.task
        if task.started_at is None or task.finished_at is None:
            return 0.0
        return (task.finished_at - task.started_at) / 1000

    def to_json(self) -> dict[str, Any]:
        """FFmate's fields and the result of the check."""
        return self.task.to_json() | {"verified": self.verified, "problems": list(self.problems)}


@dataclass(frozen=True, slots=True)
class NodeResult:
    """What a node did: tasks, seconds of work, its share of all work (0 to 1), and how it left."""

    identifier: str
    tasks: int
    seconds: float
    share: float
    left: bool
    exit_code: int | None

    def to_json(self) -> dict[str, Any]:
        """The object as JSON data."""
        return {
            "identifier": self.identifier,
            "tasks": self.tasks,
            "seconds": round(self.seconds, 2),
            "share": round(self.share, 3),
            "left": self.left,
            "exitCode": self.exit_code,
        }


@dataclass(frozen=True, slots=True)
class Times:
    """How long each part took, in seconds; `alone` is None without a comparison.

    `cluster` is the time from the first claim to the last finish, by the database's clock.
    """

    clips: float
    database: float
    nodes: float
    cluster: float
    checks: float
    alone: float | None

    @property
    def speedup(self) -> float | None:
        """How many times faster the cluster was."""
        return self.alone / self.cluster if self.alone is not None and self.cluster > 0 else None

    def to_json(self) -> dict[str, Any]:
        """The object as JSON data."""
        seconds = {
            "clips": self.clips,
            "database": self.database,
            "nodes": self.nodes,
            "cluster": self.cluster,
            "checks": self.checks,
            "oneAfterAnother": self.alone,
            "speedup": self.speedup,
        }
        return {name: None if value is None else round(value, 2) for name, value in seconds.items()}


@dataclass(frozen=True, slots=True)
class Report:
    """The whole result. `slots` is the number of tasks that each node runs at once; `leftovers` are sentences;
    `folder` has the kept files; `busy`: other programs used the processor, which distorts the comparison.
    """

    cores: int
    busy: bool
    ffmpeg_version: str
    slots: int
    nodes: tuple[NodeResult, ...]
    tasks: tuple[TaskResult, ...]
    times: Times
    leftovers: tuple[str, ...]
    folder: str | None = None

    @property
    def problems(self) -> list[str]:
        """Everything that is wrong, one sentence each."""
        found = [problem for result in self.tasks for problem in _task_problems(result)]
        # A node may find nothing to do if the others have enough slots.
        others_room = self.slots * (len(self.nodes) - 1)
        for node in self.nodes:
            if not node.tasks and others_room < len(self.tasks):
                found.append(f"{node.identifier} ran no task.")
            if not node.left:
                code = "unknown" if node.exit_code is None else node.exit_code
                found.append(f"{node.identifier} did not leave in order (exit code {code}).")
        return found + list(self.leftovers)

    @property
    def ok(self) -> bool:
        """Everything is right."""
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        """One object with everything, for other programs."""
        return {
            "ok": self.ok,
            "problems": self.problems,
            "cores": self.cores,
            "busy": self.busy,
            "ffmpegVersion": self.ffmpeg_version,
            "slots": self.slots,
            "nodes": [node.to_json() for node in self.nodes],
            "tasks": [result.to_json() for result in self.tasks],
            "times": self.times.to_json(),
            "folder": self.folder,
        }

    def tables(self) -> list[RenderableType]:
        """What each node did, and the comparison."""
        return [_nodes_table(self.nodes), "", _times_table(self), "", Text(_verdict(self)), ""]

    def closing(self) -> list[Text]:
        """Where the files are, and either one line of success or everything that is wrong."""
        where = "Clips and outputs were removed. To keep them, use --keep FOLDER."
        if self.folder is not None:
            where = f"Clips and outputs are in {self.folder}"
        if self.ok:
            right = f"all {len(self.tasks)} outputs were decoded to the last frame and are correct."
            return [Text(where, "dim"), Text.assemble(("Success: ", "bold green"), right)]
        return [
            Text(where, "dim"),
            Text("Some checks failed:", "bold red"),
            *(Text(f"  {printable(problem)}", "red") for problem in self.problems),
        ]


def node_results(
    identifiers: Sequence[str], tasks: Sequence[TaskResult], left: frozenset[str], codes: Sequence[int | None]
) -> tuple[NodeResult, ...]:
    """What each node did. A task counts for the node that finished it."""
    mine = {
        name: [r for r in tasks if r.task.client is not None and r.task.client.identifier == name]
        for name in identifiers
    }
    seconds = {name: sum(result.seconds for result in results) for name, results in mine.items()}
    total = sum(seconds.values())
    return tuple(
        NodeResult(
            identifier=name,
            tasks=len(mine[name]),
            seconds=seconds[name],
            share=seconds[name] / total if total else 0.0,
            left=name in left,
            exit_code=code,
        )
        for name, code in zip(identifiers, codes, strict=True)
    )


def cluster_seconds(tasks: Sequence[Task]) -> float:
    """From the first claim to the last finish; 0 if nothing ran."""
    starts = [task.started_at for task in tasks if task.started_at is not None]
    ends = [task.finished_at for task in tasks if task.finished_at is not None]
    return (max(ends) - min(starts)) / 1000 if starts and ends else 0.0


def _task_problems(result: TaskResult) -> list[str]:
    name = f"“{result.task.name}”"
    if result.task.status is not TaskStatus.DONE_SUCCESSFUL:
        reason = (result.task.error or "no reason given").splitlines()[0]
        return [f"{name} ended as {result.task.status}: {reason}"]
    return [f"The output of {name} is wrong. {problem}" for problem in result.problems]


def _nodes_table(nodes: Sequence[NodeResult]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("NODE")
    table.add_column("TASKS", justify="right")
    table.add_column("WORK", justify="right")
    table.add_column("SHARE OF THE WORK")
    table.add_column("", justify="right")
    for node in nodes:
        bar = ProgressBar(total=1, completed=node.share, width=BAR_WIDTH, complete_style="magenta")
        table.add_row(
            Text(node.identifier, "magenta"),
            str(node.tasks),
            format_duration(node.seconds),
            bar,
            f"{node.share * 100:.0f} %",
        )
    return table


def _times_table(report: Report) -> Table:
    times, count = report.times, len(report.nodes)
    longest = max(times.cluster, times.alone or 0.0) or 1.0
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column()
    table.add_column(justify="right")
    rows = [(_together(count), times.cluster, "first claim to last finish")]
    if times.alone is not None:
        rows.append(("One after another", times.alone, "same commands, place, ffmpeg"))
    for name, seconds, note in rows:
        bar = ProgressBar(total=longest, completed=seconds, width=BAR_WIDTH, complete_style="cyan")
        table.add_row(Text(name, "bold"), format_duration(seconds), bar, Text(note, "dim"))
    return table


def _together(count: int) -> str:
    return "1 node" if count == 1 else f"{count} nodes together"


def _verdict(report: Report) -> str:
    """The comparison in words, including what a single computer can't show."""
    speedup = report.times.speedup
    if speedup is None:
        return "Not every task succeeded, so there is no comparison."
    fast = f"{speedup:.1f} times as fast."
    if report.busy:
        return f"{fast} Other programs kept this computer busy, so the comparison is not reliable."
    if speedup < 1.05:
        fast = "Not faster here: a single ffmpeg already uses the whole computer."
    others = "Nodes on other computers add their cores."
    if len(report.nodes) == 1:
        return f"{fast} {others}"
    cores = "1 core" if report.cores == 1 else f"{report.cores} cores"
    return f"{fast} All nodes shared the {cores} of this computer. {others}"
