"""Arguments are parsed as ffmpeg itself parses them."""

import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.grammar import tokenise
from ffmate_desktop.media.arguments import Invocation, Option, parse_arguments, parse_ffmpeg_duration
from tests.media import clips


def parsed(command: str) -> Invocation:
    [step] = tokenise(command)
    return parse_arguments(step)


def test_options_belong_to_the_file_after_them() -> None:
    run = parsed(
        "-ss 5 -i a.mov -itsoffset 0.5 -t 3 -i b.wav -map 0:v -map 1:a -c:v libx264 -shortest out.mp4"
    )
    first, second = run.inputs
    assert (first.url, first.index, first.option("ss"), first.option("t")) == ("a.mov", 3, "5", None)
    assert (second.url, second.index, second.option("itsoffset"), second.option("t")) == (
        "b.wav",
        9,
        "0.5",
        "3",
    )
    [output] = run.outputs
    assert output.url == "out.mp4"
    assert output.options == (
        Option("map", "0:v", 10),
        Option("map", "1:a", 12),
        Option("c:v", "libx264", 14),
        Option("shortest", None, 16),
    )
    assert output.index == 17
    assert run.global_options == run.ignored == ()


def test_each_output_has_its_own_options() -> None:
    run = parsed("-i in.mov -c:v libx264 -crf 20 a.mp4 -c:v libvpx-vp9 -an b.webm")
    first, second = run.outputs
    assert (first.url, first.option("crf"), first.has("an")) == ("a.mp4", "20", False)
    assert (second.url, second.option("c:v"), second.option("crf"), second.has("an")) == (
        "b.webm",
        "libvpx-vp9",
        None,
        True,
    )


def test_flags_do_not_take_the_next_file_as_value() -> None:
    run = parsed("-y -re -accurate_seek -i in.mov -an -sn -dn -copyts -shortest out.mp4")
    assert [file.url for file in (*run.inputs, *run.outputs)] == ["in.mov", "out.mp4"]
    assert run.inputs[0].has("re")
    assert [option.name for option in run.global_options] == ["y", "copyts"]


def test_a_flag_can_be_switched_off() -> None:
    run = parsed("-nostdin -noaccurate_seek -i in.mov -noautorotate out.mp4")
    assert [option.name for option in run.global_options] == ["nostdin"]
    assert run.inputs[0].options == (Option("noaccurate_seek", None, 1),)
    assert run.outputs[0].options == (Option("noautorotate", None, 4),)
    assert not run.outputs[0].has("autorotate")


def test_a_value_may_look_like_an_option() -> None:
    run = parsed("-i in.mov -map -0:s -metadata -y -itsoffset -5 out.mp4")
    assert [option.value for option in run.outputs[0].options] == ["-0:s", "-y", "-5"]
    assert run.global_options == ()


def test_unknown_options_take_a_value_as_codec_options_do() -> None:
    run = parsed(
        "-i in.mov -c:v libx265 -x265-params crf=20:aq-mode=3 -tag:v hvc1 -movflags +faststart out.mp4"
    )
    assert run.outputs[0].option("x265-params") == "crf=20:aq-mode=3"
    assert run.outputs[0].option("tag") == "hvc1"


@pytest.mark.parametrize("name", ["-filter_complex", "-lavfi"])
def test_complex_filters_are_global_at_any_position(name: str) -> None:
    run = parsed(
        f'-i a.mov -i b.mov -crf 20 {name} "[0:v][1:v]hstack[v];[0:a]anull[a]" -map [v] -map [a] out.mp4 -y'
    )
    assert run.option("filter_complex") == run.option("lavfi") == "[0:v][1:v]hstack[v];[0:a]anull[a]"
    assert [option.name for option in run.outputs[0].options] == ["crf", "map", "map"]
    assert run.has("y")


def test_a_tee_is_one_output() -> None:
    run = parsed('-i in.mov -map 0 -c:v libx264 -f tee "[f=mp4]a.mp4|[f=mpegts]udp://10.0.0.1:1234"')
    [output] = run.outputs
    assert (output.option("f"), output.url) == ("tee", "[f=mp4]a.mp4|[f=mpegts]udp://10.0.0.1:1234")


def test_a_lone_dash_is_a_file() -> None:
    run = parsed("-i - -f null -")
    assert (run.inputs[0].url, run.outputs[0].url) == ("-", "-")


def test_two_dashes_make_the_next_argument_an_output() -> None:
    assert parsed("-i in.mov -- -out.mp4").outputs[0].url == "-out.mp4"
    assert parsed("-i in.mov out.mp4 --").outputs[0].url == "out.mp4"


def test_a_value_can_come_from_a_file() -> None:
    run = parsed("-i in.mov -/filter_complex graph.txt -/vf scale.txt out.mp4")
    assert run.global_options == (Option("/filter_complex", "graph.txt", 2),)
    assert run.option("filter_complex") is None
    assert run.outputs[0].option("vf") is None


def test_options_of_a_loopback_decoder_belong_to_no_file() -> None:
    run = parsed(
        '-i in.mov -c:v libx264 a.mp4 -threads 2 -dec 0:0 -filter_complex "[0:v][dec:0]hstack" b.mkv'
    )
    assert [option.name for option in run.global_options] == ["threads", "dec", "filter_complex"]
    assert run.outputs[1].options == ()


def test_options_after_the_last_output_are_ignored_as_ffmpeg_does() -> None:
    run = parsed("-i in.mov out.mp4 -crf 20 -y")
    assert run.ignored == (Option("crf", "20", 3),)
    assert run.has("y")


@pytest.mark.parametrize("command", ["-i a.mov out.mp4 -crf", "-y -i"])
def test_a_missing_value_is_refused(command: str) -> None:
    name = command.rpartition(" ")[2]
    with pytest.raises(UsageError, match=f"The option {name} at the end of the command has no value"):
        parsed(command)


def test_the_last_of_equal_options_wins() -> None:
    assert parsed("-i a -crf 20 -crf 30 out.mp4").outputs[0].option("crf") == "30"


@pytest.mark.parametrize(
    ("written", "asked", "found"),
    [
        ("vcodec", "c:v", True),
        ("codec:a", "c:a", True),
        ("vf", "filter:v", True),
        ("filter:v", "vf", True),
        ("vframes", "frames", True),
        ("c:a", "c", True),
        ("c", "c:a", True),
        ("c:a", "c:v", False),
        ("acodec", "c:v", False),
        ("b:v:0", "b", True),
        ("bufsize", "b", False),
    ],
)
def test_an_option_is_found_in_every_spelling(written: str, asked: str, found: bool) -> None:
    assert parsed(f"-i a -{written} x out.mp4").outputs[0].has(asked) is found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", 12.0),
        ("12.5", 12.5),
        ("5.", 5.0),
        ("-5", -5.0),
        ("200ms", 0.2),
        ("1.5ms", 0.0015),
        ("10us", 1e-5),
        ("12s", 12.0),
        ("1:02", 62.0),
        ("00:01:02.5", 62.5),
        ("1:2:3.5", 3723.5),
        ("1:2.5ms", 0.0625),
        ("9999:00:01", 35996401.0),
        ("-00:00:01", -1.0),
        ("0:0:0.1234567", 0.1234567),
        *(
            (refused, None)
            for refused in ["", ".5", "1e1", "90:00", "00:75", "10000:00:01", "3 ", "a", "1:2:3:4", "٣"]
        ),
    ],
)
def test_durations_are_parsed_as_ffmpeg_parses_them(text: str, expected: float | None) -> None:
    assert parse_ffmpeg_duration(text) == (None if expected is None else pytest.approx(expected))


@pytest.mark.ffmpeg
def test_the_list_of_flags_agrees_with_the_bundled_ffmpeg() -> None:
    options = re.findall(r"^-([a-z]\w*)", _own_options_of_ffmpeg(), re.MULTILINE)
    assert len(options) > 100

    def takes_a_value(name: str) -> bool:
        return "Missing argument" in _ffmpeg(f"-{name}").stderr

    with ThreadPoolExecutor(2) as pool:
        flags = {
            name for name, valued in zip(options, pool.map(takes_a_value, options), strict=True) if not valued
        }
    assert {name for name in options if Option(name, None, 0).is_flag} == flags


@pytest.mark.ffmpeg
def test_the_list_of_global_options_agrees_with_the_bundled_ffmpeg() -> None:
    global_part, _, file_part = _own_options_of_ffmpeg().partition("Per-file options (input and output)")
    video_too = {"vstats", "vstats_file", "vstats_version"}  # told twice

    def global_names(text: str) -> set[str]:
        names = re.findall(r"^-([a-z]\w*)", text, re.MULTILINE)
        return {name for name in names if parse_arguments([f"-{name}", "x", "y"]).global_options}

    assert global_names(global_part) == set(re.findall(r"^-([a-z]\w*)", global_part, re.MULTILINE))
    assert global_names(file_part) == video_too


def _own_options_of_ffmpeg() -> str:
    text = _ffmpeg("-h", "long").stdout
    return text[text.index("Global options") :].partition("AVOptions")[0]


def _ffmpeg(*arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [str(clips.FFMPEG), "-hide_banner", *arguments]
    with tempfile.TemporaryDirectory() as folder:  # some options write files where they stand
        return subprocess.run(
            argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, cwd=folder
        )
