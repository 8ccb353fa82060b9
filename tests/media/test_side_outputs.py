"""Find the files that a command writes in addition to its outputs."""

import sys
from pathlib import Path

import pytest

from ffmate_desktop.media.arguments import parse_arguments
from ffmate_desktop.media.side_outputs import side_outputs

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the commands name POSIX paths")


@pytest.mark.parametrize(
    ("option", "value", "path", "rewritten"),
    [
        ("vstats_file", "/a b/v.log", "/a b/v.log", "/a b/*v.log"),
        ("vstats_file", "file:/a/v.log", "/a/v.log", "file:/a/*v.log"),
        ("stats_enc_post:v:0", "/a/v.log", "/a/v.log", "/a/*v.log"),
        ("vf", "metadata=print:file=/a/m.txt,scale=1:1", "/a/m.txt", "metadata=print:file=/a/*m.txt,scale=1:1"),
        ("vf", "metadata=mode=print:'file=/a/m n.txt'", "/a/m n.txt", "metadata=mode=print:'file=/a/*m n.txt'"),
        ("vf", "scale=1:1,metadata@x=file='/a, b/m':mode=print", "/a, b/m",
         "scale=1:1,metadata@x=file='/a, b/*m':mode=print"),
        ("vf", r"metadata=print:file=/a\\:b/m.txt", "/a:b/m.txt", r"metadata=print:file=/a\\:b/*m.txt"),
        ("vf", r"metadata=print:file=\/a\/m.txt", "/a/m.txt", r"metadata=print:file=\/a\/*m.txt"),
        ("lavfi", "[0][1]ssim=/a/s.log;[0]null", "/a/s.log", "[0][1]ssim=/a/*s.log;[0]null"),
        ("filter_complex", "[0][1]psnr=eof_action=1:f=/a/p.log[o]", "/a/p.log",
         "[0][1]psnr=eof_action=1:f=/a/*p.log[o]"),
        ("x264-params", "ref=1:stats=/a/s.log:pass=1", "/a/s.log", "ref=1:stats=/a/*s.log:pass=1"),
        ("x265-params", "csv=/a/c.csv", "/a/c.csv", "csv=/a/*c.csv"),
    ],
)  # fmt: skip
def test_a_side_output_is_found_inside_quotes(option: str, value: str, path: str, rewritten: str) -> None:
    tokens = ["-i", "x", f"-{option}", value, "/out.mkv"]
    (found,) = side_outputs(parse_arguments(tokens), tokens)
    assert found.path == Path(path)
    assert value[: found.name] + "*" + value[found.name :] == rewritten
    assert value[found.start : found.end].rstrip().endswith(Path(path).name)


@pytest.mark.parametrize(
    "words",
    [
        ["-vf", "subtitles=f=/a/b.srt,lut3d=file=/a/look.cube,drawtext=textfile=/a/t.txt"],
        ["-vf", "metadata=print:file=-"],
        ["-vf", "metadata=print:file=m.txt"],
        ["-vf", "metadata=print:file=/dev/stderr"],
        ["-metadata", "title=metadata=file=/a/b"],
        ["-x264-params", "pass=2:stats=/a/s.log"],
        ["-pass", "2", "-passlogfile", "/a/p"],
    ],
)
def test_files_that_are_read_or_private_are_no_side_outputs(words: list[str]) -> None:
    tokens = ["-i", "x", *words, "/out.mkv"]
    assert list(side_outputs(parse_arguments(tokens), tokens)) == []
