"""A truncated input fails the task if its header shows it, and no healthy file is reported as damaged."""

import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from ffmate_desktop.media.probe import Prober
from ffmate_desktop.media.promised_size import promised_size
from ffmate_desktop.media.verdict import Verdict
from tests.media import clips
from tests.media.test_verdict import judged

pytestmark = pytest.mark.ffmpeg

# Name, and how it is made from a film with sound; the container in ffmpeg's words.
KINDS = {
    "film.flv": ("flv", "-c", "copy"),
    "film.mkv": ("matroska,webm", "-c", "copy"),
    "film.avi": ("avi", "-c:v", "mjpeg", "-c:a", "pcm_s16le"),
    "film.wmv": ("asf", "-c:v", "wmv2", "-c:a", "wmav2"),
    "film.mxf": ("mxf", "-c:v", "mpeg2video", "-c:a", "pcm_s16le", "-ar", "48000"),
    "tone.mp3": ("mp3", "-vn"),
    "tone.au": ("au", "-vn"),
    "tone.wav": ("wav", "-vn"),
    "tone.rf64.wav": ("wav", "-vn", "-rf64", "always"),
    "tone.w64": ("w64", "-vn"),
    "tone.caf": ("caf", "-vn"),
    "tone.aiff": ("aiff", "-vn"),
}
# These promise no size.
MORE = ("tone.flac", "tone.ogg", "tone.wv")


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("incomplete")
    film = clips.clip(folder / "film.mp4", seconds=4)
    for name, (_, *options) in KINDS.items():
        clips.ffmpeg("-i", film, *options, folder / name)
    for name in MORE:
        clips.ffmpeg("-i", film, "-vn", folder / name)
    return folder


@pytest.fixture
async def prober() -> AsyncIterator[Prober]:
    prober = Prober()
    yield prober
    await prober.close()


def without_middle(data: bytes) -> bytes:
    return data[: len(data) * 40 // 100] + data[len(data) * 55 // 100 :]


LOSSES: dict[str, Callable[[bytes], bytes]] = {
    "end": lambda data: data[: len(data) * 45 // 100],
    "last tenth": lambda data: data[: len(data) * 90 // 100],
    "middle": without_middle,
}


@pytest.mark.parametrize("name", KINDS)
def test_a_complete_file_has_its_promised_size(name: str, films: Path) -> None:
    promised = promised_size(str(films / name), KINDS[name][0])
    size = (films / name).stat().st_size
    assert promised is not None and 0.9 * size < promised <= size


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("loss", LOSSES)
async def test_a_truncated_input_fails_the_task(
    name: str, loss: str, films: Path, tmp_path: Path, prober: Prober
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / name).write_bytes(LOSSES[loss]((films / name).read_bytes()))
    # A filter that changes the speed leaves no duration to compare.
    verdict = await judged(f"-i IN/{name} -vn -af atempo=1.5 OUT/o.wav", own, tmp_path, prober)
    assert not verdict.ok and verdict.diagnosis is not None
    assert "incomplete" in verdict.diagnosis.sentence or "damaged" in verdict.diagnosis.sentence


@pytest.mark.parametrize("name", MORE)
async def test_a_tag_after_the_media_does_not_hide_a_loss(
    name: str, films: Path, tmp_path: Path, prober: Prober
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / name).write_bytes(without_middle((films / name).read_bytes()) + b"TAG" + bytes(125))
    verdict = await judged(f"-i IN/{name} OUT/o.wav", own, tmp_path, prober)
    assert not verdict.ok


def zeros_at_the_end(data: bytes) -> bytes:
    kept = len(data) * 45 // 100
    return data[:kept] + bytes(len(data) - kept)


def zeros_within(data: bytes) -> bytes:
    return data[: len(data) * 40 // 100] + bytes(len(data) * 15 // 100) + data[len(data) * 55 // 100 :]


UNFILLED = [
    ("film.mkv", zeros_within), ("film.mkv", zeros_at_the_end), ("tone.mp3", zeros_at_the_end),
    ("film.avi", zeros_at_the_end), ("film.flv", zeros_at_the_end),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change"), UNFILLED)
async def test_a_preallocated_copy_fails_the_task(
    name: str, change: Callable[[bytes], bytes], films: Path, tmp_path: Path, prober: Prober
) -> None:
    """Some programs allocate the whole file first. Nothing is decoded, so no decoder reports an error."""
    own = tmp_path / "own"
    own.mkdir()
    (own / name).write_bytes(change((films / name).read_bytes()))
    verdict = await judge_one(own / name, tmp_path, prober)
    assert not verdict.ok and verdict.diagnosis is not None
    assert "incomplete" in verdict.diagnosis.sentence or "damaged" in verdict.diagnosis.sentence


async def judge_one(path: Path, tmp_path: Path, prober: Prober, command: str = "") -> Verdict:
    """Judge a remux of one file, or another command with IN/X in its place."""
    command = (command or "-i IN/X -c copy OUT/o.mkv").replace("X", path.name)
    return await judged(command, path.parent, tmp_path, prober)


READS_A_PART = [
    "-t 1 -i IN/X -c copy OUT/o.mkv",
    "-i IN/X -t 1 -c copy OUT/o.mkv",
    "-i IN/X -frames:v 1 OUT/o.png",
    "-i IN/X -vf trim=end=1 -an -c:v mpeg4 OUT/o.mkv",
    "-i IN/film.mp4 -i IN/X -map 0 -c copy OUT/o.mkv",
    "-err_detect ignore_err -i IN/X -c copy OUT/o.mkv",
]


@pytest.mark.parametrize("command", READS_A_PART)
async def test_data_that_the_command_does_not_read_may_be_missing(
    command: str, films: Path, tmp_path: Path, prober: Prober
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "film.mp4").write_bytes((films / "film.mp4").read_bytes())
    cut = clips.cut_off(films / "film.flv", own / "cut.flv", 0.6)
    verdict = await judge_one(cut, tmp_path, prober, command)
    assert verdict.ok, verdict.diagnosis


def flv_from_the_middle(data: bytes) -> bytes:
    """What a server sends from a seek point: the header of the whole file, and the tags from two seconds on."""
    position, kept, configured = 13, data[:13], set()
    while position < len(data):
        kind, size = data[position], int.from_bytes(data[position + 1 : position + 4], "big")
        time = int.from_bytes(data[position + 4 : position + 7], "big")
        tag = data[position : position + 15 + size]
        if kind == 18 or time >= 2000 or kind not in configured:
            kept += tag
        configured.add(kind)
        position += len(tag)
    return kept


def stripped_of_a_tag(data: bytes) -> bytes:
    """The encoder counted a tag that was removed later."""
    at = data.index(b"Info") + 12
    counted = int.from_bytes(data[at : at + 4], "big") + 5000
    return data[:at] + counted.to_bytes(4, "big") + data[at + 4 :]


ODD: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "padded.mkv": ("film.mkv", lambda data: data + bytes(65536)),
    "padded.avi": ("film.avi", lambda data: data + bytes(65536)),
    "padded.wav": ("tone.wav", lambda data: data + bytes(65536)),
    "padded.caf": ("tone.caf", lambda data: data + bytes(65536)),
    "padded.w64": ("tone.w64", lambda data: data + bytes(65536)),
    "tagged.mp3": ("tone.mp3", lambda data: data + b"TAG" + bytes(125)),
    "tagged.flac": ("tone.flac", lambda data: data + b"TAG" + bytes(125)),
    "tagged.wv": ("tone.wv", lambda data: data + b"TAG" + bytes(125)),
    "twice.mp3": ("tone.mp3", lambda data: data + data),
    "stripped.mp3": ("tone.mp3", stripped_of_a_tag),
    "middle.flv": ("film.flv", flv_from_the_middle),
    "odd.wav": ("tone.wav", lambda data: data[:-1]),
}


@pytest.mark.parametrize("name", ODD)
async def test_an_unusual_but_healthy_file_succeeds(
    name: str, films: Path, tmp_path: Path, prober: Prober
) -> None:
    source, change = ODD[name]
    own = tmp_path / "own"
    own.mkdir()
    (own / name).write_bytes(change((films / source).read_bytes()))
    decodes = "-i IN/X OUT/o.wav" if name.endswith((".flac", ".wv")) else ""
    verdict = await judge_one(own / name, tmp_path, prober, decodes)
    assert verdict.ok, verdict.diagnosis


MADE = {
    "late.mkv": ("film.mkv", "-c", "copy", "-output_ts_offset", "300"),
    "late.flv": ("film.flv", "-c", "copy", "-output_ts_offset", "300"),
    "seek.mp4": ("-ss", "1.3", "film.mkv", "-c", "copy"),
    "live.mkv": ("film.mkv", "-c", "copy", "-live", "1"),
    "constant.mp3": ("tone.wav", "-write_xing", "0"),
    "words.mkv": ("film.mkv", "words.srt", "-c", "copy"),
    "short sound.avi": ("film.avi", "-t", "1", "tone.wav", "-map", "0:v", "-map", "1:a", "-c", "copy"),
    "short picture.avi": ("-t", "1", "film.avi", "tone.wav", "-map", "0:v", "-map", "1:a", "-c", "copy"),
}


@pytest.mark.parametrize("name", MADE)
async def test_a_file_with_unusual_timestamps_succeeds(
    name: str, films: Path, tmp_path: Path, prober: Prober
) -> None:
    (tmp_path / "words.srt").write_text("1\n00:00:00,100 --> 00:01:00,000\nHello\n")
    made = tmp_path / name.replace(" ", "_")
    words: list[str | Path] = []
    for word in MADE[name]:
        path = films / word if (films / word).is_file() else tmp_path / word
        words += ["-i", path] if path.is_file() else [word]
    clips.ffmpeg(*words, made)
    verdict = await judge_one(made, tmp_path, prober)
    assert verdict.ok, verdict.diagnosis


PIPED = {
    "piped.avi": ("film.avi", "-c", "copy", "-f", "avi"),
    "piped.mkv": ("film.mkv", "-c", "copy", "-f", "matroska"),
    "piped.flv": ("film.flv", "-c", "copy", "-f", "flv"),
    "piped.wav": ("tone.wav", "-c", "copy", "-f", "wav"),
    "piped.au": ("tone.wav", "-f", "au"),
    "piped.caf": ("tone.wav", "-f", "caf"),
    "piped.mp3": ("tone.wav", "-f", "mp3"),
}


@pytest.mark.parametrize("name", PIPED)
async def test_an_incomplete_header_has_no_promised_size(
    name: str, films: Path, tmp_path: Path, prober: Prober
) -> None:
    source, *options = PIPED[name]
    made = tmp_path / name
    with made.open("wb") as file:
        argv = [str(clips.FFMPEG), "-v", "error", "-i", str(films / source), *options, "pipe:1"]
        subprocess.run(argv, check=True, stdout=file, stdin=subprocess.DEVNULL)
    verdict = await judge_one(made, tmp_path, prober)
    assert verdict.ok, verdict.diagnosis
