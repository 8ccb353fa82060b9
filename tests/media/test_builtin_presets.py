"""Run the built-in presets: the outputs are what their names and descriptions promise."""

import functools
import json
import re
import subprocess
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path, PurePosixPath

import av
import pytest

from ffmate_desktop.domain.grammar import tokenise
from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.domain.wildcards import ClockReading, WildcardValues, expand, expand_steps, wildcards_in
from ffmate_desktop.media.arguments import parse_arguments
from ffmate_desktop.media.command import build
from tests.media.clip_library import ClipLibrary
from tests.media.clip_reader import Media, pictures, read
from tests.media.clips import FFMPEG
from tests.media.clips import run as run_ffmpeg

pytestmark = pytest.mark.ffmpeg

FOLDER = Path(__file__).parents[2] / "resources" / "presets"
SLUGS = sorted(path.stem for path in FOLDER.glob("*.json"))
GROUPS = {"Web", "Archive", "Editing", "Audio", "Social", "Frame rate", "Images"}
CONTAINERS = {  # by the ending of the output: what the demuxer calls the container
    ".mp4": "mov", ".mov": "mov", ".m4a": "mov", ".mkv": "matroska", ".mp3": "mp3", ".flac": "flac", ".wav": "wav",
    ".gif": "gif", ".jpg": "image2",
}  # fmt: skip


@dataclass(frozen=True)
class Promise:
    """What a preset must produce, and suitable clips. No video or audio means that the output must have none."""

    sources: str
    video: str = ""
    pixels: str = ""
    audio: str = ""
    tag: str = ""
    canvas: tuple[int, int] | None = None
    rate: int | None = None


def h264(sources: str, *, canvas: tuple[int, int] | None = None, rate: int | None = None) -> Promise:
    return Promise(sources, "h264", "yuv420p", "aac", "avc1", canvas, rate)


PROMISES = {
    "h-264-web-1080p": h264("film odd interlaced"),
    "h-264-web-720p": h264("film surround"),
    "h-264-high-quality": h264("odd surround"),
    "h-265-web-1080p": Promise("film silent", "hevc", "yuv420p", "aac", "hvc1"),
    "av1-web-1080p": Promise("film odd", "av1", "yuv420p10le", "aac", "av01"),
    "copy-into-mp4": Promise("film silent", "h264", "yuv420p", "aac"),
    "h-265-archive": Promise("film odd", "hevc", "yuv420p10le", "copy"),
    "av1-archive": Promise("surround silent", "av1", "yuv420p10le", "copy"),
    "ffv1-lossless-archive": Promise("phone odd", "ffv1", "yuv420p", "copy"),
    "prores-422-hq": Promise("film odd", "prores", "yuv422p10le", "pcm_s24le", "apch"),
    "prores-422-proxy": Promise("silent interlaced", "prores", "yuv422p10le", "pcm_s16le", "apco"),
    "dnxhr-hq": Promise("wide wide-silent", "dnxhd", "yuv422p", "pcm_s24le", "AVdh"),
    "h-264-editing-proxy": Promise("film phone", "h264", "yuv420p", "pcm_s16le"),
    "mp3-audio": Promise("film voice song surround", audio="mp3"),
    "aac-audio": Promise("voice song surround", audio="aac"),
    "flac-audio": Promise("film voice song", audio="flac"),
    "wav-audio": Promise("film voice song", audio="pcm_s24le"),
    "loudness-16-lufs": Promise("film song surround", "h264", "yuv420p", "aac"),
    "instagram-square": h264("film phone", canvas=(1080, 1080)),
    "instagram-reel": h264("film interlaced", canvas=(1080, 1920)),
    "tiktok": h264("silent phone", canvas=(1080, 1920)),
    "x-twitter": h264("film odd"),
    "youtube-upload": h264("odd interlaced"),
    "24-fps": h264("film phone", rate=24),
    "25-fps": h264("silent phone", rate=25),
    "30-fps": h264("film odd", rate=30),
    "50-fps": h264("film interlaced", rate=50),
    "60-fps": h264("odd phone", rate=60),
    "animated-gif": Promise("odd silent", "gif"),
    "thumbnail": Promise("silent interlaced", "mjpeg"),
}
SHAPES = {  # width and height of each clip as it is shown
    "film": (160, 90), "silent": (160, 90), "surround": (160, 90), "wide": (320, 180), "wide-silent": (320, 180),
    "odd": (161, 91), "phone": (90, 160), "interlaced": (256, 144),
}  # fmt: skip
RUNS = [(slug, source) for slug, promise in PROMISES.items() for source in promise.sources.split()]


def preset(slug: str) -> Preset:
    return Preset.model_validate_json((FOLDER / f"{slug}.json").read_bytes())


def values(source: Path, target: str) -> WildcardValues:
    now = ClockReading.of(datetime(2026, 1, 2, tzinfo=UTC))
    return WildcardValues(
        str(source), target, now, str(uuid.UUID(int=1)), "cli", "linux", "amd64", str(FFMPEG), {}
    )


@functools.cache  # several tests look at one file
def run(slug: str, source: Path) -> Path:
    """Run a preset on a source with the program's own parser, wildcards and command line. Return the output."""
    chosen = preset(slug)
    target = expand(chosen.output_file, values(source, ""))
    (step,) = expand_steps(tokenise(chosen.command), values(source, target))
    done = subprocess.run(build(FFMPEG, step), capture_output=True, timeout=60, check=False)
    log = done.stderr.decode("utf-8", "replace")
    assert done.returncode == 0, log
    assert not re.search(r"\[(error|fatal|panic)\]", log), log
    return Path(target)


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> ClipLibrary:
    return ClipLibrary(tmp_path_factory.mktemp("clips"))


def test_every_preset_has_a_promise_to_check() -> None:
    assert sorted(PROMISES) == SLUGS


@pytest.mark.parametrize("slug", SLUGS)
def test_a_preset_is_complete(slug: str) -> None:
    raw = json.loads((FOLDER / f"{slug}.json").read_text("utf-8"))
    assert list(raw) == [
        "uuid",
        "name",
        "description",
        "group",
        "command",
        "outputFile",
        "priority",
        "labels",
    ]
    chosen = preset(slug)
    assert slug == re.sub(r"[^a-z0-9]+", "-", chosen.name.lower()).strip("-")
    assert chosen.group in GROUPS
    assert re.fullmatch(r"[^.\n]{20,130}\.", chosen.description.replace("H.264", "H264")), (
        "one plain sentence"
    )
    assert (chosen.priority, chosen.labels) == (0, ())


@pytest.mark.parametrize("slug", SLUGS)
def test_a_preset_reads_the_input_and_writes_the_output_and_nothing_else(slug: str) -> None:
    chosen = preset(slug)
    assert wildcards_in(chosen.command) == {"INPUT_FILE", "OUTPUT_FILE"}
    assert wildcards_in(chosen.output_file) == {"INPUT_FILE_DIR", "INPUT_FILE_BASENAME"}
    (step,) = tokenise(chosen.command)
    invocation = parse_arguments(step)
    assert [read.url for read in invocation.inputs] == ["${INPUT_FILE}"]
    assert [written.url for written in invocation.outputs] == ["${OUTPUT_FILE}"]
    assert not invocation.global_options, "how ffmpeg runs is the program's business"


def test_presets_have_names_ids_and_outputs_of_their_own() -> None:
    everything = [preset(slug) for slug in SLUGS]
    for own in ("uuid", "name", "output_file"):
        assert len({getattr(chosen, own) for chosen in everything}) == len(SLUGS), own


@pytest.mark.parametrize("slug", SLUGS)
def test_the_output_is_never_the_input(slug: str) -> None:
    pattern = preset(slug).output_file
    output = PurePosixPath(expand(pattern, values(Path("/films/a.b.mov"), "")))
    assert output.parent == PurePosixPath("/films")
    assert re.fullmatch(r"a\.b_[a-z0-9_]+", output.stem)
    assert output.suffix in CONTAINERS


@pytest.mark.parametrize(("slug", "source"), RUNS)
def test_a_preset_delivers_what_it_promises(slug: str, source: str, clips: ClipLibrary) -> None:
    promise, before = PROMISES[slug], read(clips[source])
    output = run(slug, clips[source])
    after = read(output)
    assert after.container == CONTAINERS[output.suffix]
    check_video(promise, source, after)
    check_audio(promise, before, after)
    if output.suffix != ".jpg":
        assert after.seconds == pytest.approx(before.seconds, abs=0.1)
    if output.suffix in {".mp4", ".m4a"}:
        data = output.read_bytes()
        assert data.index(b"moov") < data.index(b"mdat"), "playing must not wait for the whole file"


def check_video(promise: Promise, source: str, after: Media) -> None:
    if not promise.video or source not in SHAPES:
        assert after.video is None
        return
    assert after.picture.codec.canonical_name == promise.video
    assert not promise.pixels or after.picture.pix_fmt == promise.pixels
    assert not promise.tag or after.picture.codec_tag == promise.tag
    width, height = SHAPES[source]
    if promise.canvas:
        assert after.size == promise.canvas
    elif promise.video != "ffv1":
        assert after.shape == pytest.approx(width / height, rel=0.03)
        assert after.size[0] <= width and after.size[1] <= height, "nothing is made larger"
        assert promise.video in {"gif", "mjpeg"} or not any(side % 2 for side in after.size)
    if promise.rate:
        assert after.video is not None
        assert after.video.average_rate == promise.rate
        assert after.steps <= {1000 // promise.rate, 1000 // promise.rate + 1}


def check_audio(promise: Promise, before: Media, after: Media) -> None:
    if not promise.audio or before.audio is None:
        assert after.audio is None
        return
    expected = before.sound.codec.canonical_name if promise.audio == "copy" else promise.audio
    assert after.sound.codec.canonical_name == expected


def test_unusual_clips_are_as_described(clips: ClipLibrary) -> None:
    assert read(clips["odd"]).size == SHAPES["odd"]


@pytest.mark.parametrize("slug", ["h-264-web-1080p", "h-264-editing-proxy", "x-twitter", "youtube-upload"])
@pytest.mark.parametrize("source", ["odd", "interlaced"])
def test_pixels_are_square_for_players(slug: str, source: str, clips: ClipLibrary) -> None:
    made = read(run(slug, clips[source])).video
    assert made is not None
    assert made.sample_aspect_ratio == 1


@pytest.mark.parametrize(
    ("slug", "source", "size"),
    [
        ("h-264-web-1080p", "landscape-4k", (1920, 1080)),
        ("h-264-web-1080p", "portrait-4k", (1080, 1920)),
        ("h-264-web-720p", "portrait-4k", (720, 1280)),
        ("h-264-editing-proxy", "landscape-4k", (1280, 720)),
        ("animated-gif", "landscape-4k", (480, 270)),
        ("thumbnail", "portrait-4k", (720, 1280)),
    ],
)
def test_large_pictures_are_made_smaller_either_way_up(
    slug: str, source: str, size: tuple[int, int], clips: ClipLibrary
) -> None:
    assert read(run(slug, clips[source])).size == size


@pytest.mark.parametrize(
    ("slug", "source", "layout"),
    [
        ("h-264-web-720p", "surround", "stereo"),
        ("h-264-high-quality", "surround", "5.1"),
        ("aac-audio", "surround", "5.1"),
        ("mp3-audio", "surround", "stereo"),
        ("wav-audio", "voice", "mono"),
        ("loudness-16-lufs", "surround", "5.1"),
        ("h-264-web-1080p", "odd", "stereo"),
    ],
)
def test_channels_are_those_that_players_expect(
    slug: str, source: str, layout: str, clips: ClipLibrary
) -> None:
    assert read(run(slug, clips[source])).sound.layout.name == layout


def test_lossless_means_the_same_pictures_at_the_same_times(clips: ClipLibrary) -> None:
    source = clips["variable"]
    archive = run("ffv1-lossless-archive", source)
    assert pictures(archive) == pictures(source)
    assert read(archive).times == read(source).times


def test_lossless_refuses_what_it_cannot_keep(clips: ClipLibrary) -> None:
    with pytest.raises(AssertionError, match=r"common format|yuvj420p"):
        run("ffv1-lossless-archive", clips["full-range"])


def test_half_pictures_become_smooth_motion_at_50_fps(clips: ClipLibrary) -> None:
    frames = pictures(run("50-fps", clips["interlaced"]))
    changes = [
        sum(abs(a - b) for a, b in zip(*pair, strict=True)) / len(pair[0]) for pair in pairwise(frames)
    ]
    assert min(changes) > 1, "no picture is shown twice"


@pytest.mark.parametrize("slug", ["h-265-archive", "av1-archive", "prores-422-hq"])
def test_the_colours_of_hdr_keep_their_names(slug: str, clips: ClipLibrary) -> None:
    kept = read(run(slug, clips["hdr"])).picture
    assert (kept.color_primaries, kept.color_trc, kept.colorspace) == (9, 16, 9), "BT.2020, PQ"


@pytest.mark.parametrize("slug", ["h-264-web-720p", "prores-422-proxy", "h-265-archive", "mp3-audio"])
def test_the_title_stays(slug: str, clips: ClipLibrary) -> None:
    assert read(run(slug, clips["film"])).metadata["title"] == "Holiday"


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if preset(slug).group == "Social"])
def test_what_is_made_to_be_posted_does_not_tell_where_it_was_recorded(slug: str, clips: ClipLibrary) -> None:
    assert "location" in read(clips["film"]).metadata
    assert not any("location" in key for key in read(run(slug, clips["film"])).metadata)


@pytest.mark.parametrize(("slug", "timecode"), [("prores-422-proxy", "01:00:00:00"), ("24-fps", None)])
def test_the_timecode_stays_unless_it_would_count_other_pictures(
    slug: str, timecode: str | None, clips: ClipLibrary
) -> None:
    video = read(run(slug, clips["film"])).video
    assert video is not None
    assert video.metadata.get("timecode") == timecode


def test_an_editing_proxy_can_be_cut_at_every_picture(clips: ClipLibrary) -> None:
    with av.open(run("h-264-editing-proxy", clips["film"])) as container:
        assert all(packet.is_keyframe for packet in container.demux(video=0) if packet.pts is not None)


def test_quiet_sound_comes_out_at_the_loudness_of_streaming(clips: ClipLibrary) -> None:
    loud = run("loudness-16-lufs", clips["quiet"])
    code, log = run_ffmpeg("-i", loud, "-af", "ebur128", "-f", "null", "-")
    assert code == 0
    measured = [float(found[1]) for line in log if (found := re.search(r"\bI:\s+(-[\d.]+) LUFS", line))]
    assert measured[-1] == pytest.approx(-16, abs=1)
