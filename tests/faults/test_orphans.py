"""No process survives its node: real nodes are killed with -9 while a real ffmpeg and a family of processes run."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ffmate_desktop.media.processes.table import processes
from tests.end_to_end.clerk import Clerk
from tests.end_to_end.program import Program, open_folder, until
from tests.end_to_end.test_nodes import LONG
from tests.media.clips import FFMPEG, ffmpeg
from tests.media.processes import family
from tests.processes import words

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.db,
    pytest.mark.ffmpeg,
    pytest.mark.skipif(
        sys.platform == "win32",
        reason="the test needs SIGKILL, sessions and shells, which Windows doesn't have",
    ),
]

PROMISED = 2.0
"""Seconds from the death of a node to that of the last process that it started, and for a cancel."""

PREFIXES = {
    "parent death signal": (),
    "no parent death signal": ("/usr/bin/env", "PATH=/nonexistent"),  # without setpriv, as on macOS
}


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder for one test, with a clip in it."""
    with open_folder() as folder:
        (folder / "media").mkdir()
        source = ("-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1")
        ffmpeg(*source, "-c:v", "libx264", "-preset", "ultrafast", folder / "media" / "clip.mov")
        yield folder


class Team:
    """Nodes of one computer on one database; they share the data folder. Their ffmpeg starts a family first."""

    def __init__(self, home: Path, uri: str, protection: str, clerk: Clerk) -> None:
        self.home = home
        words = " ".join(f"'{word}'" for word in family.command(home))
        self.relatives: list[dict[str, int]] = []
        self.wrapper = home / "ffmpeg.sh"
        start = f"{words} >/dev/null 2>&1 &"  # in the working folder, where it may write
        self.wrapper.write_text(
            f'#!/bin/sh\n[ "$1" = -version ] || {{ {start} }}\nexec "{FFMPEG}" "$@"\n', encoding="utf-8"
        )
        self.wrapper.chmod(0o755)
        options = ("--data-dir", str(home / "data"), "--database", uri)
        self.program = Program(home, *options, prefix=PREFIXES[protection], clerk=clerk)

    def working(self, identifier: str, *options: str) -> tuple[subprocess.Popen[bytes], str, psutil.Process]:
        """A node that encodes something that takes a minute: the node, the task, the ffmpeg."""
        before = {process.pid for process in self.program.ffmpegs()}
        node = self.program.node(identifier, *options)
        clip = shutil.copy(self.home / "media" / "clip.mov", self.home / "media" / f"{identifier}.mov")
        uuid = self.program.submit(Path(clip), *LONG)
        self.program.encoding(uuid, identifier)
        (process,) = until(
            lambda: [process for process in self.program.ffmpegs() if process.pid not in before],
            "its ffmpeg runs",
        )
        return node, uuid, process

    def with_family(
        self, identifier: str
    ) -> tuple[subprocess.Popen[bytes], str, psutil.Process, dict[str, int]]:
        """The same, and the family that this ffmpeg has."""
        node, uuid, process = self.working(identifier, "--ffmpeg", str(self.wrapper))
        relatives = family.pids(Path(process.cwd()))
        self.relatives.append(relatives)
        assert family.alive(relatives) == list(family.NAMES)
        return node, uuid, process, relatives


@pytest.fixture
def team(home: Path, database_uri: str, clerk: Clerk, request: pytest.FixtureRequest) -> Iterator[Team]:
    """At the end, nodes are stopped and all their processes are gone."""
    team = Team(home, database_uri, request.param, clerk)
    yield team
    team.program.leave()
    for relatives in team.relatives:
        family.kill(relatives)


def below(process: subprocess.Popen[bytes]) -> dict[str, int]:
    """Everything that the node has started, its guardian included."""
    children = psutil.Process(process.pid).children(recursive=True)
    return {f"{child.pid} {' '.join(words(child))}": child.pid for child in children}


def guardian_of(process: subprocess.Popen[bytes]) -> psutil.Process:
    """The guardian process of a node."""
    children = psutil.Process(process.pid).children()
    (guardian,) = [child for child in children if "guardian_worker.py" in " ".join(words(child))]
    return guardian


def marks(owner: str) -> list[int]:
    """Numbers of the processes whose environment names this node process."""
    return [entry.pid for entry in processes().values() if entry.mark.startswith(f"{owner}#")]


@pytest.mark.parametrize("team", PREFIXES, indirect=True)
def test_nothing_survives_a_node_that_is_killed(team: Team) -> None:
    node, _, encode, relatives = team.with_family("a")
    started = below(node) | relatives
    owner = processes()[encode.pid].mark.partition("#")[0]
    assert set(marks(owner)) >= {encode.pid, relatives["daemon"]}
    node.kill()
    family.until(lambda: family.alive(started) == [], timeout=PROMISED)
    assert marks(owner) == []
    node.wait()


@pytest.mark.parametrize("team", ["no parent death signal"], indirect=True)
def test_the_next_start_ends_what_is_left_and_touches_nothing_of_a_living_node(team: Team) -> None:
    """Node and guardian are killed at once, without a parent death signal: only the successor can clean up."""
    other, _, other_encode = team.working("b")
    node, _, encode, relatives = team.with_family("a")
    folders = {path for path in (team.home / "data" / "work").iterdir() if path.is_dir()}
    guardian = guardian_of(node)
    guardian.suspend()
    node.kill()
    guardian.kill()
    node.wait()
    left = relatives | {"encode": encode.pid}
    assert family.alive(left) == list(left), "another process has cleaned up"
    others = below(other)
    before = Path(other_encode.cwd())
    team.program.node("c")
    assert family.alive(left) == [], "gone before the node says that it is ready"
    assert family.alive(others) == list(others)
    now = {path for path in (team.home / "data" / "work").iterdir() if path.is_dir()}
    assert len(folders & now) == 1, "that of the living node"
    assert before.is_dir() and before.parent in now
    assert b"left" in (team.home / "c.log").read_bytes()


@pytest.mark.parametrize("team", PREFIXES, indirect=True)
def test_a_cancel_ends_the_whole_tree(team: Team) -> None:
    _, uuid, encode, relatives = team.with_family("a")
    team.program.run("tasks", "cancel", uuid)
    tree = relatives | {"encode": encode.pid}
    family.until(lambda: family.alive(tree) == [], timeout=PROMISED)
    until(lambda: team.program.task(uuid)["status"] == "DONE_CANCELED", "it is cancelled")


@pytest.mark.parametrize("team", ["parent death signal"], indirect=True)
def test_a_node_that_ends_in_order_leaves_nothing(team: Team) -> None:
    node, _, encode, relatives = team.with_family("a")
    started = below(node) | relatives | {"encode": encode.pid}
    os.kill(node.pid, signal.SIGTERM)
    node.wait(60)
    family.until(lambda: family.alive(started) == [], timeout=PROMISED)
    assert [path.name for path in (team.home / "data" / "work").iterdir()] == ["gate"]
