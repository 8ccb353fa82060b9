"""Real runs of ffmpeg are judged correctly: no bad output passes, and no good one is refused."""

import asyncio
import http.server
import shutil
import sys
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from ffmate_desktop.media import publish
from ffmate_desktop.media.arguments import parse_arguments
from ffmate_desktop.media.diagnosis import RetryAdvice
from ffmate_desktop.media.expectation import inputs_to_probe
from ffmate_desktop.media.output_plan import OutputPlan
from ffmate_desktop.media.outputs import plan_outputs
from ffmate_desktop.media.probe import MediaFacts, ProbeError, Prober
from ffmate_desktop.media.verdict import Verdict, judge
from tests.media import clips

pytestmark = pytest.mark.ffmpeg
FAST = "-c:v libx264 -preset ultrafast"


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The inputs of all tests, in a folder that nothing writes to."""
    folder = tmp_path_factory.mktemp("films")
    film = clips.clip(folder / "film.mp4")
    clips.clip(folder / "quiet.mp4", sound=1)
    clips.clip(folder / "loud.mp4", seconds=1, sound=3)
    long = clips.clip(folder / "long.mp4", "-movflags", "+faststart", seconds=4)
    clips.ffmpeg("-i", film, "-c", "copy", folder / "film.mkv")
    clips.ffmpeg("-i", film, "-c", "copy", folder / "film.ts")
    clips.ffmpeg("-i", folder / "quiet.mp4", "-c", "copy", folder / "quiet.mkv")
    clips.ffmpeg("-i", film, "-an", "-c", "copy", folder / "raw.h264")
    clips.ffmpeg("-i", film, "-vn", folder / "sound.wav")
    clips.ffmpeg("-i", film, "-frames:v", "1", folder / "cover.png")
    cover = ("-map", "0:a", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic")
    clips.ffmpeg("-i", film, "-i", folder / "cover.png", *cover, folder / "song.m4a")
    (folder / "words.srt").write_text("1\n00:00:00,100 --> 00:00:00,900\nHello\n")
    clips.ffmpeg("-i", film, "-i", folder / "words.srt", "-c", "copy", folder / "subtitled.mkv")
    (folder / "list.txt").write_text(f"file '{film.as_posix()}'\nfile '{film.as_posix()}'\n")
    clips.cut_off(long, folder / "cut_fast.mp4", 0.6)
    clips.cut_off(folder / "film.mkv", folder / "cut.mkv", 0.6)
    clips.cut_off(folder / "film.ts", folder / "cut.ts", 0.6)
    damaged = bytearray(long.read_bytes())
    for place in range(len(damaged) // 3, len(damaged) * 2 // 3, 4000):
        damaged[place : place + 64] = b"\x55" * 64
    (folder / "damaged.mp4").write_bytes(damaged)
    return folder


@pytest.fixture
async def prober() -> AsyncIterator[Prober]:
    prober = Prober()
    yield prober
    await prober.close()


async def facts_of(result: OutputPlan, prober: Prober) -> dict[str, MediaFacts]:
    facts = {}
    for name, path in inputs_to_probe([parse_arguments(step) for step in result.steps]).items():
        try:
            facts[name] = await prober.probe(path)
        except ProbeError:
            continue
    return facts


def planned(command: str, films: Path, out: Path) -> OutputPlan:
    steps = [
        [word.replace("IN/", f"{films}/").replace("OUT/", f"{out}/") for word in step.split()]
        for step in command.split("&&")
    ]
    result = plan_outputs(steps, task="0190a1b2-c3d4-7e5f", epoch=1, incarnation=1, main_output="")
    publish.make_folders(result)
    return result


async def judged(
    command: str,
    films: Path,
    out: Path,
    prober: Prober,
    between: Callable[[OutputPlan], object] = lambda _: None,
) -> Verdict:
    """Run a command as a node does and judge it. `between` is called after the run."""
    result = planned(command, films, out)
    facts = await facts_of(result, prober)
    log: list[str] = []
    code = 0
    for step in result.steps:
        if code == 0:
            code, lines = await asyncio.to_thread(clips.run, *step, cwd=out)
            log += lines
    between(result)
    return await judge(code, log, result, facts, prober)


GOOD = [
    f"-i IN/film.mp4 {FAST} OUT/o.mp4",
    f"-i IN/film.mp4 {FAST} -vf scale=80:-2,format=yuv420p -af volume=0.5 -r 30 OUT/o.mkv",
    "-i IN/film.mp4 -c copy OUT/o.ts",
    "-i IN/film.mkv -c copy OUT/o.mp4",
    "-i IN/film.ts -c copy OUT/o.mkv",
    "-i IN/film.mp4 -vn OUT/o.mp3",
    "-i IN/film.mp4 -vn OUT/o.aac",
    "-i IN/film.mp4 -vn OUT/o.flac",
    "-i IN/quiet.mp4 OUT/o.mp3",
    "-i IN/quiet.mkv -vn -c copy OUT/o.m4a",
    "-i IN/quiet.mkv -c copy OUT/o.mp4",
    "-i IN/loud.mp4 -an -c copy OUT/o.mp4",
    f"-ss 1.2 -i IN/film.mp4 {FAST} OUT/o.mp4",
    "-ss 1.2 -i IN/film.mp4 -c copy OUT/o.mp4",
    "-ss 1.2 -i IN/film.mp4 -c copy OUT/o.mkv",
    f"-i IN/film.mp4 -ss 0.5 -to 1 {FAST} OUT/o.mp4",
    f"-i IN/film.mp4 -t 0.3 {FAST} OUT/o.mp4",
    f"-sseof -1 -i IN/film.mp4 {FAST} OUT/o.mp4",
    f"-i IN/film.mp4 -vf setpts=0.25*PTS -af atempo=4 {FAST} OUT/o.mp4",
    f"-i IN/film.mp4 -vf fps=5 {FAST} OUT/o.mp4",
    f"-i IN/film.mp4 -vf select='lt(n,5)' -an {FAST} OUT/o.mp4",
    f"-r 100 -i IN/raw.h264 {FAST} OUT/o.mp4",
    "-i IN/raw.h264 -c copy OUT/o.mp4",
    "-i IN/film.mp4 -an -c copy OUT/o.h264",
    "-i IN/film.mp4 -frames:v 1 OUT/o.jpg",
    "-ss 1 -i IN/film.mp4 -frames:v 1 -update 1 OUT/o.png",
    "-i IN/film.mp4 -vf fps=5,scale=40:-1 OUT/o.gif",
    "-i IN/film.mp4 -vf fps=2 OUT/o_%03d.png",
    f"-framerate 10 -loop 1 -i IN/cover.png -i IN/sound.wav -shortest {FAST} OUT/o.mp4",
    f"-i IN/film.mp4 -i IN/loud.mp4 -map 0:v -map 1:a -shortest {FAST} OUT/o.mp4",
    f"-stream_loop -1 -i IN/film.mp4 -t 3 {FAST} OUT/o.mp4",
    "-f concat -safe 0 -i IN/list.txt -c copy OUT/o.mp4",
    f"-i IN/film.mp4 -i IN/loud.mp4 -filter_complex [0:v][0:a][1:v][1:a]concat=n=2:v=1:a=1 {FAST} OUT/o.mp4",
    f"-i IN/film.mp4 -i IN/cover.png -filter_complex overlay {FAST} OUT/o.mp4",
    "-i IN/song.m4a OUT/o.mp3",
    "-i IN/song.m4a -c copy OUT/o.m4a",
    "-i IN/subtitled.mkv OUT/o.srt",
    "-i IN/subtitled.mkv -map 0:s -c copy OUT/o.mkv",
    "-i IN/film.mp4 -c copy -f hls -hls_time 0.5 -hls_list_size 2 OUT/o.m3u8",
    f"-i IN/film.mp4 {FAST} -g 12 -hls_time 0.5 -hls_segment_filename OUT/s_%02d.ts OUT/o.m3u8",
    "-i IN/film.mp4 -c copy -hls_time 0.5 -hls_base_url https://host.invalid/ OUT/o.m3u8",
    "-i IN/film.mp4 -c copy -f dash OUT/o.mpd",
    "-i IN/film.mp4 -c copy -f segment -segment_time 0.5 -segment_list OUT/all.csv OUT/o_%02d.mkv",
    f"-i IN/film.mp4 {FAST} OUT/o.mp4 -frames:v 1 OUT/o.png -vn OUT/o.ogg",
    f"-i IN/film.mp4 {FAST} -b:v 100k -pass 1 -an -f null - && -i IN/film.mp4 {FAST} -b:v 100k -pass 2 OUT/o.mp4",
    f"-i IN/film.mp4 {FAST} OUT/a.mkv && -i OUT/a.mkv -c copy OUT/o.mp4",
    "-i IN/film.mp4 -c copy OUT/o.mp4 && -i IN/film.mp4 -t 0.5 OUT/o.mp4",
    "-i IN/film.mp4 -f null -",
    "-i IN/film.mp4 -f ffmetadata OUT/o.txt",
    "-i IN/film.mp4 -f framemd5 OUT/o.md5",
    "-i IN/film.mp4 -f rawvideo OUT/o.yuv",
    "-i IN/cut.ts -c copy OUT/o.mkv",
    "-err_detect ignore_err -i IN/cut_fast.mp4 -c copy OUT/o.mp4",
    f"-fflags +discardcorrupt -i IN/cut.mkv {FAST} OUT/o.mp4",
    f"-t 1 -i IN/cut_fast.mp4 {FAST} OUT/o.mp4",
    f"-f lavfi -i testsrc2=s=160x120:d=1 {FAST} OUT/o.mp4",
    f"-i IN/film.mp4 -map 0 -f tee {FAST} -c:a aac -flags +global_header [f=mp4]OUT/o.mp4|[f=matroska]OUT/o.mkv",
]  # fmt: skip

BAD = [
    (f"-i IN/cut_fast.mp4 {FAST} OUT/o.mp4", "The input is damaged or incomplete.", RetryAdvice.NO),
    ("-i IN/cut_fast.mp4 -c copy OUT/o.mkv", "The input is damaged or incomplete.", RetryAdvice.NO),
    ("-i IN/cut_fast.mp4 -vn OUT/o.wav", "The input is damaged or incomplete.", RetryAdvice.NO),
    ("-i IN/cut_fast.mp4 -f null -", "The input is damaged or incomplete.", RetryAdvice.NO),
    (f"-i IN/cut.mkv {FAST} OUT/o.mp4", "The input is damaged or incomplete.", RetryAdvice.NO),
    ("-i IN/cut.mkv -c copy OUT/o.mkv", "The input is damaged or incomplete.", RetryAdvice.NO),
    (f"-i IN/damaged.mp4 {FAST} OUT/o.mp4", "The input is damaged or incomplete.", RetryAdvice.NO),
    (f"-i IN/cut_fast.mp4 {FAST} OUT/a.mkv && -i OUT/a.mkv -c copy OUT/o.mp4",
     "The input is damaged or incomplete.", RetryAdvice.NO),
    (f"-ss 100 -i IN/film.mp4 {FAST} OUT/o.mp4", "Nothing was encoded: “o.mp4” is empty.", RetryAdvice.NO),
    (f"-ss 100 -i IN/film.mp4 {FAST} OUT/o.mkv", "Nothing was encoded: “o.mkv” is empty.", RetryAdvice.NO),
    ("-i IN/film.mp4 -ss 100 -c copy OUT/o.mp4", "Nothing was encoded: “o.mp4” is empty.", RetryAdvice.NO),
    (f"-i IN/film.mp4 -t 0 {FAST} OUT/o.mp4", "Nothing was encoded: “o.mp4” is empty.", RetryAdvice.NO),
    ("-ss 100 -i IN/film.mp4 -frames:v 1 OUT/o.png",
     "ffmpeg ended without an error, but didn't write “o.png”.", RetryAdvice.RETRY),
    ("-ss 100 -i IN/film.mp4 -frames:v 3 OUT/o_%d.png",
     "ffmpeg ended without an error, but didn't write “o_%d.png”.", RetryAdvice.RETRY),
    ("-i IN/none.mp4 OUT/o.mp4", "“none.mp4” doesn't exist on this node.", RetryAdvice.OTHER_NODE),
    ("-i IN/film.mp4 -c:v nosuch OUT/o.mp4", "This node's ffmpeg has no encoder “nosuch”.", RetryAdvice.OTHER_NODE),
]  # fmt: skip


@pytest.mark.parametrize("command", GOOD)
async def test_a_good_run_succeeds(command: str, films: Path, tmp_path: Path, prober: Prober) -> None:
    verdict = await judged(command, films, tmp_path, prober)
    assert verdict.ok, verdict.diagnosis
    assert verdict.diagnosis is None


@pytest.mark.parametrize(("command", "sentence", "retry"), BAD)
async def test_a_bad_run_fails(
    command: str, sentence: str, retry: RetryAdvice, films: Path, tmp_path: Path, prober: Prober
) -> None:
    verdict = await judged(command, films, tmp_path, prober)
    assert not verdict.ok and verdict.diagnosis is not None
    assert (verdict.diagnosis.sentence, verdict.diagnosis.retry) == (sentence, retry)
    assert verdict.diagnosis.hint


async def test_a_playlist_of_a_damaged_input_fails(films: Path, tmp_path: Path, prober: Prober) -> None:
    verdict = await judged("-i IN/cut_fast.mp4 -c copy -f hls OUT/o.m3u8", films, tmp_path, prober)
    assert not verdict.ok and verdict.diagnosis is not None
    assert "damaged" in verdict.diagnosis.sentence  # some damage also stops ffmpeg with a code


async def test_the_outputs_are_described(films: Path, tmp_path: Path, prober: Prober) -> None:
    verdict = await judged(f"-i IN/film.mp4 {FAST} OUT/o.mp4 -vn OUT/o.ogg", films, tmp_path, prober)
    film, sound = verdict.outputs
    assert film.video is not None and film.duration == pytest.approx(2, abs=0.1)
    assert sound.container == "ogg" and sound.video is None


def cut_output(share: float) -> Callable[[OutputPlan], object]:
    """The disk loses the end of the first output."""
    return lambda result: clips.cut_off(result.outputs[0].temporary, result.outputs[0].temporary, share)


@pytest.mark.parametrize(
    ("command", "share", "words"),
    [
        ("-i IN/long.mp4 -an -c copy OUT/o.nut", 0.5, "too short"),
        ("-i IN/long.mp4 -vn OUT/o.wav", 0.5, "too short"),
        ("-i IN/long.mp4 -c copy OUT/o.ts", 0.5, "too short"),
        ("-i IN/long.mp4 -c copy OUT/o.mp4", 0.9, "can't be opened"),
        ("-i IN/long.mp4 -c copy OUT/o.mp4", 0.0, "is empty"),
    ],
)
async def test_a_truncated_output_fails(
    command: str, share: float, words: str, films: Path, tmp_path: Path, prober: Prober
) -> None:
    verdict = await judged(command, films, tmp_path, prober, between=cut_output(share))
    assert not verdict.ok and verdict.diagnosis is not None
    assert words in verdict.diagnosis.sentence, verdict.diagnosis


async def test_an_input_with_a_wrong_header_fails_even_without_a_log_message(
    films: Path, tmp_path: Path, prober: Prober
) -> None:
    result = planned("-i IN/cut_fast.mp4 -c copy OUT/o.mkv", films, tmp_path)
    facts = await facts_of(result, prober)
    code, _ = clips.run(*result.steps[0])
    verdict = await judge(code, [], result, facts, prober)
    assert not verdict.ok and verdict.diagnosis is not None
    assert verdict.diagnosis.sentence.startswith(
        "The input “cut_fast.mp4” is incomplete: it should last 4.0 seconds, but only 2."
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has /dev/full")
async def test_a_full_disk_fails_with_any_exit_code(films: Path, tmp_path: Path, prober: Prober) -> None:
    result = planned("-i IN/film.mp4 -c copy OUT/o.mkv", films, tmp_path)
    facts = await facts_of(result, prober)
    _, lines = clips.run("-i", films / "film.mp4", "-c", "copy", "-f", "matroska", "/dev/full")
    shutil.copy(films / "film.mkv", result.outputs[0].temporary)
    verdict = await judge(0, lines, result, facts, prober)  # ffmpeg 5 ends with 0
    assert not verdict.ok and verdict.diagnosis is not None
    assert (verdict.diagnosis.sentence, verdict.diagnosis.retry) == ("The disk is full.", RetryAdvice.LATER)


@pytest.mark.parametrize(
    "lines",
    [  # what ffmpeg 9 says, with code 0, when SIGTERM comes while an input opens
        ["[error] Error opening input file /a/film.mp4.", "[info] Exiting normally, received signal 15."],
        [],
    ],
)
async def test_a_stop_while_opening_files_fails(
    lines: list[str], films: Path, tmp_path: Path, prober: Prober
) -> None:
    result = planned("-i IN/film.mp4 -c copy OUT/o.mkv", films, tmp_path)
    verdict = await judge(0, lines, result, await facts_of(result, prober), prober)
    assert not verdict.ok and verdict.diagnosis is not None
    assert verdict.diagnosis.retry is RetryAdvice.RETRY


@pytest.mark.parametrize("name", ["long.mp4", "film.ts"])
async def test_an_interrupted_download_fails(name: str, films: Path, tmp_path: Path, prober: Prober) -> None:
    data = (films / name).read_bytes()

    class CutShort(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) * 6 // 10])

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), CutShort) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/{name}"
        verdict = await judged(f"-i {url} -c copy OUT/o.mkv", films, tmp_path, prober)
        server.shutdown()
        thread.join()
    assert not verdict.ok and verdict.diagnosis is not None
    assert verdict.diagnosis.sentence == "The input is damaged or incomplete."


async def test_a_vanished_input_is_a_verdict_and_not_a_crash(
    films: Path, tmp_path: Path, prober: Prober
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    shutil.copy(films / "long.mp4", own)

    def lose(result: OutputPlan) -> None:
        cut_output(0.5)(result)
        (own / "long.mp4").unlink()

    verdict = await judged("-i IN/long.mp4 -c copy OUT/o.ts", own, tmp_path, prober, between=lose)
    assert not verdict.ok and verdict.diagnosis is not None
    assert verdict.diagnosis.sentence == "“long.mp4” doesn't exist."
