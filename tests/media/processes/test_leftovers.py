"""Leftovers of dead nodes are removed, and nothing of living ones. With real processes."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.file_locks import FileLock
from ffmate_desktop.media.processes.leftovers import NodeFolder, node_folder
from ffmate_desktop.media.processes.table import VARIABLE, processes
from tests.expected_warnings import ExpectedWarnings
from tests.media.processes import family

posix = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no POSIX sessions, links or permissions"
)

_NODE = """
    import json, os, subprocess, sys, time
    from pathlib import Path
    from ffmate_desktop.media.processes.leftovers import NodeFolder

    folder = NodeFolder.create(Path(sys.argv[1]))
    words = json.loads(sys.argv[2])
    apart = {"start_new_session": True, "cwd": sys.argv[3]}
    child = subprocess.Popen(words, env=os.environ | {"FFMATE_STARTED_BY": folder.owner + "#1"}, **apart)
    (folder.path / "two-pass.log").write_text("statistics")
    print(child.pid, folder.path, flush=True)
    time.sleep(60)
"""


class OtherNode:
    """A node process with its own working folder that has started another process."""

    def __init__(self, parent: Path, cwd: Path, *words: str) -> None:
        argv = list(words) or [sys.executable, "-S", "-c", "import time; time.sleep(60)"]
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(_NODE), str(parent), json.dumps(argv), str(cwd)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout
        pid, _, path = self.process.stdout.readline().decode().rstrip().partition(" ")
        self.child, self.folder = int(pid), Path(path)
        # Right after the start, Linux doesn't show the environment yet, so the process has no mark.
        family.until(lambda: processes()[self.child].mark)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


Start = Callable[..., OtherNode]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The folder that the nodes share. Its name needs quoting in an environment variable."""
    return tmp_path / "Prüf stand #1 100%" / "work"


@pytest.fixture
def start(work: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts other nodes in `work` or another folder."""
    started: list[OtherNode] = []

    def begin(*words: str, parent: Path = work) -> OtherNode:
        started.append(OtherNode(parent, tmp_path, *words))
        return started[-1]

    yield begin
    for node in started:
        family.kill({"child": node.child})
        node.kill()
        assert node.process.stdout
        node.process.stdout.close()


def begin(parent: Path) -> NodeFolder:
    """Do what a node does at its start."""
    folder = NodeFolder.create(parent)
    folder.remove_leftovers()
    return folder


def test_leftovers_of_a_dead_node_are_removed_but_nothing_of_a_living_one(start: Start, work: Path) -> None:
    dead, living = start(), start()
    dead.kill()
    assert family.lives(dead.child)
    own = begin(work)
    family.until(lambda: not family.lives(dead.child))
    assert family.lives(living.child)
    assert sorted(work.iterdir()) == sorted(
        [own.path, living.folder, *(p.with_suffix(".lock") for p in (own.path, living.folder)), work / "gate"]
    )
    assert (living.folder / "two-pass.log").read_text() == "statistics"
    own.remove()
    assert not own.path.exists()


@posix
def test_a_daemon_and_all_descendants_of_a_marked_process_are_ended(start: Start, tmp_path: Path) -> None:
    dead = start(*family.command(tmp_path))
    relatives = family.pids(tmp_path)
    try:
        dead.kill()
        begin(dead.folder.parent).remove()
        family.until(lambda: not family.alive(relatives), timeout=2)
    finally:
        family.kill(relatives)


def test_processes_of_a_dead_node_with_another_folder_are_ended_too(start: Start, tmp_path: Path) -> None:
    elsewhere = start(parent=tmp_path / "elsewhere")
    living = start(parent=tmp_path / "elsewhere")
    elsewhere.kill()
    begin(tmp_path / "mine").remove()
    family.until(lambda: not family.lives(elsewhere.child))
    assert family.lives(living.child)
    assert elsewhere.folder.is_dir(), "only nodes that share its parent remove its folder"


def test_a_process_of_an_unknown_node_is_not_ended(start: Start, work: Path) -> None:
    """Like those of another container, whose folders aren't visible here."""
    dead = start()
    dead.kill()
    dead.folder.with_suffix(".lock").unlink()
    begin(work).remove()
    assert family.lives(dead.child)
    assert not dead.folder.with_suffix(".lock").exists(), "the check must not create one"


def test_a_node_that_a_dead_one_started_does_not_end_itself(start: Start, tmp_path: Path, work: Path) -> None:
    dead = start()
    dead.kill()
    code = f"""
        from pathlib import Path
        from ffmate_desktop.media.processes.leftovers import NodeFolder
        NodeFolder.create(Path({str(work)!r})).remove_leftovers()
        print("still here")
    """
    owner = NodeFolder(dead.folder, FileLock(dead.folder)).owner
    environment = {VARIABLE: f"{owner}#1", "PYTHONPATH": os.pathsep.join(sys.path)}
    words = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(words, env=os.environ | environment, stdout=subprocess.PIPE, check=True)
    assert done.stdout.split() == [b"still", b"here"]
    family.until(lambda: not family.lives(dead.child))


@posix
def test_a_linked_folder_is_recognized(start: Start, tmp_path: Path, work: Path) -> None:
    work.mkdir(parents=True)
    (tmp_path / "link").symlink_to(work)
    dead = start(parent=tmp_path / "link")
    dead.kill()
    begin(work).remove()
    family.until(lambda: not family.lives(dead.child))
    assert not dead.folder.exists()


def test_the_mark_of_a_process_can_be_read(start: Start) -> None:
    node = start()
    owner = NodeFolder(node.folder, FileLock(node.folder)).owner
    assert processes()[node.child].mark == f"{owner}#1"
    assert " " not in owner


async def test_the_folder_is_removed_at_the_end(work: Path) -> None:
    async with node_folder(work) as folder:
        (folder.path / "deep").mkdir()
        (folder.path / "deep" / "file").touch()
    assert [path.name for path in work.iterdir()] == ["gate"]


async def test_an_unusable_folder_is_explained(tmp_path: Path) -> None:
    (tmp_path / "work").touch()
    with pytest.raises(UserError, match="as a working folder"):
        async with node_folder(tmp_path / "work"):
            pass


async def test_where_locks_do_not_work_nothing_is_removed(
    start: Start, work: Path, monkeypatch: pytest.MonkeyPatch, expected_warnings: ExpectedWarnings
) -> None:
    """A network disk that grants every lock."""
    expected_warnings.expect("File locks don't work")
    living = start()
    monkeypatch.setattr("ffmate_desktop.file_locks._lock", lambda *_, **__: True)
    async with node_folder(work):
        assert living.folder.is_dir()
        assert family.lives(living.child)


def test_nodes_that_start_at_once_do_not_remove_each_other(tmp_path: Path) -> None:
    code = """
        import sys, time
        from pathlib import Path
        from ffmate_desktop.media.processes.leftovers import NodeFolder
        parent = Path(sys.argv[1])
        input()
        folders = []
        for _ in range(20):
            folders.append(NodeFolder.create(parent))
            folders[-1].remove_leftovers()
        print(all(folder.path.is_dir() for folder in folders), flush=True)
        input()
    """
    words = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    nodes = [
        subprocess.Popen(words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    for node in nodes:
        assert node.stdin is not None
        node.stdin.write(b"go\n")
        node.stdin.flush()
    assert [node.stdout.readline().strip() for node in nodes if node.stdout is not None] == [b"True"] * 4
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 80
    for node in nodes:
        node.communicate(b"end\n", timeout=20)
