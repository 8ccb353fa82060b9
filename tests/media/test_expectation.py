"""The expected duration follows what a command does to time, and is unknown where it can't be certain."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffmate_desktop.media.arguments import parse_arguments
from ffmate_desktop.media.expectation import (
    Expectation,
    expect,
    expect_output,
    inputs_to_probe,
    measured,
)
from ffmate_desktop.media.probe import MediaFacts, StreamFacts

MP4 = "mov,mp4,m4a,3gp,3g2,mj2"


def film(seconds: float, sound: float | None = None, container: str = MP4) -> MediaFacts:
    streams = (
        StreamFacts("video", "h264", duration=seconds, frame_rate=25.0),
        StreamFacts("audio", "aac", duration=seconds if sound is None else sound),
    )
    return MediaFacts(container, 1000, max(seconds, sound or 0.0), streams=streams)


FACTS = {
    "a.mp4": film(10),
    "b.mp4": film(4),
    "quiet.mp4": film(10, sound=6),
    "loud.mp4": film(6, sound=10),
    "a.ts": film(10, container="mpegts"),
    "old.mkv": MediaFacts(
        "matroska,webm", 1000, 10.0, streams=(StreamFacts("video", "vp8"), StreamFacts("audio", "opus"))
    ),
    "song.m4a": MediaFacts(
        MP4,
        1000,
        5.0,
        streams=(
            StreamFacts("audio", "aac", duration=5.0),
            StreamFacts("video", "png", duration=5.0, is_attached_picture=True),
        ),
    ),
    "logo.png": MediaFacts("png_pipe", 100, None, streams=(StreamFacts("video", "png"),)),
    "raw.h264": MediaFacts("h264", 100, None, streams=(StreamFacts("video", "h264"),)),
}


def expected(command: str) -> Expectation:
    return expect(parse_arguments(command.split()), FACTS)


@pytest.mark.parametrize(
    ("command", "seconds", "exact"),
    [
        ("-i a.mp4 -c copy o.mkv", 10, True),
        ("-i a.mp4 -vf scale=1280:-2,format=yuv420p -af loudnorm -r 30 o.mkv", 10, True),
        ("-i a.mp4 -vf fps=12 o.gif", 10, True),
        ("-i a.mp4 -i b.mp4 -map 0:v -map 1:a o.mp4", 10, True),
        ("-i a.mp4 -i b.mp4 -map 1:v:0 -map 1:1 o.mp4", 4, True),
        ("-i quiet.mp4 -vn o.m4a", 6, True),
        ("-i quiet.mp4 -map 0:a? o.m4a", 6, True),
        ("-i loud.mp4 -an o.mp4", 6, True),
        ("-i old.mkv -vn o.opus", 10, True),
        ("-i song.m4a o.mp3", 5, True),
        ("-i a.mp4 -i logo.png -map 0 -map 1 -c copy -disposition:v:1 attached_pic o.mp4", 10, True),
        ("-ss 3 -i a.mp4 -c copy o.mp4", 7, False),
        ("-i a.mp4 -ss 00:00:03 -t 2.5 o.mp4", 2.5, False),
        ("-ss 2 -to 5 -i a.mp4 o.mp4", 3, False),
        ("-i a.mp4 -ss 8 -to 9 o.mp4", 1, False),
        ("-sseof -3 -i a.mp4 o.mp4", 3, False),
        ("-ss 20 -i a.mp4 o.mp4", 0, False),
        ("-stream_loop 2 -i b.mp4 o.mp4", 12, False),
        ("-stream_loop -1 -i b.mp4 -t 30 o.mp4", 30, False),
        ("-stream_loop -1 -i b.mp4 o.mp4", None, False),
        ("-i a.mp4 -stream_loop -1 -i b.mp4 -map 0:v -map 1:a -shortest o.mp4", 10, False),
        ("-i b.mp4 -i a.mp4 -map 0:v -map 1:a -shortest o.mp4", 4, False),
        ("-loop 1 -i logo.png -i b.mp4 -shortest o.mp4", 4, False),
        ("-loop 1 -i logo.png o.mp4", None, False),
        ("-i a.mp4 -vf setpts=0.5*PTS o.mp4", 10, False),
        ("-i a.mp4 -af atempo=2 o.mp4", 10, False),
        ("-i a.mp4 -vf select='eq(pict_type,I)' o.mp4", 10, False),
        ("-i a.mp4 -filter_script:v s.txt o.mp4", 10, False),
        ("-r 12 -i a.mp4 o.mp4", 10, False),
        ("-i a.mp4 -frames:v 50 o.mp4", 2, False),
        ("-i a.mp4 -vframes 1 o.png", 0.04, False),
        ("-i a.mp4 -i b.mp4 -filter_complex [0:v][0:a][1:v][1:a]concat=n=2:v=1:a=1[v][a] -map [v] -map [a] o.mp4",
         14, False),
        ("-i a.mp4 -i logo.png -filter_complex overlay o.mp4", 10, False),
        ("-i a.ts o.mp4", 10, False),
        ("-i raw.h264 o.mp4", None, False),
        ("-i unknown.mp4 o.mp4", None, False),
        ("-i unknown.mp4 -t 7 o.mp4", 7, False),
        ("-f lavfi -i testsrc2=s=160x120:d=3 o.mp4", 3, False),
        ("-f lavfi -i color=red:duration=5 -f lavfi -i sine=d=2 o.mp4", 5, False),
        ("-f lavfi -i testsrc -t 1 o.mp4", 1, False),
        ("-f lavfi -i testsrc o.mp4", None, False),
        ("-i a.mp4 -map 0:s o.srt", None, False),
        ("-i a.mp4 o.mp4 -t 2 p.mp4", 10, True),
    ],
)  # fmt: skip
def test_the_duration_follows_the_command(command: str, seconds: float | None, exact: bool) -> None:
    result = expected(command)
    assert result.seconds == pytest.approx(seconds) if seconds is not None else result.seconds is None
    assert result.exact is exact


def test_the_number_of_frames_comes_from_the_command() -> None:
    assert expected("-i raw.h264 -frames:v 30 o.mp4").frames == 30
    assert expected("-i a.mp4 o.mp4").frames is None


def test_every_output_has_its_own_expectation() -> None:
    invocation = parse_arguments(["-i", "a.mp4", "o.mp4", "-frames:v", "1", "thumb.png"])
    film_out, thumb = (expect_output(invocation, output, FACTS) for output in invocation.outputs)
    assert (film_out.seconds, film_out.exact) == (10, True)
    assert (thumb.frames, thumb.exact) == (1, False)


def test_the_kinds_of_streams_in_the_output_count() -> None:
    invocation = parse_arguments(["-i", "quiet.mp4", "o.mp3"])
    (output,) = invocation.outputs
    assert expect_output(invocation, output, FACTS, frozenset({"audio"})).seconds == 6
    assert expect_output(invocation, output, FACTS).seconds == 10


def test_measured_durations_replace_those_in_headers() -> None:
    claimed = MediaFacts(
        MP4,
        9,
        4.0,
        streams=(
            StreamFacts("video", duration=4.0, packets=60, packet_seconds=2.4),
            StreamFacts("audio", duration=4.0, packets=0),
        ),
    )
    truth = measured(claimed)
    assert truth.duration == 2.4
    assert [stream.duration for stream in truth.streams] == [2.4, 0.0]


def test_only_local_files_must_be_probed(tmp_path: Path) -> None:
    film, odd = tmp_path / "x.mp4", tmp_path / "b:c.mp4"
    command = (
        f"-i {film} -f lavfi -i testsrc -i http://h/y -i file:{odd} -i rel.mp4 -f concat -i {odd}.txt o.mp4"
    )
    assert inputs_to_probe([parse_arguments(command.split())]) == {str(film): film, f"file:{odd}": odd}


@given(
    start=st.floats(0, 20, allow_nan=False),
    length=st.floats(0.1, 20, allow_nan=False),
    place=st.sampled_from(["input", "output"]),
)
def test_a_cut_is_never_longer_than_requested_or_available(start: float, length: float, place: str) -> None:
    options = ["-ss", f"{start:.3f}", "-t", f"{length:.3f}"]
    tokens = [*options, "-i", "a.mp4", "o.mp4"] if place == "input" else ["-i", "a.mp4", *options, "o.mp4"]
    result = expect(parse_arguments(tokens), FACTS)
    assert result.seconds is not None and not result.exact
    assert 0 <= result.seconds <= min(length, max(10 - start, 0)) + 0.001
