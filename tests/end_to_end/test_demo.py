"""The demo, run for real: it succeeds, tells the truth when something breaks, and leaves nothing behind."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffmate_desktop.bootstrap.cluster import open_cluster
from ffmate_desktop.db import tasks
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.embedded.database import EmbeddedDatabase
from ffmate_desktop.db.embedded.database import status as embedded_status
from ffmate_desktop.demo.clips import CLIPS, SECONDS, Bench, Clip, Expected, differences
from ffmate_desktop.demo.command import answered, default_slots, open_bench
from ffmate_desktop.demo.folders import open_place, processes_left
from ffmate_desktop.demo.nodes import Team
from ffmate_desktop.demo.report import (
    NodeResult,
    Report,
    TaskResult,
    Times,
    cluster_seconds,
    node_results,
)
from ffmate_desktop.domain.encode_priority import EncodePriority
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.task import Client, Task, TaskStatus
from ffmate_desktop.domain.wire import RawResolved
from ffmate_desktop.media.binaries import FFmpeg
from ffmate_desktop.media.probe import MediaFacts, Prober, StreamFacts
from ffmate_desktop.media.processes.process import Launcher
from ffmate_desktop.media.processes.tree import NICE
from ffmate_desktop.services.follow import follow
from ffmate_desktop.settings.table import Settings
from tests.db.cluster import add, row
from tests.media.clips import FFMPEG, cut_off
from tests.node.proxy import open_proxy
from tests.processes import words

REPOSITORY = Path(__file__).parents[2]
PATIENCE = 600.0

# ---- the whole demo


class Demo:
    """A running demo whose temporary files go to a folder of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.notes = folder.parent / "notes.txt"
        folder.mkdir()
        environment = os.environ | {
            "FFMATE_DATABASE": "postgresql://nobody@127.0.0.1:1/none",  # both must be ignored: this demo is
            "FFMATE_LABELS": "moon",  # about itself
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONUTF8": "1",
        }
        for variable in ("TMPDIR", "TEMP", "TMP"):
            environment[variable] = str(folder)
        # Where tests run in the background, Ctrl+C may be ignored, which programs pass on to those they start.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with self.notes.open("wb") as notes:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ffmate_desktop", "demo", f"--ffmpeg={FFMPEG}", *options],
                env=environment,
                cwd=folder.parent,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=notes,
                text=True,
                encoding="utf-8",
            )

    def wait_for(self, text: str) -> None:
        """Until the demo has said this."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.notes.read_text("utf-8"):
            assert self.process.poll() is None, self.notes.read_text("utf-8")
            assert time.monotonic() < deadline, f"{text} was never said"
            time.sleep(0.05)

    def node(self, identifier: str) -> psutil.Process:
        """The process of one of its nodes."""
        return next(
            child
            for child in psutil.Process(self.process.pid).children(recursive=True)
            if f"--identifier={identifier}" in words(child)
        )

    def finish(self) -> tuple[int, str]:
        """Its exit code and its standard output."""
        out, _ = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out

    def end(self) -> None:
        """Whatever the test came to: nothing of it goes on or stays."""
        self.process.terminate()
        self.finish()
        for note in self.folder.glob("*/data/embedded-postgres.txt"):  # root's database lies elsewhere
            shutil.rmtree(note.read_text("utf-8").splitlines()[0])


Start = Callable[..., Demo]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the demo with some options; it is over when the test is."""
    demos = []

    def start(*options: str) -> Demo:
        demos.append(Demo(tmp_path / "temporary", *options))
        return demos[-1]

    yield start
    for demo in demos:
        demo.end()


def processes_in(folder: Path) -> list[list[str]]:
    """The commands of all processes that name this folder or work in it."""
    found = []
    for process in psutil.process_iter():
        try:
            command = process.cmdline()
            if str(folder) in process.cwd() or any(str(folder) in word for word in command):
                found.append(command)
        except (psutil.Error, OSError):
            continue
    return found


@contextmanager
def leaves_no(folder: Path) -> Iterator[None]:
    """Whatever the demo did, its temporary folder is empty afterwards, and nothing of it runs."""
    yield
    assert list(folder.iterdir()) == []
    assert processes_in(folder) == []


@pytest.mark.end_to_end
@pytest.mark.slow
@pytest.mark.ffmpeg
@pytest.mark.db
def test_the_demo_succeeds_and_leaves_nothing(start: Start, tmp_path: Path) -> None:
    demo = start("--json", "--save-svg", str(tmp_path / "demo.svg"))
    with leaves_no(demo.folder):
        code, out = demo.finish()
    report = json.loads(out)
    assert report["problems"] == []
    assert (code, report["ok"], report["folder"]) == (0, True, None)

    assert [node["identifier"] for node in report["nodes"]] == ["demo-1", "demo-2"]
    assert all(node["left"] and node["exitCode"] == 0 and node["tasks"] >= 1 for node in report["nodes"])
    assert sum(node["tasks"] for node in report["nodes"]) == len(CLIPS)
    assert sum(node["share"] for node in report["nodes"]) == pytest.approx(1, abs=0.01)

    tasks = report["tasks"]
    assert [task["name"] for task in tasks] == [clip.name for clip in CLIPS]
    assert all(task["status"] == "DONE_SUCCESSFUL" and task["verified"] for task in tasks)
    assert len({task["batch"] for task in tasks}) == 1
    assert len({task["preset"]["name"] for task in tasks}) >= 10
    assert {task["client"]["identifier"] for task in tasks} == {"demo-1", "demo-2"}

    times = report["times"]
    assert all(times[name] > 0 for name in ("clips", "database", "nodes", "cluster", "checks"))
    assert times["speedup"] == pytest.approx(times["oneAfterAnother"] / times["cluster"], rel=0.05)
    assert "Success: all" in demo.notes.read_text("utf-8")
    assert "Harbour" in (tmp_path / "demo.svg").read_text("utf-8")


@pytest.mark.end_to_end
@pytest.mark.slow
@pytest.mark.ffmpeg
@pytest.mark.db
def test_a_node_that_is_killed_is_told_and_its_tasks_go_on(start: Start, tmp_path: Path) -> None:
    wanted = tmp_path / "kept"
    demo = start("--json", "--keep", str(wanted))
    demo.wait_for("on demo-1")
    demo.node("demo-1").kill()
    code, out = demo.finish()
    report = json.loads(out)
    assert (code, report["ok"], report["folder"]) == (1, False, str(wanted))
    assert any("demo-1 did not leave in order" in problem for problem in report["problems"])
    assert all(task["verified"] for task in report["tasks"])
    assert any(task["attempts"] > 1 for task in report["tasks"]), "its task was taken over"
    assert [node["left"] for node in report["nodes"]] == [False, True]
    assert len(list((wanted / "outputs").iterdir())) == len(CLIPS)
    assert processes_in(demo.folder) == []


@pytest.mark.end_to_end
@pytest.mark.slow
@pytest.mark.ffmpeg
@pytest.mark.db
@pytest.mark.skipif(sys.platform == "win32", reason="Windows can't send Ctrl+C to a single process")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGHUP, 143)])
def test_an_interrupted_demo_leaves_nothing(start: Start, number: int, code: int) -> None:
    demo = start("--json")
    with leaves_no(demo.folder):
        demo.wait_for("running ")
        demo.process.send_signal(number)
        assert demo.finish() == (code, "")
    assert "Stopped" in demo.notes.read_text("utf-8")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--database", "postgresql://a@b/c"), "The demo uses its own database. Leave --database out."),
        (("--keep", "."), "isn't empty"),
        (("--nodes", "13"), "--nodes"),
    ],
)
@pytest.mark.end_to_end
def test_what_cannot_be_meant_is_refused(start: Start, options: tuple[str, ...], sentence: str) -> None:
    demo = start(*options)
    with leaves_no(demo.folder):
        assert demo.finish()[0] == 2
    assert sentence in demo.notes.read_text("utf-8")


@pytest.mark.end_to_end
@pytest.mark.db
async def test_a_node_that_cannot_start_says_why(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    settings = Settings(
        database=None,
        identifier="",
        slots=1,
        ffmpeg=str(tmp_path / "missing"),
        labels=(),
        heartbeat=1.0,
        data_dir=tmp_path / "data",
        debug="",
    )
    async with (
        open_cluster(settings) as cluster,
        Team(await Launcher.create(), settings, cluster, tmp_path) as team,
    ):
        with pytest.raises(UserError) as caught:
            await team.start(["broken"])
    assert "The node broken ended right after its start" in caught.value.message
    assert "There is no ffmpeg at" in caught.value.message, "its own words"
    assert processes_in(tmp_path) == []


@pytest.mark.db
async def test_a_database_that_stays_away_ends_it(database: Database, database_uri: str) -> None:
    uuids = await add(database, row("a"))
    async with open_proxy(database_uri) as proxy, Database(proxy.uri) as seen:
        states = answered(follow(seen, uuids), 2.0)
        assert [task.name for task in await anext(states)] == ["a"]
        proxy.cut()
        with pytest.raises(UserError, match="hasn't answered for 2 seconds"):
            async with asyncio.timeout(20):
                await anext(states)


@pytest.mark.db
async def test_a_database_that_answers_is_followed_to_the_end(database: Database) -> None:
    uuids = await add(database, row("a"))
    await tasks.cancel(database, uuids)
    shown = [state async for state in answered(follow(database, uuids), 20.0)]
    assert [task.status for task in shown[-1]] == [TaskStatus.DONE_CANCELED]


@pytest.mark.db
async def test_the_database_goes_with_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # for root, its database then lies outside of it
    async with open_place(None) as place, EmbeddedDatabase(place.data):
        status = await embedded_status(place.data)
        assert status is not None
        assert status.folder.exists()
    assert not status.folder.exists()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [UserError("It broke."), RuntimeError("a defect")])
async def test_after_an_error_everything_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(type(error)) as caught:
        async with open_place(None) as place:
            raise error
    assert place.outputs.is_dir()
    assert isinstance(error, RuntimeError) or str(place.root) in str(caught.value)


async def test_unfinished_files_and_processes_are_found(tmp_path: Path) -> None:
    async with open_place(tmp_path / "new") as place:
        assert (place.temporary_files(), await processes_left(place.root)) == ([], [])
        unfinished = place.outputs / ".ffd-abc-1-out.mp4"
        unfinished.touch()
        waiting = await Launcher().spawn(
            [sys.executable, "-c", "import time; time.sleep(60)"], cwd=place.data
        )
        try:
            assert place.temporary_files() == [unfinished]
            assert str(waiting.pid) in "".join(await processes_left(place.root))
        finally:
            await waiting.stop(0)
    assert not place.root.exists()
    assert unfinished.exists(), "what the user wanted to keep stays"


# ---- the check of an output


@pytest.fixture
async def bench() -> Any:
    bench = Bench(FFmpeg(FFMPEG, "test"), Launcher(), Prober())
    yield bench
    await bench.prober.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no nice values")
@pytest.mark.parametrize(
    "priority, nice", [(None, 0), (EncodePriority.NORMAL, 0), (EncodePriority.LOW, NICE)]
)
async def test_commands_on_their_own_have_the_priority_of_the_nodes(
    tmp_path: Path, priority: EncodePriority | None, nice: int
) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!/bin/sh\nsleep 0.2\nnice > '{tmp_path}/nice'\n")
    program.chmod(0o755)
    settings = Settings(data_dir=tmp_path, encode_priority=priority)
    bench = await open_bench(settings, FFmpeg(program, "test"))
    try:
        await bench.repeat(task(1, None, 0, 0, command=RawResolved(raw="", resolved="-i a b")), tmp_path)
    finally:
        await bench.prober.close()
    assert int((tmp_path / "nice").read_text()) == os.nice(0) + nice


CAMCORDER = next(clip for clip in CLIPS if clip.name == "Camcorder.mkv")
SOUND = next(clip for clip in CLIPS if clip.expected.video is None)


@pytest.mark.ffmpeg
async def test_a_right_output_passes_the_check(bench: Bench, tmp_path: Path) -> None:
    path = await bench.make(CAMCORDER, tmp_path)
    assert await bench.verify(path, CAMCORDER.expected) == []


@pytest.mark.ffmpeg
@pytest.mark.parametrize("share", [0.1, 0.5, 0.97])
async def test_a_cut_off_output_fails_the_check(bench: Bench, tmp_path: Path, share: float) -> None:
    path = await bench.make(CAMCORDER, tmp_path)
    assert await bench.verify(cut_off(path, tmp_path / "cut.mkv", share), CAMCORDER.expected) != []


@pytest.mark.ffmpeg
async def test_a_damaged_output_fails_the_check(bench: Bench, tmp_path: Path) -> None:
    path = await bench.make(CAMCORDER, tmp_path)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = bytes(2000)
    path.write_bytes(data)
    assert any("Decoding it fails" in problem for problem in await bench.verify(path, CAMCORDER.expected))


@pytest.mark.ffmpeg
@pytest.mark.parametrize("content", [None, b"", b"no media at all"])
async def test_what_is_no_output_fails_the_check(bench: Bench, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "out.mp4"
    if content is not None:
        path.write_bytes(content)
    assert len(await bench.verify(path, CAMCORDER.expected)) == 2  # neither decoder nor probe can read it


@pytest.mark.ffmpeg
async def test_another_codec_or_length_fails_the_check(bench: Bench, tmp_path: Path) -> None:
    path = await bench.make(SOUND, tmp_path)
    problems = await bench.verify(path, Expected("h264", "aac", 75, seconds=SECONDS + 1))
    assert problems == [
        "It has no video, h264 was expected.",
        "It has pcm_s16le audio, aac was expected.",
        "It has 0 frames, 75 were expected.",
        "It lasts 3.00 seconds, 4 were expected.",
    ]


@pytest.mark.ffmpeg
async def test_a_clip_that_cannot_be_made_says_why(bench: Bench, tmp_path: Path) -> None:
    broken = Clip("broken.mkv", "-f lavfi -i nosuchsource", "", CAMCORDER.expected)
    with pytest.raises(UserError, match=r"couldn't make the clip “broken\.mkv”: Error .+"):
        await bench.make(broken, tmp_path)


def facts(**of_video: Any) -> MediaFacts:
    video = StreamFacts("video", codec="h264", packets=75, packet_seconds=3.0)
    sound = StreamFacts("audio", codec="aac", packets=140, packet_seconds=3.02)
    return MediaFacts("mov", 1000, streams=(replace(video, **of_video), sound))


def test_pictures_are_counted_and_not_believed() -> None:
    expected = Expected("h264", "aac", 75)
    assert differences(facts(frames=80), expected) == []
    assert differences(facts(frames=75, packets=74), expected) == ["It has 74 frames, 75 were expected."]


# ---- the report


def task(number: int, node: str | None, begin: int, end: int, **fields: Any) -> Task:
    known: dict[str, Any] = {
        "uuid": uuid4(),
        "name": f"clip {number}",
        "status": TaskStatus.DONE_SUCCESSFUL,
        "command": RawResolved(raw=""),
        "input_file": RawResolved(raw=""),
        "output_file": RawResolved(raw=""),
        "priority": 0,
        "progress": 100,
        "remaining": 0,
        "source": "cli",
        "client": Client(identifier=node) if node else None,
        "created_at": 0,
        "updated_at": 0,
        "started_at": begin,
        "finished_at": end,
        "id": number,
        "version": 1,
        "epoch": 1,
        "attempts": 1,
    }
    return Task(**(known | fields))


GOOD = (TaskResult(task(1, "a", 1000, 4000), ()), TaskResult(task(2, "b", 2000, 3000), ()))


def report(
    tasks: tuple[TaskResult, ...] = GOOD, nodes: tuple[NodeResult, ...] | None = None, **fields: Any
) -> Report:
    good = nodes or node_results(["a", "b"], tasks, frozenset({"a", "b"}), [0, 0])
    known: dict[str, Any] = {
        "cores": 2,
        "busy": False,
        "ffmpeg_version": "7",
        "slots": 1,
        "times": Times(1, 1, 1, 3, 1, 4.5),
        "leftovers": (),
    }
    return Report(nodes=good, tasks=tasks, **(known | fields))


def test_a_good_report_has_no_problem() -> None:
    assert report().ok
    assert report().times.speedup == 1.5
    assert [(node.tasks, node.seconds, node.share) for node in report().nodes] == [
        (1, 3.0, 0.75),
        (1, 1.0, 0.25),
    ]
    assert cluster_seconds([result.task for result in GOOD]) == 3.0


FAILED = task(3, "a", 0, 1, status=TaskStatus.DONE_ERROR, error="The disk is full.\nmore")


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (report((*GOOD, TaskResult(FAILED, ()))), "“clip 3” ended as DONE_ERROR: The disk is full."),
        (
            report((TaskResult(GOOD[0].task, ("It is green.",)), GOOD[1])),
            "The output of “clip 1” is wrong. It is green.",
        ),
        (report(leftovers=("“x” was left behind.",)), "“x” was left behind."),
        (
            report(nodes=node_results(["a", "b"], GOOD, frozenset({"a"}), [0, -9])),
            "b did not leave in order (exit code -9).",
        ),
        (
            report(nodes=node_results(["a", "b", "c"], GOOD, frozenset("abc"), [0, 0, 0]), tasks=GOOD * 2),
            "c ran no task.",
        ),
    ],
)
def test_each_fault_makes_the_report_bad(broken: Report, problem: str) -> None:
    assert broken.problems == [problem]
    assert broken.to_json()["ok"] is False
    assert any(problem in line.plain for line in broken.closing())


def test_a_node_without_work_is_right_where_the_others_had_room() -> None:
    idle = node_results(["a", "b", "c"], GOOD, frozenset("abc"), [0, 0, 0])
    assert report(nodes=idle, slots=2).ok


@pytest.mark.parametrize(
    ("alone", "busy", "words"),
    [
        (4.5, False, "1.5 times as fast. All nodes shared the 2 cores"),
        (3.0, False, "Not faster here"),
        (4.5, True, "1.5 times as fast. Other programs kept this computer busy"),
        (None, False, "there is no comparison"),
    ],
)
def test_the_comparison_is_honest(alone: float | None, busy: bool, words: str) -> None:
    shown = report(times=Times(1, 1, 1, 3, 1, alone), busy=busy).tables()
    assert any(words in str(thing) for thing in shown)


def test_a_task_that_never_ran_has_no_times() -> None:
    waiting = task(1, None, 0, 0, started_at=None, finished_at=None, status=TaskStatus.DONE_CANCELED)
    assert cluster_seconds([waiting]) == 0.0
    results = [TaskResult(waiting, ())]
    assert node_results(["a"], results, frozenset(), [None])[0].share == 0.0
    assert not results[0].verified


@given(cores=st.integers(1, 512), nodes=st.integers(1, len(CLIPS)))
def test_every_node_finds_something_to_do(cores: int, nodes: int) -> None:
    slots = default_slots(cores, nodes)
    assert slots >= 1
    assert slots * (nodes - 1) < len(CLIPS)
