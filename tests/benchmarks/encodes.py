"""Short encodes through the queue of a real node, one and two at a time, against `xargs -P`."""

import asyncio
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil

from ffmate_desktop.db import nodes
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.connection.outages import MissingTablesError
from ffmate_desktop.media.binaries import find_ffmpeg
from ffmate_desktop.media.processes.process import Launcher
from tests.benchmarks.contest import ROOT
from tests.benchmarks.figures import load, reach, spread
from tests.benchmarks.server import Server, cpu_seconds

ENCODE = "-c:v libx264 -preset veryfast -threads 1"


@dataclass(frozen=True, slots=True)
class _Case:
    """How many encodes, how long the clips are, and how many run at once; `rounds` alternate ours and theirs."""

    slots: int
    tasks: int
    clip: int
    rounds: int


CASES = (_Case(1, 40, 2, 5), _Case(2, 40, 2, 5), _Case(2, 20, 14, 3))
"""A 2 s clip takes about 80 ms of one core, a 14 s clip half a second, where our overhead stops mattering."""


@dataclass(frozen=True, slots=True)
class _Node:
    """A node process, and the environment for commands to the same queue."""

    process: psutil.Process
    environment: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Cpu:
    """Processor time in seconds, by user."""

    node: float
    probe: float
    postgres: float
    encodes: float

    @classmethod
    def of(cls, node: _Node, server: Server) -> "_Cpu":
        """The processor time used so far, after `encodes` encodes."""
        times = node.process.cpu_times()
        return cls(
            times.user + times.system,
            sum(cpu_seconds(child) for child in node.process.children()),
            server.cpu_seconds(),
            times.children_user + times.children_system,
        )

    def each(self, since: "_Cpu", tasks: int) -> str:
        """Milliseconds per task since then, as text."""
        pairs = (
            ("node", self.node - since.node),
            ("probe", self.probe - since.probe),
            ("PostgreSQL", self.postgres - since.postgres),
            ("ffmpeg", self.encodes - since.encodes),
        )
        return ", ".join(f"{name} {seconds / tasks * 1e3:.1f}" for name, seconds in pairs)


async def run(server: Server) -> None:
    """Ours: from the commit of the batch to the last finish, by the server's clock; xargs: the whole process."""
    ffmpeg = await find_ffmpeg(None)
    launcher = await Launcher.create()
    folder = Path(tempfile.mkdtemp(prefix="ffmate-encodes-"))
    try:
        print(f"interleaved rounds, {ffmpeg.version}:")
        for case in CASES:
            await _compare(server, launcher, ffmpeg.path, folder, case)
    finally:
        await launcher.close()
        shutil.rmtree(folder, ignore_errors=True)


async def _compare(server: Server, launcher: Launcher, ffmpeg: Path, folder: Path, case: _Case) -> None:
    ours, theirs = [], []
    slots = case.slots
    clips = await _make_clips(ffmpeg, folder, case)
    single = await _run(ffmpeg, *_command(clips[0], folder / "single.mp4"))
    async with server.database() as uri, _node(uri, folder, ffmpeg, slots) as node:
        await _through_queue(uri, node.environment, clips[:4], folder)
        begin, plain = _Cpu.of(node, server), 0.0
        for _ in range(case.rounds):
            ours.append(await _through_queue(uri, node.environment, clips, folder))
            before = _of_children()
            theirs.append(await _through_xargs(launcher, ffmpeg, clips, folder, slots))
            plain += _of_children() - before
        used = _Cpu.of(node, server).each(begin, case.rounds * case.tasks)
    ratios = [our / other for our, other in zip(ours, theirs, strict=True)]
    print(f"  slots: {slots}, {case.tasks} encodes, one alone takes {single * 1e3:.0f} ms; {load()}")
    print(f"  ours              {spread(ours)} s  [--no-gui: probe, encode, verify, fsync, publish]")
    print(f"  xargs             {spread(theirs)} s  [-P {slots}, with the low priority of our encodes]")
    print(f"  our processor time, ms per task: {used}")
    print(f"  processor time of xargs and ffmpeg: {plain / case.rounds / case.tasks * 1e3:.1f}")
    print(reach("ours against xargs", statistics.median(ratios), 1.05, unit="x"))


def _of_children() -> float:
    """Processor time in seconds of this process's finished children."""
    times = os.times()
    return times.children_user + times.children_system


def _command(clip: Path, output: Path) -> list[str]:
    return ["-v", "error", "-nostdin", "-y", "-threads", "1", "-i", str(clip), *ENCODE.split(), str(output)]


async def _run(*command: str | Path, environment: dict[str, str] | None = None) -> float:
    begin = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )
    if code := await process.wait():
        sys.exit(f"{command[0]} ended with code {code}")
    return time.perf_counter() - begin


async def _make_clips(ffmpeg: Path, folder: Path, case: _Case) -> list[Path]:
    """One clip under this many names."""
    source = folder / "clip-00.mkv"
    pattern = ("-y", "-f", "lavfi", "-i", f"testsrc2=size=320x240:rate=25:duration={case.clip}")
    await _run(ffmpeg, "-v", "error", *pattern, "-c:v", "libx264", "-preset", "ultrafast", source)
    others = [folder / f"clip-{number:02}.mkv" for number in range(1, case.tasks)]
    for other in others:
        shutil.copy(source, other)
    return [source, *others]


@asynccontextmanager
async def _node(uri: str, folder: Path, ffmpeg: Path, slots: int) -> AsyncIterator[_Node]:
    """A node that has joined."""
    environment = os.environ | {
        "FFMATE_DATABASE": uri,
        "FFMATE_DATA_DIR": str(folder / "data"),
        "FFMATE_FFMPEG": str(ffmpeg),
        "FFMATE_MAX_CONCURRENT_TASKS": str(slots),
        "FFMATE_DEBUG": "warn:*",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ffmate_desktop", "--no-gui", cwd=ROOT, env=environment
    )
    try:
        async with asyncio.timeout(60), Database(uri, size=1) as database:
            while not await _has_joined(database):
                await asyncio.sleep(0.2)
        yield _Node(psutil.Process(process.pid), environment)
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def _has_joined(database: Database) -> bool:
    try:
        return bool(await nodes.list_nodes(database))
    except MissingTablesError:  # the node itself makes the tables
        return False


async def _through_queue(uri: str, environment: dict[str, str], clips: list[Path], folder: Path) -> float:
    outputs = folder / "ours"
    outputs.mkdir()
    words = (
        "submit",
        *map(str, clips),
        "--command",
        f"-threads 1 -i ${{INPUT_FILE}} {ENCODE} ${{OUTPUT_FILE}}",
    )
    pattern = f"{outputs}/${{INPUT_FILE_BASENAME}}.mp4"
    await _run(sys.executable, "-m", "ffmate_desktop", *words, "--output", pattern, environment=environment)
    connection = await asyncpg.connect(uri)
    try:
        async with asyncio.timeout(300):
            while await connection.fetchval("SELECT count(*) FROM ffmate.tasks WHERE status !~ '^DONE'"):
                await asyncio.sleep(0.1)
        seconds = await connection.fetchval("""
            SELECT extract(epoch FROM max(finished_at) - min(created_at))::float8 FROM ffmate.tasks
             WHERE batch = (SELECT batch FROM ffmate.tasks ORDER BY id DESC LIMIT 1)""")
        failed = await connection.fetchval(
            "SELECT max(error) FROM ffmate.tasks WHERE status <> 'DONE_SUCCESSFUL'"
        )
    finally:
        await connection.close()
    if failed or len(list(outputs.iterdir())) != len(clips):
        sys.exit(f"an encode failed: {failed}")
    shutil.rmtree(outputs)
    return float(seconds)


async def _through_xargs(
    launcher: Launcher, ffmpeg: Path, clips: list[Path], folder: Path, slots: int
) -> float:
    outputs = folder / "theirs"
    outputs.mkdir()
    names = folder / "names"
    names.write_text("".join(f"{clip.stem}\n" for clip in clips))
    command = _command(folder / "{}.mkv", outputs / "{}.mp4")
    words = ["xargs", "-a", str(names), "-P", str(slots), "-I", "{}", str(ffmpeg), *command]
    begin = time.perf_counter()
    process = await launcher.spawn(words, cwd=folder)
    if code := await process.wait():
        sys.exit(f"xargs ended with code {code}")
    seconds = time.perf_counter() - begin
    shutil.rmtree(outputs)
    return seconds
