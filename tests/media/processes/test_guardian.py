"""The guardian ends what a killed program started. Real processes, without the parent death signal."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from ffmate_desktop.media.processes.guardian_worker import ProcessEntry, ProcessTable, processes_left_by
from ffmate_desktop.media.processes.process import Launcher
from ffmate_desktop.media.processes.table import VARIABLE, processes
from tests.expected_warnings import ExpectedWarnings
from tests.media.processes import family

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has a job object instead of a guardian"
)
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")

if sys.platform != "win32":
    from ffmate_desktop.media.processes import guardian as guardian_module
    from ffmate_desktop.media.processes.guardian import Guardian
    from ffmate_desktop.media.processes.guardian_worker import read_proc, read_ps

_PROGRAM = """
    import asyncio, json, sys
    from pathlib import Path
    from ffmate_desktop.media.processes.process import Guardian, Launcher

    async def main():
        owner, folder, *argv = json.loads(sys.argv[1])
        launcher = Launcher(guardian=Guardian(owner), owner=owner)
        process = await launcher.spawn(argv, cwd=Path(folder))
        (Path(folder) / "guardian").write_text(str(launcher.guardian.pid))
        if len(sys.argv) == 2:
            await process.wait()
        await asyncio.sleep(60)

    asyncio.run(main())
"""


def unique() -> str:
    """Return an owner that no other test on this computer has, because marks contain it."""
    return f"test-{uuid.uuid4()}"


@pytest.fixture
def owner() -> str:
    """The owner of the guardian."""
    return unique()


@pytest.fixture
def guardian(owner: str) -> "Iterator[Guardian]":
    """A guardian of this program."""
    guardian = Guardian(owner)
    yield guardian
    pid = guardian.pid
    guardian.close()
    family.until(lambda: pid is None or not family.lives(pid))


def program(folder: Path, argv: list[str]) -> subprocess.Popen[bytes]:
    """Start a program that runs `argv` in `folder`, without the parent death signal."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    words = [sys.executable, "-c", textwrap.dedent(_PROGRAM), json.dumps([unique(), str(folder), *argv])]
    return subprocess.Popen(words, env=environment)


def sleeper(**environment: str) -> subprocess.Popen[bytes]:
    """Start a process in its own session."""
    return subprocess.Popen(["sleep", "60"], start_new_session=True, env=os.environ | environment)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_whole_tree_of_a_killed_program_ends(tmp_path: Path, number: int) -> None:
    with program(tmp_path, family.command(tmp_path)) as parent:
        relatives = family.pids(tmp_path)
        try:
            family.until((tmp_path / "guardian").exists)
            assert family.alive(relatives) == list(family.NAMES)
            parent.send_signal(number)
            family.until(lambda: not family.alive(relatives), timeout=2)
        finally:
            family.kill(relatives)
            parent.kill()
    guardian = int((tmp_path / "guardian").read_text())
    family.until(lambda: not family.lives(guardian))


def test_a_suspended_tree_ends_too(tmp_path: Path) -> None:
    with program(tmp_path, family.command(tmp_path)) as parent:
        relatives = family.pids(tmp_path)
        try:
            for pid in relatives.values():
                os.kill(pid, signal.SIGSTOP)
            family.until((tmp_path / "guardian").exists)
            parent.kill()
            family.until(lambda: not family.alive(relatives), timeout=2)
        finally:
            family.kill(relatives)


def test_a_process_that_outlives_its_leader_is_still_watched(tmp_path: Path) -> None:
    """Its environment is empty, so only its group shows that it belongs to the program."""
    shell = shutil.which("sh")
    assert shell
    with program(tmp_path, [shell, "-c", "env -i sleep 60 & echo $! > pid; exit 0"]) as parent:
        family.until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().endswith("\n"))
        pid = int((tmp_path / "pid").read_text())
        leader = os.getsid(pid)
        try:
            family.until((tmp_path / "guardian").exists)
            family.until(lambda: not psutil.pid_exists(leader))
            assert family.lives(pid)
            parent.kill()
            family.until(lambda: not family.lives(pid), timeout=2)
        finally:
            family.kill({"": pid})


def test_an_unlisted_process_is_found_by_its_mark(guardian: "Guardian", owner: str) -> None:
    """The program may be killed after it started a process and before it reported it."""
    guardian.prepare()
    ours, other = sleeper(**{VARIABLE: f"{owner}#1"}), sleeper(**{VARIABLE: f"{owner}2#1"})
    with ours, other:
        try:
            guardian.close()
            assert ours.wait(5) == -signal.SIGKILL
            assert other.poll() is None
        finally:
            ours.kill()
            other.kill()


def test_only_listed_processes_are_killed(guardian: "Guardian") -> None:
    with sleeper() as listed, sleeper() as forgotten, sleeper() as stranger:
        try:
            for process in (listed, forgotten):
                guardian.prepare()
                guardian.watch(process.pid)
            guardian._unlist(forgotten.pid)
            guardian.close()
            assert listed.wait(5) == -signal.SIGKILL
            family.until(lambda: guardian.pid is None)
            assert (forgotten.poll(), stranger.poll()) == (None, None)
        finally:
            for process in (listed, forgotten, stranger):
                process.kill()


def test_a_reused_pid_is_not_killed() -> None:
    me = os.getpid()
    table = processes()
    assert me in processes_left_by(table, "no-owner", {me: table[me].started})
    assert processes_left_by(table, "no-owner", {me: "before"}) == set()


def test_descendants_are_found_and_zombies_are_not() -> None:
    def entry(pid: int, parent: int, group: int, mark: str = "", zombie: bool = False) -> ProcessEntry:
        return ProcessEntry(pid, parent, group, group, zombie, "now", mark)

    entries = [
        entry(1, 0, 1),
        entry(10, 1, 10, "a#1"),
        entry(11, 10, 11),
        entry(12, 11, 12, zombie=True),
        entry(13, 12, 13),
        entry(14, 1, 20),
        entry(15, 1, 15, "aa#1"),
    ]
    table: ProcessTable = {entry.pid: entry for entry in entries}
    assert processes_left_by(table, "a", {20: "then"}) == {10, 11, 13, 14}


def test_signals_to_the_whole_session_do_not_end_the_guardian(guardian: "Guardian") -> None:
    guardian.prepare()
    pid = guardian.pid
    assert pid is not None
    assert os.getsid(pid) == pid
    family.until(lambda: _ignores(pid))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        os.kill(pid, number)
    with sleeper() as process:
        guardian.watch(process.pid)
        guardian.close()
        assert process.wait(5) == -signal.SIGKILL


@linux
def test_the_guardian_inherits_no_descriptors(guardian: "Guardian", tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        os.set_inheritable(lock.fileno(), True)
        guardian.prepare()
    family.until(lambda: guardian.pid is not None and _ignores(guardian.pid))
    folder = Path(f"/proc/{guardian.pid}/fd")
    opened = {path.name: str(path.readlink()).partition(":")[0] for path in folder.iterdir()}
    assert opened == {"0": "pipe", "1": "/dev/null", "2": "/dev/null"}
    assert Path(f"/proc/{guardian.pid}/cwd").readlink() == Path("/")


@linux
def test_no_other_process_inherits_our_end_of_the_pipe(guardian: "Guardian") -> None:
    guardian.prepare()
    assert guardian.pid is not None
    pipe = Path(f"/proc/{guardian.pid}/fd/0").readlink()
    with sleeper() as process:
        family.until(lambda: psutil.Process(process.pid).name() == "sleep")
        opened = []
        for path in Path(f"/proc/{process.pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # a library that is being loaded; an inherited pipe would stay
                opened.append(path.readlink())
        process.kill()
    assert opened
    assert pipe not in opened


@pytest.mark.parametrize("way", ["killed", "stopped"])
def test_a_new_guardian_takes_over_with_the_whole_list(
    guardian: "Guardian", expected_warnings: ExpectedWarnings, way: str
) -> None:
    expected_warnings.expect("guardian process ended unexpectedly")
    with sleeper() as listed:
        guardian.prepare()
        guardian.watch(listed.pid)
        first = guardian.pid
        assert first is not None
        if way == "killed":
            os.kill(first, signal.SIGKILL)
        else:
            os.kill(first, signal.SIGSTOP)
            while guardian.pid == first:  # until the pipe is full
                guardian.watch(listed.pid)
        family.until(lambda: guardian.pid not in (None, first))
        guardian.close()
        assert listed.wait(5) == -signal.SIGKILL


def test_a_guardian_that_died_unnoticed_is_replaced_on_the_next_message(
    guardian: "Guardian", expected_warnings: ExpectedWarnings, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected_warnings.expect("guardian process ended unexpectedly")
    monkeypatch.setattr(
        "ffmate_desktop.media.processes.guardian._wait_for_end", lambda _, process: process.wait()
    )
    with sleeper() as listed:
        guardian.prepare()
        guardian.watch(listed.pid)
        first = guardian.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        family.until(lambda: not family.lives(first))
        guardian.close()
        assert listed.wait(5) == -signal.SIGKILL


def test_a_guardian_that_keeps_dying_is_given_up(
    guardian: "Guardian", expected_warnings: ExpectedWarnings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected_warnings.expect("guardian process keeps ending")
    expected_warnings.expect("guardian process ended unexpectedly")
    monkeypatch.setattr("ffmate_desktop.media.processes.guardian._WORKER", (sys.executable, "-c", ""))
    guardian.prepare()
    # Between two starts there is none for a moment, too.
    family.until(lambda: guardian._failures >= guardian_module._MAX_FAILURES and guardian.pid is None)
    guardian.prepare()
    guardian.watch(os.getpid())
    assert guardian.pid is None


async def test_a_launcher_has_one_guardian_that_ends_with_it(tmp_path: Path) -> None:
    launcher = await Launcher.create()
    assert launcher.guardian is not None
    before = launcher.guardian.pid
    assert before is None, "nothing runs yet"
    first = await launcher.spawn(["sleep", "60"], cwd=tmp_path)
    pid = launcher.guardian.pid
    second = await launcher.spawn(["sleep", "60"], cwd=tmp_path)
    assert launcher.guardian.pid == pid
    await first.stop()
    await launcher.close()
    async with asyncio.timeout(20):
        assert await second.wait() == -signal.SIGKILL
    assert pid is not None
    await asyncio.to_thread(family.until, lambda: not family.lives(pid))


@linux
def test_ps_and_proc_give_the_same_entries() -> None:
    if shutil.which("ps") is None:
        pytest.skip("ps is not installed")
    with sleeper(**{VARIABLE: "/a%20path/x.lock#7"}) as process:
        family.until(lambda: read_proc()[process.pid].mark)  # has none while it becomes another program
        by_ps, by_proc = (table()[process.pid] for table in (read_ps, read_proc))
        process.kill()
    assert by_ps._replace(started="") == by_proc._replace(started="")
    assert by_ps.mark == "/a%20path/x.lock#7"
    assert by_ps.started


def _ignores(pid: int) -> bool:
    """Return whether the guardian already ignores signals."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():  # macOS: long enough for Python to start
        time.sleep(0.5)
        return True
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("SigIgn")]
    return bool(int(line.split()[1], 16) >> (signal.SIGTERM - 1) & 1)
