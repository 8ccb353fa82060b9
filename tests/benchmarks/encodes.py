"""Forty short encodes through the queue of a real node with two slots, against `xargs -P 2`."""

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
from pathlib import Path

import asyncpg

from ffmate_desktop.db import nodes
from ffmate_desktop.db.connection import Database
from ffmate_desktop.media.binaries import find_ffmpeg
from ffmate_desktop.media.process import Launcher
from tests.benchmarks.contest import ROOT
from tests.benchmarks.figures import load, reach, spread
from tests.benchmarks.server import Server

TASKS = 40
ROUNDS = 5
SLOTS = 2
ENCODE = "-c:v libx264 -preset veryfast -threads 1"
"""About 50 to 150 ms of one core for the clip of `_make_clips`."""


async def run(server: Server) -> None:
    """Ours: from the commit of the batch to the last finish, by the server's clock; xargs: the whole process."""
    ffmpeg = await find_ffmpeg(None)
    launcher = await Launcher.find()
    folder = Path(tempfile.mkdtemp(prefix="ffmate-encodes-"))
    try:
        clips = await _make_clips(ffmpeg.path, folder)
        one = await _run(ffmpeg.path, *_command(clips[0], folder / "single.mp4"))
        ours, theirs = [], []
        async with server.database() as uri, _node(uri, folder, ffmpeg.path) as environment:
            await _through_queue(uri, environment, clips[:4], folder)
            for _ in range(ROUNDS):
                ours.append(await _through_queue(uri, environment, clips, folder))
                theirs.append(await _through_xargs(launcher, ffmpeg.path, clips, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(
        f"{TASKS} encodes of about {one * 1e3:.0f} ms, {ROUNDS} interleaved rounds, {load()}, {ffmpeg.version}:"
    )
    print(
        f"  ours              {spread(ours)} s  [--no-gui, {SLOTS} slots: probe, encode, verify, fsync, publish]"
    )
    print(
        f"  xargs             {spread(theirs)} s  [-P {SLOTS}, started with the low priority of our encodes]"
    )
    ratios = [our / other for our, other in zip(ours, theirs, strict=True)]
    print(reach("ours against xargs", statistics.median(ratios), 1.05, unit="x"))


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


async def _make_clips(ffmpeg: Path, folder: Path) -> list[Path]:
    """The same clip under forty names."""
    source = folder / "clip-00.mkv"
    pattern = ("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=2")
    await _run(ffmpeg, "-v", "error", *pattern, "-c:v", "libx264", "-preset", "ultrafast", source)
    others = [folder / f"clip-{number:02}.mkv" for number in range(1, TASKS)]
    for other in others:
        shutil.copy(source, other)
    return [source, *others]


@asynccontextmanager
async def _node(uri: str, folder: Path, ffmpeg: Path) -> AsyncIterator[dict[str, str]]:
    """A node process that has joined; gives the environment for commands to the same queue."""
    environment = os.environ | {
        "FFMATE_DATABASE": uri,
        "FFMATE_DATA_DIR": str(folder / "data"),
        "FFMATE_FFMPEG": str(ffmpeg),
        "FFMATE_MAX_CONCURRENT_TASKS": str(SLOTS),
        "FFMATE_DEBUG": "warn:*",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ffmate_desktop", "--no-gui", cwd=ROOT, env=environment
    )
    try:
        async with asyncio.timeout(60), Database(uri, size=1) as database:
            while not await _has_joined(database):
                await asyncio.sleep(0.2)
        yield environment
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def _has_joined(database: Database) -> bool:
    try:
        return bool(await nodes.list_nodes(database))
    except asyncpg.UndefinedTableError:  # the node itself makes the tables
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


async def _through_xargs(launcher: Launcher, ffmpeg: Path, clips: list[Path], folder: Path) -> float:
    outputs = folder / "theirs"
    outputs.mkdir()
    names = folder / "names"
    names.write_text("".join(f"{clip.stem}\n" for clip in clips))
    command = _command(folder / "{}.mkv", outputs / "{}.mp4")
    words = ["xargs", "-a", str(names), "-P", str(SLOTS), "-I", "{}", str(ffmpeg), *command]
    begin = time.perf_counter()
    process = await launcher.spawn(words, cwd=folder)
    if code := await process.wait():
        sys.exit(f"xargs ended with code {code}")
    seconds = time.perf_counter() - begin
    shutil.rmtree(outputs)
    return seconds
