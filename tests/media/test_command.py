"""Commands reach the real ffmpeg as intended."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.grammar import tokenise
from ffmate_desktop.domain.wildcards import ClockReading, WildcardValues, expand_steps
from ffmate_desktop.media.command import build, without_program
from tests.media import clips

PROGRAM = Path("/opt/ffmpeg-9/ffmpeg-linux-x86_64-v9")
VALUES = WildcardValues(
    "in.mov", "out.mov", ClockReading(0, 0), "u", "cli", "linux", "amd64", str(PROGRAM), {}
)
SUBTITLES = "1\n00:00:00,000 --> 00:00:01,000\nhello\n"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short film to copy."""
    return clips.clip(tmp_path_factory.mktemp("film") / "in.mp4", seconds=0.2)


def built(command: str) -> list[str]:
    [step] = tokenise(command)
    return build(PROGRAM, step)


def run_steps(command: str, values: WildcardValues, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Run every step of a command as a node does. Return the last process."""
    steps = [build(clips.FFMPEG, step) for step in expand_steps(tokenise(command), values)]
    for argv in steps:
        done = subprocess.run(argv, cwd=folder, capture_output=True, stdin=subprocess.DEVNULL, check=False)
        if done.returncode:
            break
    return done


def test_our_options_come_first_and_user_options_are_kept() -> None:
    assert built("-i in.mov -c copy out.mp4") == [
        str(PROGRAM),
        *("-hide_banner", "-nostats", "-loglevel", "level+info", "-nostdin"),
        *("-progress", "pipe:1", "-stats_period", "0.5", "-y"),
        *("-i", "in.mov", "-c", "copy", "out.mp4"),
    ]


@pytest.mark.parametrize(
    "options",
    [
        "-y",
        "-n",
        "-stats",
        "-nostats",
        "-stdin",
        "-nostdin",
        "-report",
        "-hide_banner",
        "-v quiet",
        "-loglevel error",
        "-progress pipe:2",
        "-stats_period 5",
        "-y -v error -nostats",
    ],
)
def test_options_that_would_break_ours_are_dropped(options: str) -> None:
    plain = built("-i in.mov out.mp4")
    assert built(f"{options} -i in.mov out.mp4") == plain
    assert built(f"-i in.mov {options} out.mp4") == plain
    assert built(f"-i in.mov out.mp4 {options}") == plain


def test_values_that_look_like_dropped_options_are_kept() -> None:
    assert built("-i in.mov -metadata -y -c:v libx264 out.mp4")[-6:] == [
        "in.mov",
        "-metadata",
        "-y",
        "-c:v",
        "libx264",
        "out.mp4",
    ]


@pytest.mark.parametrize(
    "first",
    [
        "ffmpeg",
        "ffmpeg.exe",
        "FFmpeg.EXE",
        "${FFMPEG}",
        "/usr/bin/ffmpeg",
        "C:\\tools\\ffmpeg.exe",
        str(PROGRAM),
    ],
)
def test_a_leading_program_name_is_dropped(first: str) -> None:
    assert without_program([first, "-i", "ffmpeg"], PROGRAM) == ["-i", "ffmpeg"]


def test_other_first_arguments_are_not_the_program() -> None:
    assert without_program([]) == []
    for tokens in (["-i", "ffmpeg"], ["out.mp4", "-i", "in.mov"], ["/films/ffmpeg.mp4"], ["in/ffmpeg/out"]):
        assert without_program(tokens) == tokens


@pytest.mark.parametrize("program", ["mv", "ffprobe", "rm", "cmd.exe", "python3", "y"])
def test_other_programs_are_refused(program: str) -> None:
    with pytest.raises(UsageError, match=f"starts with {program}, but tasks can only run ffmpeg"):
        built(f"{program} a b")


@pytest.mark.parametrize(
    "command",
    [
        "-i in.mov -f mpegts -",
        "-i in.mov -f mpegts pipe:1",
        "-i in.mov -f mpegts pipe:",
        "-i in.mov -f md5 -",
        "-i in.mov -f mpegts /dev/stdout",
        "-i in.mov -f tee '[f=mp4]a.mp4|[f=mpegts]pipe:1'",
        "-i in.mov -f null - -f mpegts -",
    ],
)
def test_media_on_standard_output_is_refused(command: str) -> None:
    with pytest.raises(UsageError, match="instead of a file"):
        built(command)


@pytest.mark.parametrize("command", ["-i in.mov -f null -", "-i in.mov -f tee '[f=null]-|out.mp4'"])
def test_the_null_muxer_may_write_to_standard_output(command: str) -> None:
    assert built(command)[-1] == tokenise(command)[0][-1]


@pytest.mark.parametrize("url", ["-", "pipe:", "pipe:0", "fd:", "/dev/stdin"])
def test_media_from_standard_input_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match=f"reads its input from {url}"):
        built(f"-i {url} out.mp4")


@pytest.mark.parametrize("command", ["ffmpeg", "-i in.mov", "-version x"])
def test_a_command_without_output_is_refused(command: str) -> None:
    with pytest.raises(UsageError, match="has no output file"):
        built(command)


@pytest.mark.ffmpeg
def test_a_built_command_runs_with_progress_and_log_levels(tmp_path: Path) -> None:
    values = replace(VALUES, output_file=str(tmp_path / "out.mp4"))
    done = run_steps(
        "ffmpeg -n -v quiet -f lavfi -i testsrc2=d=0.2:s=160x120 -c:v libx264 -preset ultrafast ${OUTPUT_FILE}",
        values,
        tmp_path,
    )
    assert done.returncode == 0
    assert b"progress=end" in done.stdout
    assert b"[info]" in done.stderr
    assert (tmp_path / "out.mp4").stat().st_size > 0


@pytest.mark.ffmpeg
def test_ffmate_5_a_two_pass_encode_works(tmp_path: Path) -> None:
    source = clips.clip(tmp_path / "in.mp4", seconds=0.2)
    values = replace(
        VALUES, input_file=str(source), output_file=str(tmp_path / "out.mp4"), ffmpeg=str(clips.FFMPEG)
    )
    encode = "-i ${INPUT_FILE} -c:v libx264 -preset ultrafast -b:v 200k -an -pass"
    done = run_steps(f"{encode} 1 -f null - && ${{FFMPEG}} {encode} 2 ${{OUTPUT_FILE}}", values, tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.mp4").stat().st_size > 0


POSIX_NAMES = [
    "two\nlines.mp4",
    'say "hi".mp4',
    "back\\slash.mp4",
    "a|b>c<d?.mp4",
    "-y:x.mp4",
    "concat:a.mp4",
]
NAMES = [
    "O'Brien's film.mp4",
    "Tom && Jerry;.mp4",
    "${UUID} $HOME.mp4",
    "-i.mp4",
    "100%.mp4",
    "ünïcödé 🎬 [a]{b}.mp4",
]


@pytest.mark.ffmpeg
@pytest.mark.parametrize("name", NAMES + (POSIX_NAMES if sys.platform != "win32" else []))
@pytest.mark.parametrize("relative", [True, False])
def test_ffmate_files_with_nasty_names_are_read_and_written(
    tmp_path: Path, film: Path, name: str, relative: bool
) -> None:
    shutil.copy(film, tmp_path / name)
    target = f"-out {name}".replace(":", "") if relative else str(tmp_path / f"out {name}")
    values = replace(VALUES, input_file=name if relative else str(tmp_path / name), output_file=target)
    done = run_steps("-i ${INPUT_FILE} -c copy ${OUTPUT_FILE}", values, tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / target).stat().st_size > 0


@pytest.mark.ffmpeg
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux allows file names that aren't Unicode")
def test_a_name_that_is_not_unicode_is_read(tmp_path: Path) -> None:
    source = clips.clip(tmp_path / "in.mp4", seconds=0.2).rename(tmp_path / "latin1-\udce4.mp4")
    done = run_steps("-i ${INPUT_FILE} -f null -", replace(VALUES, input_file=str(source)), tmp_path)
    assert done.returncode == 0, done.stderr


EVERYWHERE = ["plain", "it's [a], b; c=d %{pts} (1)", "''", "  blanks  in a row", "a=b"]
NOT_ON_WINDOWS = ["back\\slash\\\\es\\'", '"quotes"', " ends with a blank ", "new\nline\n", "a\\'b'c"]
ONLY_ABSOLUTE = ["a:b=c:d", "a\\:b'c"]  # relative, they would name a protocol


def runs_through_filters(source: Path, folder: Path, option: str, film: str, subtitles: str) -> bool:
    (folder / subtitles).write_text(SUBTITLES)
    shutil.copy(source, folder / film)
    graph = f"movie={option}${{INPUT_FILE|filter}},subtitles={option}${{METADATA_srt|filter}},null"
    values = replace(VALUES, input_file=film, metadata={"srt": subtitles})
    return run_steps(f'-f lavfi -i "{graph}" -f null -', values, folder).returncode == 0


@pytest.mark.ffmpeg
@pytest.mark.parametrize(
    "name", EVERYWHERE + (NOT_ON_WINDOWS + ONLY_ABSOLUTE if sys.platform != "win32" else [])
)
@pytest.mark.parametrize("option", ["", "filename="])
def test_the_filter_filter_carries_any_path_into_a_filter(
    tmp_path: Path, film: Path, name: str, option: str
) -> None:
    assert runs_through_filters(film, tmp_path, option, str(tmp_path / name), str(tmp_path / f"{name}.srt"))


@pytest.mark.ffmpeg
@pytest.mark.parametrize("name", EVERYWHERE + (NOT_ON_WINDOWS if sys.platform != "win32" else []))
def test_the_filter_filter_carries_any_name_into_a_filter(tmp_path: Path, film: Path, name: str) -> None:
    assert runs_through_filters(film, tmp_path, "", name, f"{name}.srt")


@pytest.mark.ffmpeg
def test_the_pct_filter_keeps_a_percent_sign_in_a_numbered_name(tmp_path: Path) -> None:
    values = replace(VALUES, output_file=str(tmp_path / "100%d"))
    done = run_steps("-f lavfi -i testsrc2=d=0.1:s=64x64 ${OUTPUT_FILE|pct}-%02d.png", values, tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "100%d-01.png",
        "100%d-02.png",
        "100%d-03.png",
    ]
