"""Run ffmpeg's steps with the real program: stopped, paused, stalled and orphaned."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import imageio_ffmpeg
import psutil
import pytest

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.media.command import build
from ffmate_desktop.media.ffmpeg import FFmpegResult, FFmpegRun, StopReason
from ffmate_desktop.media.log_capture import LogCapture
from ffmate_desktop.media.processes.process import Launcher
from ffmate_desktop.media.progress import Progress, ProgressMeter
from ffmate_desktop.media.read_position import input_sizes, read_position
from tests.media.processes.family import lives, shortly

FFMPEG = Path(imageio_ffmpeg.get_ffmpeg_exe())
CLIP = "-f lavfi -i testsrc2=size=160x120:rate=25:duration=2"
ENDLESS = "-re -f lavfi -i testsrc2=size=160x120:rate=25 -c:v mpeg4"

pytestmark = pytest.mark.ffmpeg
posix = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no POSIX signals, named pipes or shells"
)
linux = pytest.mark.skipif(
    sys.platform != "linux", reason="needs Linux's parent death signal and file positions"
)


class Bench:
    """Creates runs in one folder and collects what they report."""

    def __init__(self, launcher: Launcher, folder: Path) -> None:
        self.launcher = launcher
        self.folder = folder
        self.log = LogCapture()
        self.progress: list[Progress] = []

    def run(
        self,
        *steps: str,
        seconds: float | None = None,
        stall: float = 60.0,
        program: Path = FFMPEG,
        log: LogCapture | None = None,
        level: str = "level+info",
    ) -> FFmpegRun:
        argvs = [build(program, step.split()) for step in steps]
        return FFmpegRun(
            [[level if word == "level+info" else word for word in argv] for argv in argvs],
            launcher=self.launcher,
            workdir=self.folder,
            log=log or self.log,
            meter=ProgressMeter(seconds, steps=len(steps)),
            on_progress=self.progress.append,
            stall_seconds=stall,
        )

    def script(self, text: str) -> Path:
        """Write a program to use instead of ffmpeg, for behavior that the real one rarely shows."""
        path = self.folder / "ffmpeg"
        body = self.folder / "ffmpeg.py"
        body.write_text(textwrap.dedent(text))
        # A "#!" line cannot name a program with a blank in its path.
        path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "{body}" "$@"\n')
        path.chmod(0o755)
        return path

    def processes(self) -> list[psutil.Process]:
        """Return the processes that run in the folder."""
        found = []
        for process in psutil.Process().children(recursive=True):
            try:
                if Path(process.cwd()) == self.folder and lives(process.pid):
                    found.append(process)
            except (psutil.NoSuchProcess, OSError):
                continue
        return found


@pytest.fixture
def bench(launcher: Launcher, tmp_path: Path) -> Bench:
    return Bench(launcher, tmp_path)


async def test_a_run_that_succeeds(bench: Bench) -> None:
    run = bench.run(f"{CLIP} -c:v libx264 -preset ultrafast out.mp4", seconds=2.0)
    assert await run.run() == FFmpegResult(code=0, step=0)
    assert (bench.folder / "out.mp4").stat().st_size > 0
    last = bench.progress[-1]
    assert (last.percent, last.frame) == (99.9, 50)
    assert bench.log.lines()[0].startswith("$ ")
    assert bench.log.lines()[0].endswith("libx264 -preset ultrafast out.mp4")
    assert any(line.startswith("[info]") for line in bench.log.lines())


async def test_audio_alone_has_progress(bench: Bench) -> None:
    run = bench.run("-f lavfi -i sine=duration=4 -c:a flac out.flac", seconds=8.0)
    assert (await run.run()).code == 0
    assert bench.progress[-1].percent == pytest.approx(50, abs=1)


async def test_the_first_failure_ends_the_run_and_its_reason_is_in_the_log(bench: Bench) -> None:
    run = bench.run("-i missing.mp4 -c copy one.mp4", f"{CLIP} two.mp4")
    finished = await run.run()
    assert (finished.code != 0, finished.step, finished.stop) == (True, 0, None)
    assert any("No such file" in line for line in bench.log.lines())
    assert not (bench.folder / "two.mp4").exists()


async def test_two_passes_share_one_folder_and_one_range(bench: Bench) -> None:
    encode = f"{CLIP} -c:v libx264 -preset ultrafast -b:v 100k -pass"
    run = bench.run(f"{encode} 1 -f null -", f"{encode} 2 out.mp4", seconds=2.0)
    assert await run.run() == FFmpegResult(code=0, step=1)
    assert (bench.folder / "out.mp4").stat().st_size > 0
    percents = [progress.percent for progress in bench.progress if progress.percent is not None]
    assert percents == sorted(percents)
    assert {50.0, 99.9} <= set(percents)
    assert [line.partition(" ")[0] for line in bench.log.lines()].count("$") == 2


async def test_a_missing_ffmpeg_is_reported(bench: Bench) -> None:
    with pytest.raises(UserError, match="Can't start"):
        await bench.run(f"{CLIP} out.mp4", program=bench.folder / "gone").run()


async def test_a_run_needs_steps_and_a_meter_for_each(bench: Bench) -> None:
    with pytest.raises(ValueError, match="1 steps to run, 2 to measure"):
        FFmpegRun(
            [["ffmpeg"]],
            launcher=bench.launcher,
            workdir=bench.folder,
            log=bench.log,
            meter=ProgressMeter(steps=2),
            on_progress=bench.progress.append,
            stall_seconds=1.0,
        )


async def test_cancel_kills_an_encode_and_starts_no_other_step(bench: Bench) -> None:
    run = bench.run(f"{ENDLESS} one.mkv", f"{CLIP} two.mkv")
    running = asyncio.create_task(run.run())
    await shortly(lambda: bench.progress)
    (process,) = bench.processes()
    await run.cancel()
    assert not lives(process.pid)
    finished = await running
    assert (finished.step, finished.stop) == (0, StopReason.CANCELLED)
    assert not (bench.folder / "two.mkv").exists()


@posix
async def test_cancel_kills_a_tree_that_ignores_signals(bench: Bench) -> None:
    program = bench.script("""
        import os, signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for apart in (True, False):
            subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"], start_new_session=apart)
        open("ready", "w").close()
        time.sleep(60)
    """)
    run = bench.run(f"{CLIP} out.mp4", program=program)
    running = asyncio.create_task(run.run())
    await shortly((bench.folder / "ready").exists)
    family = bench.processes()
    assert len(family) == 3
    async with asyncio.timeout(2):  # promised to users
        await run.cancel()
    assert [process.pid for process in family if lives(process.pid)] == []
    assert (await running).stop is StopReason.CANCELLED


async def test_a_run_cancelled_before_its_start_starts_nothing(bench: Bench) -> None:
    run = bench.run(f"{CLIP} out.mp4")
    await run.cancel()
    assert await run.run() == FFmpegResult(code=-signal.SIGTERM, step=0, stop=StopReason.CANCELLED)
    assert list(bench.folder.iterdir()) == []


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8, 20])
async def test_cancel_while_a_step_starts(bench: Bench, turns: int) -> None:
    run = bench.run(f"{ENDLESS} out.mkv")
    running = asyncio.create_task(run.run())
    for _ in range(turns):
        await asyncio.sleep(0)
    await run.cancel()
    async with asyncio.timeout(30):
        assert (await running).stop is StopReason.CANCELLED
    assert bench.processes() == []


@pytest.mark.parametrize("cancel", [True, False])
async def test_pausing_between_two_steps(bench: Bench, cancel: bool) -> None:
    def pause_at_its_end(lines: list[str]) -> None:
        if "half a line" in lines:  # it is told when the process has ended
            run.pause()

    program = bench.script("""
        import sys
        open(sys.argv[-1], "w").close()
        sys.stderr.write("half a line")
    """)
    log = LogCapture(on_lines=pause_at_its_end)
    run = bench.run(f"{CLIP} one.mkv", f"{CLIP} two.mkv", program=program, log=log)
    running = asyncio.create_task(run.run())
    await shortly(lambda: log.lines()[-1:] == ["half a line"])
    await asyncio.sleep(0.1)
    assert not (bench.folder / "two.mkv").exists()
    if cancel:
        await run.cancel()
    else:
        run.resume()
    stop = StopReason.CANCELLED if cancel else None
    # The second step ends with a pause as well, but nothing is left to be held up.
    assert await running == FFmpegResult(code=0, step=1, stop=stop)
    assert (bench.folder / "two.mkv").exists() is not cancel


async def test_abandoning_the_run_leaves_no_process(bench: Bench) -> None:
    run = bench.run(f"{ENDLESS} out.mkv")
    running = asyncio.create_task(run.run())
    await shortly(lambda: bench.progress)
    (process,) = bench.processes()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not lives(process.pid)


async def test_a_failing_observer_leaves_no_process(bench: Bench) -> None:
    def fail(lines: list[str]) -> None:
        if not lines[0].startswith("$"):
            raise RuntimeError("observer")

    run = bench.run(f"{ENDLESS} out.mkv", log=LogCapture(on_lines=fail))
    with pytest.raises(RuntimeError, match="observer"):
        await run.run()
    assert bench.processes() == []


async def test_a_paused_step_does_not_count_as_stalled_and_continues(bench: Bench) -> None:
    program = bench.script("""
        import os, time
        frame = 0
        while not os.path.exists("enough"):
            frame += 1
            print(f"frame={frame}\\nprogress=continue", flush=True)
            time.sleep(0.02)
    """)
    run = bench.run(f"{CLIP} out.mkv", program=program, stall=1.0)
    running = asyncio.create_task(run.run())
    await shortly(lambda: bench.progress)
    run.pause()
    (process,) = bench.processes()
    await shortly(lambda: process.status() == psutil.STATUS_STOPPED)
    await asyncio.sleep(0.05)  # what was in the pipe
    seen = len(bench.progress)
    await asyncio.sleep(1.5)
    assert len(bench.progress) == seen
    run.resume()
    await shortly(lambda: len(bench.progress) > seen)
    (bench.folder / "enough").touch()
    assert await running == FFmpegResult(code=0, step=0)


async def test_a_run_paused_before_its_start_starts_on_resume(bench: Bench) -> None:
    run = bench.run(f"{CLIP} out.mkv")
    run.pause()
    running = asyncio.create_task(run.run())
    await asyncio.sleep(0.1)
    assert list(bench.folder.iterdir()) == []
    run.resume()
    assert (await running).code == 0


async def test_pausing_while_a_step_starts(bench: Bench) -> None:
    run = bench.run(f"{CLIP} out.mkv")
    running = asyncio.create_task(run.run())
    await asyncio.sleep(0)
    run.pause()
    await shortly(lambda: any(p.status() == psutil.STATUS_STOPPED for p in bench.processes()))
    assert not running.done()
    run.resume()
    assert (await running).code == 0


@posix
async def test_a_paused_encode_can_be_cancelled(bench: Bench) -> None:
    run = bench.run(f"{ENDLESS} out.mkv")
    running = asyncio.create_task(run.run())
    await shortly(lambda: bench.progress)
    run.pause()
    await run.cancel()
    assert (await running).stop is StopReason.CANCELLED
    assert bench.processes() == []


@posix
async def test_a_stalled_ffmpeg_is_stopped(bench: Bench) -> None:
    subprocess.run(["mkfifo", bench.folder / "fifo.mkv"], check=True)
    run = bench.run("-i fifo.mkv -c copy out.mkv", stall=0.3)
    async with asyncio.timeout(30):
        assert (await run.run()).stop is StopReason.STALLED
    assert any("no progress" in line for line in bench.log.lines())
    assert bench.processes() == []


@linux
async def test_a_changed_file_position_counts_as_activity(bench: Bench) -> None:
    program = bench.script("""
        import time
        with open("file", "wb", buffering=0) as file:
            for n in range(60):
                file.write(b"x")
                time.sleep(0.02)
    """)
    run = bench.run(f"{CLIP} out.mp4", program=program, stall=0.6)
    assert await run.run() == FFmpegResult(code=0, step=0)


async def test_unchanged_progress_reports_do_not_count_as_activity(bench: Bench) -> None:
    program = bench.script("""
        import time
        while True:
            print("frame=1\\nout_time_us=40000\\nspeed=1x\\nprogress=continue", flush=True)
            time.sleep(0.02)
    """)
    run = bench.run(f"{CLIP} out.mp4", program=program, stall=0.4)
    async with asyncio.timeout(30):
        assert (await run.run()).stop is StopReason.STALLED
    assert bench.progress[-1].frame == 1


async def test_a_huge_line_and_many_lines_do_not_block_ffmpeg(bench: Bench, tmp_path: Path) -> None:
    program = bench.script("""
        import sys
        sys.stderr.write("[error] " + "x" * 300_000 + "\\n")
        sys.stderr.write("noise\\n" * 50_000)
        sys.stdout.write("frame=7\\nprogress=end\\n" * 20_000)
        sys.stderr.write("[fatal] the end")
        sys.exit(9)
    """)
    log = LogCapture(tmp_path / "log")
    assert await bench.run(f"{CLIP} out.mp4", program=program, log=log).run() == FFmpegResult(code=9, step=0)
    await log.close()
    assert bench.progress[-1].frame == 7
    assert log.lines()[1].startswith("[error] xxx")
    assert log.lines()[-1] == "[fatal] the end"
    assert (tmp_path / "log").read_text().count("noise") == 50_000


async def test_a_trace_log_is_complete_on_disk_and_short_in_memory(bench: Bench, tmp_path: Path) -> None:
    log = LogCapture(tmp_path / "log")
    assert (await bench.run(f"{CLIP} -c:v libx264 -preset ultrafast clip.mp4").run()).code == 0
    run = bench.run("-i clip.mp4 -f null -", log=log, level="level+trace")
    assert (await run.run()).code == 0
    await log.close()
    lines = (tmp_path / "log").read_text().splitlines()
    assert log.left_out == len(lines) - 264 > 0
    assert log.lines() == [*lines[:64], *lines[-200:]]


@linux
async def test_unknown_duration_is_measured_by_the_read_position(bench: Bench) -> None:
    source = "-f lavfi -i testsrc2=size=160x120:rate=25:duration=8"
    assert (await bench.run(f"{source} -c:v rawvideo raw.nut").run()).code == 0
    bench.progress.clear()
    assert (await bench.run("-re -i raw.nut -t 2 -c:v mpeg4 out.mkv").run()).code == 0
    percents = [progress.percent for progress in bench.progress if progress.percent is not None]
    assert percents == sorted(percents)
    assert 0 < percents[0] < percents[-1] < 60, "two of eight seconds, and what is read ahead"


@linux
def test_the_read_position_of_a_process(tmp_path: Path) -> None:
    (tmp_path / "input").write_bytes(bytes(1000))
    (tmp_path / "link").symlink_to(tmp_path / "input")
    sizes = input_sizes(["file:link", "missing", str(tmp_path), "rtmp://host/\0", "%03d.png"], tmp_path)
    assert sizes == {str((tmp_path / "input").resolve()): 1000}
    assert read_position(os.getpid(), sizes) is not None
    with (tmp_path / "link").open("rb") as file:
        file.seek(250)
        position = read_position(os.getpid(), sizes)
        assert position is not None
        assert position.fraction == 0.25
        file.seek(5000)
        position = read_position(os.getpid(), sizes)
        assert position is not None
        assert position.fraction == 1.0
    after = read_position(os.getpid(), sizes)
    assert after is not None
    assert after.fraction is None
    assert read_position(2**22 + 1, sizes) is None


@linux
async def test_no_ffmpeg_survives_a_program_that_is_killed(launcher: Launcher, tmp_path: Path) -> None:
    if not launcher.pdeathsig:
        pytest.skip("setpriv is not installed")
    code = f"""
        import asyncio
        from pathlib import Path
        from ffmate_desktop.media.command import build
        from ffmate_desktop.media.ffmpeg import FFmpegRun
        from ffmate_desktop.media.log_capture import LogCapture
        from ffmate_desktop.media.processes.process import Launcher
        from ffmate_desktop.media.progress import ProgressMeter
        async def main():
            run = FFmpegRun([build(Path({str(FFMPEG)!r}), {ENDLESS.split()} + ["out.mkv"])],
                launcher=await Launcher.create(), workdir=Path({str(tmp_path)!r}), log=LogCapture(),
                meter=ProgressMeter(),
                on_progress=lambda progress: print("working", flush=True), stall_seconds=60.0)
            await run.run()
        asyncio.run(main())
    """
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert await asyncio.to_thread(parent.stdout.readline) == b"working\n"
        children = psutil.Process(parent.pid).children(recursive=True)
        assert FFMPEG in [Path(child.exe()) for child in children]  # beside the guardian
        parent.kill()
    await shortly(lambda: not any(lives(child.pid) for child in children))
