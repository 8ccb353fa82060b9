"""Start, read, pause and end real processes."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from ffmate_desktop.domain.errors import RetryElsewhereError, UserError
from ffmate_desktop.media.processes.process import Launcher, Process
from ffmate_desktop.media.processes.sandbox import Sandbox, kernel_support
from tests.media.processes import family
from tests.media.processes.family import lives, shortly

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no POSIX signals, sessions or shells")
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's parent death signal and priorities")

Start = Callable[..., "asyncio.Future[Process]"]


def python(code: str) -> list[str]:
    return [sys.executable, "-S", "-c", textwrap.dedent(code)]


@pytest.fixture
async def start(launcher: Launcher, tmp_path: Path) -> AsyncIterator[Start]:
    """Starts processes in a temporary folder and ends the remaining ones after the test."""
    started: list[Process] = []

    async def spawn(argv: list[str], **options: Any) -> Process:
        process = await launcher.spawn(argv, **({"cwd": tmp_path} | options))
        started.append(process)
        return process

    yield lambda *a, **k: asyncio.ensure_future(spawn(*a, **k))
    for process in started:
        process.tree.kill(await asyncio.to_thread(process.tree.members))
        await process.stop(0)


async def read_pid(path: Path) -> int:
    await shortly(lambda: path.exists() and path.read_text().endswith("\n"))
    return int(path.read_text())


async def test_both_outputs_and_the_exit_code_arrive(start: Start, tmp_path: Path) -> None:
    code = "import sys, os; print(os.getcwd()); print('trouble', file=sys.stderr); sys.exit(3)"
    out, err = bytearray(), bytearray()
    process = await start(python(code))
    assert await process.wait(out.extend, err.extend) == 3
    assert Path(out.decode().strip()).samefile(tmp_path)
    assert err.split() == [b"trouble"]


async def test_nothing_can_be_read_from_standard_input(start: Start) -> None:
    out = bytearray()
    process = await start(python("import sys; print(repr(sys.stdin.read()))"))
    await process.wait(out.extend)
    assert out.split() == [b"''"]


async def test_variables_that_disturb_the_log_are_replaced(start: Start) -> None:
    out = bytearray()
    code = (
        "import os; print(*(os.environ.get(k) for k in ('FFREPORT', 'AV_LOG_FORCE_COLOR', 'LC_ALL', 'MINE')))"
    )
    env = os.environ | {"FFREPORT": "1", "AV_LOG_FORCE_COLOR": "1", "LC_ALL": "de_DE.UTF-8", "MINE": "kept"}
    await (await start(python(code), env=env)).wait(out.extend)
    assert out.split() == [b"None", b"None", b"C.UTF-8", b"kept"]


@pytest.mark.parametrize("leashed", [True, False])
async def test_a_program_that_cannot_be_started_is_named(
    launcher: Launcher, tmp_path: Path, leashed: bool
) -> None:
    (tmp_path / "text.txt").write_text("not a program")
    by = launcher if leashed else Launcher()
    for program in ("no-such-program", str(tmp_path / "missing"), str(tmp_path / "text.txt"), "./text.txt"):
        with pytest.raises(UserError, match=r"Can't start") as caught:
            await by.spawn([program, "argument"], cwd=tmp_path)
        assert program in caught.value.message


async def test_a_missing_folder_and_an_invalid_argument_are_reported(
    launcher: Launcher, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="gone"):
        await launcher.spawn([sys.executable], cwd=tmp_path / "gone")
    with pytest.raises(UserError, match="null"):
        await launcher.spawn([sys.executable, "zero\0byte"], cwd=tmp_path)


async def test_discarded_output_does_not_block_the_process(start: Start) -> None:
    code = "import sys; sys.stdout.write('x' * 3_000_000); sys.stderr.write('y' * 3_000_000)"
    process = await start(python(code))
    async with asyncio.timeout(20):
        assert await process.wait() == 0


async def test_output_before_wait_is_buffered_and_not_lost(start: Start) -> None:
    process = await start(python("import sys; sys.stdout.write('x' * 300_000); sys.stderr.write('the end')"))
    await asyncio.sleep(0.3)
    assert not process.ended, "it has to wait for a reader"
    out, err = bytearray(), bytearray()
    assert await process.wait(out.extend, err.extend) == 0
    assert (len(out), bytes(err)) == (300_000, b"the end")


async def test_a_sink_that_fails_ends_the_wait_with_its_error(start: Start) -> None:
    def full(block: bytes) -> None:
        raise OSError("disk full")

    process = await start(python("print('hello', flush=True); import time; time.sleep(60)"))
    with pytest.raises(OSError, match="disk full"):
        await process.wait(full)
    await process.stop()
    assert not lives(process.pid)


@posix
async def test_a_grandchild_that_keeps_the_pipes_open_does_not_delay_the_end(start: Start) -> None:
    out = bytearray()
    process = await start(["/bin/sh", "-c", "sleep 60 & echo $!; exit 5"])
    async with asyncio.timeout(20):
        assert await process.wait(out.extend) == 5
    assert lives(int(out)), "the grandchild was to hold the pipes, and to be left alone"
    await process.stop()
    assert not lives(int(out)), "stopping includes what outlived the process"


async def test_waiting_can_be_cancelled_and_repeated(start: Start, tmp_path: Path) -> None:
    code = "import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.01)\nprint('done')"
    process = await start(python(code))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(process.wait(), 0.05)
    (tmp_path / "go").touch()
    out = bytearray()
    assert await process.wait(out.extend) == 0
    assert out.split() == [b"done"]


@posix
async def test_stop_asks_first(start: Start, tmp_path: Path) -> None:
    code = """
        import pathlib, signal, sys, time
        signal.signal(signal.SIGTERM, lambda *_: (pathlib.Path("asked").touch(), sys.exit(7)))
        pathlib.Path("ready").touch()
        time.sleep(60)
    """
    process = await start(python(code))
    await shortly((tmp_path / "ready").exists)
    await process.stop(grace=20)
    assert (tmp_path / "asked").exists()
    assert await process.wait() == 7


@posix
async def test_stop_kills_a_process_that_ignores_signals(start: Start, tmp_path: Path) -> None:
    code = """
        import pathlib, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        pathlib.Path("ready").touch()
        time.sleep(60)
    """
    process = await start(python(code))
    await shortly((tmp_path / "ready").exists)
    await process.stop(grace=0.05)
    assert not lives(process.pid)
    assert await process.wait() == -9


@posix
@pytest.mark.parametrize("shell", ["sleep 60", "trap '' TERM; while :; do sleep 1; done"])
async def test_stop_ends_grandchildren_even_in_another_session(
    start: Start, tmp_path: Path, shell: str
) -> None:
    code = f"""
        import os, pathlib, signal, subprocess, time
        for name, apart in (("member", False), ("stray", True)):
            child = subprocess.Popen(["/bin/sh", "-c", {shell!r}], start_new_session=apart)
            pathlib.Path(name).write_text(f"{{child.pid}}\\n")
        time.sleep(60)
    """
    process = await start(python(code))
    family = [process.pid, await read_pid(tmp_path / "member"), await read_pid(tmp_path / "stray")]
    assert all(lives(pid) for pid in family)
    await process.stop(grace=0.2)
    assert [pid for pid in family if lives(pid)] == []


@posix
@pytest.mark.parametrize("state", ["running", "suspended", "stopped by others"])
async def test_stop_ends_a_tree_that_ignores_signals_and_its_daemons(
    start: Start, tmp_path: Path, state: str
) -> None:
    process = await start(family.command(tmp_path))
    relatives = await asyncio.to_thread(family.pids, tmp_path)
    if state == "suspended":
        process.suspend()
    elif state == "stopped by others":
        for pid in relatives.values():
            os.kill(pid, signal.SIGSTOP)
    try:
        async with asyncio.timeout(20):
            await process.stop(grace=0.1)
        assert family.alive(relatives) == []
    finally:
        family.kill(relatives)


@posix
async def test_a_process_stopped_from_outside_still_receives_sigterm(start: Start, tmp_path: Path) -> None:
    code = """
        import pathlib, signal, sys, time
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
        pathlib.Path("ready").touch()
        time.sleep(60)
    """
    process = await start(python(code))
    await shortly((tmp_path / "ready").exists)
    os.kill(process.pid, signal.SIGSTOP)
    await process.stop(grace=20)
    assert await process.wait() == 7


@posix
async def test_the_whole_tree_is_suspended_and_continues(start: Start, tmp_path: Path) -> None:
    process = await start(family.command(tmp_path))
    relatives = await asyncio.to_thread(family.pids, tmp_path)

    def stopped() -> list[str]:
        return [n for n, pid in relatives.items() if psutil.Process(pid).status() == psutil.STATUS_STOPPED]

    process.suspend()
    await shortly(lambda: stopped() == list(family.NAMES))
    before = {pid: family.beats(tmp_path, pid) for pid in relatives.values()}
    await asyncio.sleep(0.1)
    assert {pid: family.beats(tmp_path, pid) for pid in relatives.values()} == before
    process.resume()
    await shortly(lambda: all(family.beats(tmp_path, pid) > count for pid, count in before.items()))
    for _ in range(5):  # as fast as a user clicks; the last one counts
        process.suspend()
        process.resume()
    process.suspend()
    await shortly(lambda: stopped() == list(family.NAMES))
    process.resume()
    await shortly(lambda: stopped() == [])


@posix
async def test_a_suspended_process_does_nothing_until_resumed(start: Start, tmp_path: Path) -> None:
    code = """
        import pathlib, time
        for n in range(100_000):
            pathlib.Path("beat").write_text(str(n))
            time.sleep(0.002)
    """
    process = await start(python(code))
    await shortly((tmp_path / "beat").exists)
    process.suspend()
    process.suspend()
    await shortly(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)
    before = (tmp_path / "beat").read_text()
    await asyncio.sleep(0.1)
    assert (tmp_path / "beat").read_text() == before
    process.resume()
    await shortly(lambda: (tmp_path / "beat").read_text() not in ("", before))


@posix
async def test_a_suspended_process_still_receives_sigterm(start: Start, tmp_path: Path) -> None:
    code = """
        import pathlib, signal, sys, time
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
        pathlib.Path("ready").touch()
        while True:  # a signal just before a sleep does not end it
            time.sleep(0.05)
    """
    process = await start(python(code))
    await shortly((tmp_path / "ready").exists)
    process.suspend()
    await process.stop(grace=20)
    assert await process.wait() == 7


async def test_stop_and_pause_after_the_end_do_nothing(start: Start) -> None:
    process = await start(python("pass"))
    assert await process.wait() == 0
    process.suspend()
    process.resume()
    await process.stop()
    await process.stop()
    assert await process.wait() == 0


async def test_two_stops_at_once_work(start: Start) -> None:
    process = await start(python("import time; time.sleep(60)"))
    await asyncio.gather(process.stop(), process.stop())
    assert not lives(process.pid)


@linux
async def test_processes_have_low_priority(start: Start) -> None:
    process = await start(python("import time; time.sleep(60)"))
    usual = await start(python("import time; time.sleep(60)"), low_priority=False)
    priorities = psutil.Process(process.pid).as_dict(["nice", "ionice"])
    assert (priorities["nice"], priorities["ionice"].value) == (10, 7)
    assert psutil.Process(usual.pid).nice() == psutil.Process().nice()


@linux
async def test_earlier_threads_and_children_have_low_priority_too(start: Start, tmp_path: Path) -> None:
    code = """
        import subprocess, threading, time
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        subprocess.Popen(["sleep", "60"])
        open("ready", "w").close()
        time.sleep(60)
    """
    process = await start(python(code), low_priority=False)
    await shortly((tmp_path / "ready").exists)
    process.tree.lower_priority()
    found = psutil.Process(process.pid)
    numbers = [*(thread.id for thread in found.threads()), *(child.pid for child in found.children())]
    assert [os.getpriority(os.PRIO_PROCESS, number) for number in numbers] == [10, 10, 10]


@linux
async def test_an_exhausted_computer_leaves_the_task_to_others(launcher: Launcher, tmp_path: Path) -> None:
    import resource  # not on Windows

    sandbox = Sandbox(Path(sys.executable), None, (tmp_path,)) if kernel_support().landlock else None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = max(int(path.name) for path in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 1, hard))
    held: list[int] = []
    try:
        with suppress(OSError):
            while True:
                held.append(os.open("/dev/null", os.O_RDONLY))
        with pytest.raises(RetryElsewhereError, match="Too many open files"):
            await launcher.spawn(python("pass"), cwd=tmp_path, sandbox=sandbox)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in held:
            os.close(descriptor)


@linux
def test_a_node_raises_a_low_limit_of_open_files() -> None:
    code = (
        "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (256, 4096)); "
        "from ffmate_desktop.media.open_files import raise_open_file_limit; raise_open_file_limit(); "
        "print(r.getrlimit(r.RLIMIT_NOFILE))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert said.stdout == "(4096, 4096)\n"


@linux
async def test_a_dedicated_node_starts_processes_with_its_own_priority(
    launcher: Launcher, tmp_path: Path
) -> None:
    process = await replace(launcher, low_priority=False).spawn(
        python("import time; time.sleep(60)"), cwd=tmp_path
    )
    try:
        found, own = psutil.Process(process.pid), psutil.Process()
        assert (found.nice(), found.ionice()) == (own.nice(), own.ionice())
        autogroup = Path(f"/proc/{process.pid}/autogroup")
        assert not autogroup.exists() or autogroup.read_text().split()[-1:] in ([], ["0"])
    finally:
        await process.stop()


@linux
async def test_a_launcher_uses_setpriv_only_if_it_supports_the_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = await Launcher.create()
    assert real.pdeathsig[1:] == ("--pdeathsig", "KILL", "--")
    old = tmp_path / "setpriv"
    old.write_text("#!/bin/sh\necho 'unrecognized option' >&2\nexit 1\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (await Launcher.create()).pdeathsig == ()
    old.unlink()
    assert (await Launcher.create()).pdeathsig == ()


@linux
async def test_a_process_dies_with_a_program_that_is_killed(launcher: Launcher, tmp_path: Path) -> None:
    if not launcher.pdeathsig:
        pytest.skip("setpriv is not installed")
    code = f"""
        import asyncio, sys
        from pathlib import Path
        from ffmate_desktop.media.processes.process import Launcher
        async def main():
            launcher = await Launcher.create()
            process = await launcher.spawn(["sleep", "60"], cwd=Path({str(tmp_path)!r}))
            Path({str(tmp_path / "pid")!r}).write_text(f"{{process.pid}}\\n")
            await process.wait()
        asyncio.run(main())
    """
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], env=environment) as parent:
        child = await read_pid(tmp_path / "pid")
        # only setpriv's last act ties it to us
        await shortly(lambda: psutil.Process(child).name() == "sleep")
        parent.kill()
    await shortly(lambda: not lives(child))
