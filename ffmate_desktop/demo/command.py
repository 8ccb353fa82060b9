"""`demo`: several nodes on this computer share one batch of clips, and every output is checked."""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.text import Text

from ffmate_desktop.bootstrap.cluster import open_cluster
from ffmate_desktop.cli.console import PlainConsole
from ffmate_desktop.cli.context import context_of
from ffmate_desktop.cli.numbers import number_option
from ffmate_desktop.cli.signals import stop_signals
from ffmate_desktop.db.connection.connection import CONNECTION_LOST
from ffmate_desktop.demo.clips import CLIPS, Bench
from ffmate_desktop.demo.folders import DemoFolders, open_place, processes_left
from ffmate_desktop.demo.nodes import Team
from ffmate_desktop.demo.report import Report, TaskResult, Times, cluster_seconds, node_results
from ffmate_desktop.demo.stage import Stage
from ffmate_desktop.domain.encode_priority import EncodePriority
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.task import NewTask, Task, TaskStatus
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.media.binaries import FFmpeg, find_ffmpeg
from ffmate_desktop.media.probe import Prober
from ffmate_desktop.media.processes.process import Launcher
from ffmate_desktop.services.cluster_services import ClusterServices
from ffmate_desktop.settings.setting import Source
from ffmate_desktop.settings.table import ALLOW_WRITE, DATABASE, HEARTBEAT, SLOTS, Settings

DEMO_HEARTBEAT = 1.0
"""Seconds; shorter than usual, so that tasks of a killed node continue while people watch."""

DATABASE_PATIENCE = 60.0
"""Seconds without an answer from the database before the demo gives up."""

BUSY = 25.0
"""Percent of the processor that other programs may use before the demo; more would distort the comparison."""


def demo(
    typer_context: typer.Context,
    nodes: Annotated[int, number_option("--nodes", "N", "Nodes to start.", least=1, most=12)] = 2,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", metavar="FOLDER", help="Keep clips and outputs in this folder."),
    ] = None,
    save_svg: Annotated[
        Path | None, typer.Option("--save-svg", metavar="FILE", help="Save a picture of the result.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON; the rest goes to stderr.")] = False,
) -> None:
    """Start several nodes here, let them share a batch of clips, and check every output.

    Uses its own new database and removes everything at the end. It fails if any output is wrong.
    """
    context = context_of(typer_context)
    if context.settings.source(DATABASE) is Source.COMMAND_LINE:
        raise UsageError("The demo uses its own database.", f"Leave {DATABASE.option} out.")
    settings = replace(context.settings, database=None)
    if not settings.is_explicit(SLOTS):
        settings = replace(settings, slots=default_slots(os.cpu_count() or 1, nodes))
    if not settings.is_explicit(HEARTBEAT):
        settings = replace(settings, heartbeat=DEMO_HEARTBEAT)
    stage = Stage(PlainConsole(stderr=True) if as_json else context.console)
    try:
        report = context.run(_interruptible(settings, nodes, keep, stage))
    except asyncio.CancelledError:
        raise typer.Exit(128 + signal.SIGTERM) from None
    if save_svg is not None:
        stage.save_picture(save_svg)
    if as_json:
        context.print_json(report.to_json())
    if not report.ok:
        raise typer.Exit(1)


def default_slots(cores: int, nodes: int) -> int:
    """Tasks at once on each node: its share of the cores, but few enough that every node finds work."""
    return max(1, min(cores // nodes, len(CLIPS) // nodes))


async def _interruptible(settings: Settings, count: int, keep: Path | None, stage: Stage) -> Report:
    """SIGTERM and a closed terminal end everything in order, like Ctrl+C."""
    performing = asyncio.current_task()
    assert performing is not None  # noqa: S101 - a coroutine runs in a task
    try:
        with stop_signals(performing.cancel, ctrl_c=False):
            return await _perform(settings, count, keep, stage)
    except asyncio.CancelledError:
        stage.show(Text("Stopped. No node and no ffmpeg of the demo is still running."))
        raise


async def open_bench(settings: Settings, ffmpeg: FFmpeg) -> Bench:
    """The tools of the demo. Its commands run with the priority of the nodes, for a fair comparison."""
    is_low = settings.encode_priority is EncodePriority.LOW
    return Bench(ffmpeg, await Launcher.create(low_priority=is_low), Prober())


async def _perform(settings: Settings, count: int, keep: Path | None, stage: Stage) -> Report:
    ffmpeg = await find_ffmpeg(settings.ffmpeg)
    bench = await open_bench(settings, ffmpeg)
    await bench.check_encoders()
    settings = replace(settings, ffmpeg=str(ffmpeg.path))
    stage.show(_headline(settings, count, ffmpeg.version), "")
    async with open_place(keep) as place:
        try:
            report = await _play(settings, count, place, bench, stage)
        finally:
            await bench.prober.close()
        place.keep = not report.ok
        folder = place.root if keep is None else place.clips.parent
        if place.keep or keep is not None:
            report = replace(report, folder=str(folder))
        stage.show("", *report.tables(), *report.closing())
    return report


def _headline(settings: Settings, count: int, version: str) -> Text:
    nodes = "1 node" if count == 1 else f"{count} nodes"
    cores = os.cpu_count() or 1
    tasks = "1 task" if settings.slots == 1 else f"{settings.slots} tasks"
    facts = f"{cores} {'core' if cores == 1 else 'cores'}, {tasks} at a time on each node, ffmpeg {version}"
    return Text.assemble((f"One queue, {nodes}, {len(CLIPS)} clips\n", "bold"), (facts, "dim"))


def _within_limits(settings: Settings, root: Path) -> Settings:
    """If this start has file limits, allow the folder of the demo too."""
    if not (settings.allow_read or settings.allow_write):
        return settings
    sources = {**settings.sources, ALLOW_WRITE.field: Source.COMMAND_LINE}
    return replace(settings, allow_write=(*settings.allow_write, root), sources=sources)


async def _play(settings: Settings, count: int, place: DemoFolders, bench: Bench, stage: Stage) -> Report:
    """Run the demo from the first clip to the last check; nothing runs afterwards."""
    settings = _within_limits(replace(settings, data_dir=place.data), place.root)
    busy = await _load()
    with stage.step(f"Making {len(CLIPS)} clips") as making:
        inputs = [await bench.make(clip, place.clips) for clip in CLIPS]
    async with AsyncExitStack() as stack:
        with stage.step("Starting a new database") as opening:
            cluster = await stack.enter_async_context(open_cluster(settings))
        team = await stack.enter_async_context(Team(bench.launcher, settings, cluster, place.root))
        names = [f"demo-{number}" for number in range(1, count + 1)]
        with stage.step("Starting 1 node" if count == 1 else f"Starting {count} nodes") as starting:
            await team.start(names)
        tasks = await _work(cluster, team, inputs, place, stage)
        stage.show("")
        await team.dismiss()
        left = await team.departed()
    leftovers = [f"“{path}” was left behind." for path in place.temporary_files()]
    with stage.step(f"Checking {len(tasks)} outputs, frame by frame") as checking:
        results = [
            TaskResult(task, tuple(await _check(bench, task, index))) for index, task in enumerate(tasks)
        ]
    all_left = len(left) == count  # otherwise the cluster's time is that of fewer nodes
    alone = await _run_alone(tasks, place, bench, stage) if all_left else None
    busy = max(busy, await _load())
    leftovers += [f"The process {name} is still running." for name in await processes_left(place.root)]
    return Report(
        cores=os.cpu_count() or 1,
        busy=busy > BUSY,
        ffmpeg_version=bench.ffmpeg.version,
        slots=settings.slots,
        nodes=node_results(names, results, left, [node.exit_code for node in team.nodes]),
        tasks=tuple(results),
        times=Times(
            making.seconds, opening.seconds, starting.seconds, cluster_seconds(tasks), checking.seconds, alone
        ),
        leftovers=tuple(leftovers),
    )


async def _load() -> float:
    """Current processor use of this computer, in percent."""
    return await asyncio.to_thread(psutil.cpu_percent, 0.5)


async def _work(
    cluster: ClusterServices, team: Team, inputs: list[Path], place: DemoFolders, stage: Stage
) -> list[Task]:
    """Queue the clips as one batch and show it until all tasks are done."""
    presets = [await cluster.presets.find(clip.preset) for clip in CLIPS]
    new = [
        NewTask(
            input_file=str(path),
            preset=preset.uuid,
            output_file=str(place.outputs / preset.output_file.rpartition("/")[2]),
        )
        for path, preset in zip(inputs, presets, strict=True)
    ]
    submitted = await cluster.tasks.add(new, source=TaskSource.CLI)
    try:
        stage.show("")
        states = answered(cluster.tasks.follow(submitted.uuids), DATABASE_PATIENCE)
        return await team.lead(stage.follow(states))
    except BaseException:
        with contextlib.suppress(*CONNECTION_LOST):  # the nodes are then stopped without it
            await cluster.tasks.cancel(submitted.uuids)
        raise


async def answered(states: AsyncIterator[list[Task]], patience: float) -> AsyncIterator[list[Task]]:
    """The same states, which arrive every few seconds while the database answers.

    Raises UserError after `patience` seconds without an answer.
    """
    while True:
        try:
            async with asyncio.timeout(patience):
                state = await anext(states)
        except StopAsyncIteration:
            return
        except TimeoutError as trouble:
            raise UserError(
                f"The demo gave up: its database hasn't answered for {patience:g} seconds."
            ) from trouble
        yield state


async def _check(bench: Bench, task: Task, index: int) -> list[str]:
    if task.status is not TaskStatus.DONE_SUCCESSFUL:
        return []
    return await bench.verify(Path(task.output_file.resolved or ""), CLIPS[index].expected)


async def _run_alone(tasks: list[Task], place: DemoFolders, bench: Bench, stage: Stage) -> float | None:
    """Run the same commands one after another; returns seconds, or None if a task failed, which would distort it."""
    if any(task.status is not TaskStatus.DONE_SUCCESSFUL for task in tasks):
        return None
    with stage.step(f"Running the same {len(tasks)} commands one after another") as running:
        for task in tasks:
            await bench.repeat(task, place.alone)
    await asyncio.to_thread(shutil.rmtree, place.alone, ignore_errors=True)
    return running.seconds
