"""The probe describes the content of files and survives every crash."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import av
import psutil
import pytest

from ffmate_desktop.media.probe import MediaFacts, ProbeError, Prober, kill_child
from ffmate_desktop.media.processes.sandbox import kernel_support
from tests.expected_warnings import ExpectedWarnings
from tests.media import clips

pytestmark = pytest.mark.ffmpeg


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clips.clip(tmp_path_factory.mktemp("film") / "film.mp4", "-movflags", "+faststart")


@pytest.fixture
async def prober() -> AsyncIterator[Prober]:
    prober = Prober()
    yield prober
    await prober.close()


async def test_the_facts_of_a_film(prober: Prober, film: Path) -> None:
    facts = await prober.probe(film)
    assert "mp4" in facts.container
    assert facts.duration == pytest.approx(2.0, abs=0.05)
    assert facts.size == film.stat().st_size
    video, audio = facts.streams
    assert (video.kind, video.codec, video.width, video.height) == ("video", "h264", 160, 120)
    assert (video.frame_rate, video.frames, video.pixel_format) == (25.0, 50, "yuv420p")
    assert (audio.kind, audio.codec, audio.channels, audio.sample_rate) == ("audio", "aac", 1, 44100)
    assert facts.packets is None and facts.packet_seconds is None
    assert MediaFacts.from_json(facts.to_json()) == facts


def test_the_worker_finds_its_package_without_an_installation(film: Path) -> None:
    """As in a checkout started with `python -m ffmate_desktop`."""
    code = (
        "import asyncio, pathlib, sys; from ffmate_desktop.media.probe import Prober; "
        "asyncio.run(Prober().probe(pathlib.Path(sys.argv[1])))"
    )
    installed = Path(av.__file__).parents[1]
    python = getattr(sys, "_base_executable", sys.executable)  # reads no .pth file of this environment
    checkout = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": str(installed)}
    subprocess.run([python, "-c", code, str(film)], cwd=checkout, env=environment, check=True, timeout=60)


async def test_a_codec_has_the_name_of_the_format_not_of_the_decoder(
    prober: Prober, film: Path, tmp_path: Path
) -> None:
    clips.ffmpeg("-i", film, "-vn", "-c:a", "libmp3lame", tmp_path / "sound.mp3")
    assert [stream.codec for stream in (await prober.probe(tmp_path / "sound.mp3")).streams] == ["mp3"]


async def test_counted_packets_correct_a_wrong_header(prober: Prober, film: Path, tmp_path: Path) -> None:
    short = clips.cut_off(film, tmp_path / "short.mp4", 0.6)
    facts = await prober.probe(short, packets=True)
    assert facts.duration == pytest.approx(2.0, abs=0.05)
    assert facts.packet_seconds is not None and 0.5 < facts.packet_seconds < 1.6
    assert facts.packets is not None and facts.packets < 140


async def test_a_cover_picture_is_not_the_film(prober: Prober, film: Path, tmp_path: Path) -> None:
    clips.ffmpeg("-i", film, "-frames:v", "1", tmp_path / "cover.png")
    inputs = ("-i", film, "-i", tmp_path / "cover.png", "-map", "0:a", "-map", "1")
    clips.ffmpeg(*inputs, "-c:v", "copy", "-disposition:v", "attached_pic", tmp_path / "song.m4a")
    facts = await prober.probe(tmp_path / "song.m4a", packets=True)
    assert [(s.kind, s.is_attached_picture, s.is_timed) for s in facts.streams] == [
        ("audio", False, True),
        ("video", True, False),
    ]
    assert facts.video is None
    assert facts.packet_seconds == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("name", ["still.png", "still.jpg"])
async def test_a_picture_has_no_duration(prober: Prober, film: Path, tmp_path: Path, name: str) -> None:
    clips.ffmpeg("-i", film, "-frames:v", "1", tmp_path / name)
    facts = await prober.probe(tmp_path / name)
    assert facts.duration is None and facts.video is not None and facts.video.width == 160


async def test_the_facts_of_audio_only_and_of_a_raw_stream(
    prober: Prober, film: Path, tmp_path: Path
) -> None:
    clips.ffmpeg("-i", film, "-vn", tmp_path / "sound.flac")
    clips.ffmpeg("-i", film, "-an", "-c", "copy", tmp_path / "raw.h264")
    sound = await prober.probe(tmp_path / "sound.flac")
    assert sound.duration == pytest.approx(2.0, abs=0.05) and sound.video is None
    raw = await prober.probe(tmp_path / "raw.h264", packets=True)
    assert raw.duration is None and raw.packets == 50 and raw.packet_seconds is None


async def test_names_may_be_any_bytes(prober: Prober, film: Path, tmp_path: Path) -> None:
    for raw in (b"http:a b%03d\n.mp4", b"-i.mp4", "“日本”.mp4".encode(), b"cl\xe9.mp4"):
        path = tmp_path / os.fsdecode(raw)
        try:
            path.write_bytes(film.read_bytes())
        except OSError:  # macOS and Windows refuse some of these names themselves
            continue
        assert (await prober.probe(path)).duration == pytest.approx(2.0, abs=0.05)


async def test_a_relative_path_means_our_working_directory(
    prober: Prober, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prober.probe(film)  # the worker's own working directory stays what it was
    monkeypatch.chdir(film.parent)
    assert (await prober.probe(Path(film.name))).size == film.stat().st_size


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "“bad.mp4” doesn't exist."),
        (b"", "“bad.mp4” isn't a media file, or it is damaged."),
        (random.Random(1).randbytes(3000), "“bad.mp4” isn't a media file, or it is damaged."),
    ],
    ids=["missing", "empty", "noise"],
)
async def test_an_unreadable_file_gives_one_plain_sentence(
    prober: Prober, tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    if content is not None:
        (tmp_path / "bad.mp4").write_bytes(content)
    with pytest.raises(ProbeError) as caught:
        await prober.probe(tmp_path / "bad.mp4")
    assert str(caught.value) == sentence


async def test_a_folder_is_not_a_film(prober: Prober, tmp_path: Path) -> None:
    with pytest.raises(ProbeError):
        await prober.probe(tmp_path)


async def test_many_tasks_share_one_worker(prober: Prober, film: Path) -> None:
    facts = await asyncio.gather(*(prober.probe(film) for _ in range(50)))
    assert len({fact.size for fact in facts}) == 1
    assert len(prober.pids) == 1


async def test_a_killed_worker_is_replaced(
    prober: Prober, film: Path, expected_warnings: ExpectedWarnings
) -> None:
    expected_warnings.expect("The probe process ended unexpectedly")
    await prober.probe(film)
    (killed,) = prober.pids
    os.kill(killed, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
    assert (await prober.probe(film)).size == film.stat().st_size
    assert killed not in prober.pids


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
async def test_a_file_that_hangs_ends_with_a_sentence(prober: Prober, film: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(ProbeError, match=r"couldn't be read within 0\.2 seconds"):
        await prober.probe(tmp_path / "pipe.mp4", timeout=0.2)
    assert (await prober.probe(film)).size == film.stat().st_size


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
async def test_a_worker_killed_in_a_file_only_fails_that_file(
    prober: Prober, film: Path, tmp_path: Path, expected_warnings: ExpectedWarnings
) -> None:
    expected_warnings.expect("The probe process ended unexpectedly")
    os.mkfifo(tmp_path / "pipe.mp4")
    hanging = asyncio.create_task(prober.probe(tmp_path / "pipe.mp4"))
    waiting = asyncio.create_task(prober.probe(film))
    for _ in range(2):  # it is asked twice, as the first death may have had another cause
        while not prober.pids or not _opens_something(prober.pids[0]):
            await asyncio.sleep(0.01)
        killed = prober.pids[0]
        os.kill(killed, signal.SIGKILL)
        while killed in prober.pids:
            await asyncio.sleep(0.01)
    with pytest.raises(ProbeError, match="crashes the media library"):
        await hanging
    assert (await waiting).size == film.stat().st_size


def _opens_something(pid: int) -> bool:
    """Return whether the worker has finished its imports and waits inside a file."""
    return psutil.Process(pid).num_threads() > 1


async def test_a_cancelled_request_leaves_no_answer_for_the_next(prober: Prober, film: Path) -> None:
    await prober.probe(film)
    for _ in range(5):
        question = asyncio.create_task(prober.probe(film))
        await asyncio.sleep(0)
        question.cancel()
        with pytest.raises(ProbeError, match="doesn't exist"):
            await prober.probe(film.with_name("missing.mp4"))


async def test_the_worker_does_not_get_the_password_of_the_queue(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vulnerability in a decoder must not reveal it."""
    monkeypatch.setenv("FFMATE_DATABASE", "postgresql://ffmate:secret@server/ffmate")
    monkeypatch.setenv("PGPASSWORD", "secret")
    prober = Prober()
    await prober.probe(film)
    (pid,) = prober.pids
    assert "secret" not in " ".join(psutil.Process(pid).environ().values())
    await prober.close()


@pytest.mark.skipif(not kernel_support().landlock, reason="this kernel has no Landlock")
async def test_with_limits_a_list_cannot_read_other_files(film: Path, tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "films").mkdir()
    part = tmp_path / "films" / "part.ts"
    clips.ffmpeg("-i", film, "-c", "copy", part)
    playlist = tmp_path / "lists" / "list.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{part}\n#EXT-X-ENDLIST\n")
    prober = Prober()
    for folders, isolated, seen in (
        ((playlist.parent,), True, False),
        ((playlist.parent, part.parent), True, True),
        (None, True, True),
        (None, False, True),
    ):
        confined = prober.within(folders, isolated=isolated)
        assert (await confined.probe(part)).streams, "the file itself is allowed by the caller"
        try:
            assert bool((await confined.probe(playlist)).streams) is seen
        except ProbeError:
            assert not seen
    await prober.close()


async def test_close_ends_the_processes(film: Path) -> None:
    prober = Prober()
    await prober.probe(film)
    await prober.probe(film, packets=True)
    pids = prober.pids
    assert len(pids) == 2
    await prober.close()
    assert not any(psutil.pid_exists(pid) for pid in pids)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGSTOP")
async def test_close_ends_even_a_frozen_process(film: Path) -> None:
    prober = Prober()
    await prober.probe(film)
    (frozen,) = prober.pids
    os.kill(frozen, signal.SIGSTOP)
    await prober.close()
    assert not psutil.pid_exists(frozen)


@pytest.fixture
async def kernel_tells() -> AsyncIterator[None]:
    """asyncio is notified of ended children by the kernel, as it is since Python 3.12."""
    if sys.platform == "linux" and sys.version_info < (3, 12):
        watcher = asyncio.PidfdChildWatcher()
        watcher.attach_loop(asyncio.get_running_loop())
        before = asyncio.get_child_watcher()
        asyncio.set_child_watcher(watcher)
        yield
        watcher.close()
        asyncio.set_child_watcher(before)
    else:
        yield


@pytest.mark.skipif(
    sys.platform != "linux", reason="only on Linux does asyncio wait for children without threads"
)
@pytest.mark.usefixtures("kernel_tells")
async def test_killing_an_ended_process_does_not_consume_its_exit_code() -> None:
    process = await asyncio.create_subprocess_exec("sh", "-c", "read word; exit 3", stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(b"now\n")  # at once, not when the loop has time
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.001)
    kill_child(process.pid)
    assert await process.wait() == 3


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_the_worker_dies_with_its_parent_even_inside_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    worker = subprocess.Popen(
        [sys.executable, "-m", "ffmate_desktop.media.probe_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert worker.stdin is not None and worker.stdout is not None
    worker.stdin.write(f'{{"path": "{tmp_path / "none"}", "packets": false}}\n'.encode())
    worker.stdin.flush()
    assert b"doesn't exist" in worker.stdout.readline()
    worker.stdin.write(f'{{"path": "{tmp_path / "pipe.mp4"}", "packets": false}}\n'.encode())
    worker.stdin.close()
    assert worker.wait(timeout=20) == 0
    worker.stdout.close()
