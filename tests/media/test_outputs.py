"""Every output gets a temporary name next to its target, and no input is ever an output."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.media.inputs import local_path
from ffmate_desktop.media.output_plan import OutputKind, OutputPlan
from ffmate_desktop.media.outputs import plan_outputs

TASK = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"
HIDDEN = ".ffd-0190a1b2c3d4-7-5beef1"


def planned(*steps: list[str], main_output: str = "") -> OutputPlan:
    return plan_outputs(steps, task=TASK, epoch=7, incarnation=0x12345BEEF1, main_output=main_output)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "in.mp4"
    path.write_bytes(b"film")
    return path


def test_a_file_is_written_next_to_its_target(film: Path, tmp_path: Path) -> None:
    target = tmp_path / "sub" / "out.mkv"
    result = planned(["ffmpeg", "-i", str(film), "-c", "copy", str(target)], main_output=str(target))
    (output,) = result.outputs
    assert output.kind is OutputKind.FILE and output.target == target and output.format == "mkv"
    assert output.temporary == target.parent / f"{HIDDEN}-out.mkv"
    assert result.steps == [["-i", str(film), "-c", "copy", str(output.temporary)]]
    assert result.inputs == (film,) and result.folders == (target.parent,) and result.main is output


def test_later_steps_read_what_earlier_ones_wrote(film: Path, tmp_path: Path) -> None:
    first, second = str(tmp_path / "a.mkv"), str(tmp_path / "b.mkv")
    detour = str(tmp_path / "x" / ".." / "a.mkv")
    result = planned(["-i", str(film), first], ["-i", first, "-i", detour, second], main_output=second)
    one, two = result.outputs
    assert result.steps[1] == ["-i", str(one.temporary), "-i", str(one.temporary), str(two.temporary)]
    assert result.inputs == (film,) and result.main is two and two.step == 1


def test_two_passes_share_one_output(film: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "o.mp4")
    result = planned(
        ["-i", str(film), "-pass", "1", "-f", "null", os.devnull],
        ["-i", str(film), "-pass", "2", out],
        main_output=out,
    )
    assert [output.step for output in result.outputs] == [1]
    assert result.steps[0][-1] == os.devnull


@pytest.mark.parametrize(
    "tail",
    [
        ["-f", "null", "-"],
        ["-f", "null", "NUL"],
        ["-f", "flv", "rtmp://host/live"],
        ["-f", "mpegts", "udp://10.0.0.1:5000"],
        ["-f", "sdl", "window"],
    ],
)
def test_outputs_that_are_not_files_are_not_planned(film: Path, tail: list[str]) -> None:
    result = planned(["-i", str(film), *tail])
    assert result.outputs == () and result.main is None
    assert result.steps == [["-i", str(film), *tail]]


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ([], "frame_%04d.png"),
        ([], "list.m3u8"),
        ([], "stream.mpd"),
        (["-f", "segment"], "part%03d.mkv"),
        (["-f", "image2", "-strftime", "1"], "%H-%M.jpg"),
    ],
)
def test_generated_names_go_to_a_hidden_folder(
    film: Path, tmp_path: Path, options: list[str], name: str
) -> None:
    result = planned(["-i", str(film), *options, str(tmp_path / name)])
    (output,) = result.outputs
    assert output.kind is OutputKind.FOLDER and output.target == tmp_path and output.name == name
    assert output.temporary == tmp_path / HIDDEN
    assert result.steps[0][-1] == str(tmp_path / HIDDEN / name)
    assert tmp_path / HIDDEN in result.folders


@pytest.mark.parametrize("name", ["100%d.mp4", "cover.png", "50%.mkv"])
def test_a_percent_sign_alone_does_not_make_a_set(film: Path, tmp_path: Path, name: str) -> None:
    (output,) = planned(["-i", str(film), str(tmp_path / name)]).outputs
    assert output.kind is OutputKind.FILE and output.temporary.name == f"{HIDDEN}-{name}"


def test_a_generated_folder_belongs_to_the_set(film: Path, tmp_path: Path) -> None:
    segments = str(tmp_path / "v%v" / "s%d.ts")
    tokens = ["-i", str(film), "-hls_segment_filename", segments, str(tmp_path / "v%v" / "list.m3u8")]
    result = planned(tokens)
    (output,) = result.outputs
    assert output.target == tmp_path and output.name == "v%v/list.m3u8"
    assert result.steps[0][3] == str(tmp_path / HIDDEN / "v%v" / "s%d.ts")


def test_further_files_of_a_playlist_go_where_the_playlist_goes(film: Path, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    tokens = ["-i", str(film), "-f", "segment", "-segment_list", "all.csv", str(tmp_path / "p%d.ts")]
    assert planned(tokens).steps[0][5] == str(tmp_path / HIDDEN / "all.csv")
    inside = [
        "-i",
        str(film),
        "-hls_segment_filename",
        str(tmp_path / "sub/s%d.ts"),
        str(tmp_path / "l.m3u8"),
    ]
    result = planned(inside)
    assert result.steps[0][3] == str(tmp_path / HIDDEN / "sub" / "s%d.ts")
    assert tmp_path / HIDDEN / "sub" in result.folders
    outside = [
        "-i",
        str(film),
        "-hls_segment_filename",
        str(tmp_path.parent / "s%d.ts"),
        str(tmp_path / "l.m3u8"),
    ]
    with pytest.raises(UsageError, match="isn't in the output's folder"):
        planned(outside)


@pytest.mark.parametrize("option", ["hls_segment_filename", "hls_subtitle_path"])
@pytest.mark.parametrize("whole", [True, False])
def test_further_files_of_a_playlist_cannot_leave_its_folder(
    film: Path, tmp_path: Path, option: str, whole: bool
) -> None:
    """They would be written directly to their names, even over an input."""
    climbing = f"{tmp_path}/out/../in.mp4" if whole else "../../in.mp4"
    with pytest.raises(UsageError, match="isn't in the output's folder"):
        planned(["-i", str(film), f"-{option}", climbing, str(tmp_path / "out" / "l.m3u8")])


@pytest.mark.parametrize(
    "words",
    [
        ["-hls_fmp4_init_filename", "../in.mp4", "OUT/l.m3u8"],
        ["-f", "dash", "-init_seg_name", "../in.mp4", "OUT/l.mpd"],
        ["-f", "dash", "-media_seg_name", "..\\in.mp4", "OUT/l.mpd"],
        ["-f", "dash", "-single_file_name", "x/../../in.mp4", "OUT/l.mpd"],
        ["-master_pl_name", "/in.mp4", "OUT/l.m3u8"],
        ["-f", "segment", "-segment_header_filename", "../in.mp4", "OUT/l%d.mp4"],
        ["-f", "tee", "[f=hls:master_pl_name=../in.mp4]OUT/l.m3u8"],
    ],
)
def test_names_relative_to_the_muxers_folder_stay_in_it(film: Path, tmp_path: Path, words: list[str]) -> None:
    placed = [word.replace("OUT", str(tmp_path / "out")) for word in words]
    with pytest.raises(UsageError, match="isn't in the output's folder"):
        planned(["-i", str(film), *placed])


def test_ordinary_names_next_to_a_playlist_are_accepted(film: Path, tmp_path: Path) -> None:
    target = str(tmp_path / "l.m3u8")
    planned(["-i", str(film), "-hls_fmp4_init_filename", "init_%v.mp4", "-master_pl_name", "m.m3u8", target])
    slave = f"[f=hls:master_pl_name=m.m3u8]{target}"
    planned(["-i", str(film), "-f", "tee", slave])


def test_every_file_of_a_tee_is_planned(film: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "a.mp4", tmp_path / "it's.mkv"
    url = f"[f=mp4:onfail=ignore]{first.as_posix()}|udp://h:1|" + second.as_posix().replace("'", r"\'")
    result = planned(["-i", str(film), "-map", "0", "-f", "tee", url])
    assert [output.target for output in result.outputs] == [first, second]
    told = result.steps[0][-1].split("|")
    assert told[0].startswith("[f=mp4:onfail=ignore]") and told[0].endswith(f"{HIDDEN}-a.mp4")
    assert told[1] == "udp://h:1" and told[2].endswith(rf"{HIDDEN}-it\'s.mkv")


def test_a_relative_output_needs_a_reader(film: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="without a folder"):
        planned(["-i", str(film), "out.mp4"])
    result = planned(["-i", str(film), "mid.nut"], ["-i", "mid.nut", str(tmp_path / "o.mp4")])
    assert result.steps[0][-1] == "mid.nut" and result.steps[1][:2] == ["-i", "mid.nut"]
    assert len(result.outputs) == 1 and result.inputs == (film,)


def test_an_input_is_never_an_output(film: Path, tmp_path: Path) -> None:
    hard, soft, linked = tmp_path / "hard.mp4", tmp_path / "soft.mp4", tmp_path / "linked"
    os.link(film, hard)
    names = [film, tmp_path / "." / "in.mp4", hard]
    if sys.platform != "win32":
        soft.symlink_to(film)
        linked.symlink_to(tmp_path, target_is_directory=True)
        names += [soft, linked / "in.mp4"]
    for name in names:
        for prefix in ("", "file:"):
            with pytest.raises(UserError, match="would overwrite its own input"):
                planned(["-i", str(film), "-c", "copy", f"{prefix}{name}"])
    with pytest.raises(UserError, match="would overwrite its own input"):
        planned(["-i", str(film), str(tmp_path / "x.mp4")], ["-i", str(tmp_path / "x.mp4"), str(film)])


def test_a_file_read_before_it_is_written_is_an_input(tmp_path: Path) -> None:
    out = str(tmp_path / "new.mp4")
    with pytest.raises(UserError, match="would overwrite its own input"):
        planned(["-i", out, "-f", "null", "-"], ["-f", "lavfi", "-i", "testsrc", out])
    frames = str(tmp_path / "f%03d.png")
    with pytest.raises(UserError, match="would overwrite its own input"):
        planned(["-i", frames, "-vf", "hflip", frames])


@pytest.mark.parametrize(
    "read", ["concat:{}|/else.ts", "subfile,,start,0,end,9,,:{}", "cache:{}", "crypto:{}", "file:{}"]
)
def test_an_input_is_found_inside_a_protocol(film: Path, read: str) -> None:
    with pytest.raises(UserError, match="would overwrite its own input"):
        planned(["-i", read.format(film), str(film)])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.txt", "ffconcat version 1.0\nfile 'in'\\.'mp4'\n"),
        ("list.ffconcat", "file in.mp4\n"),
        ("list.m3u8", "#EXTM3U\n#EXTINF:2,\nin.mp4\n"),
    ],
)
def test_entries_of_a_list_are_inputs(film: Path, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    options = ["-f", "concat"] if name.endswith(".txt") else []
    with pytest.raises(UserError, match="would overwrite its own input"):
        planned([*options, "-i", str(tmp_path / name), str(film)])


def test_the_input_of_the_task_is_protected_wherever_the_command_names_it(film: Path) -> None:
    tokens = ["-f", "lavfi", "-i", f"movie={film}", str(film)]
    with pytest.raises(UserError, match="would overwrite its own input"):
        plan_outputs(
            [tokens],
            task=TASK,
            epoch=7,
            incarnation=0x12345BEEF1,
            main_output=str(film),
            main_input=str(film),
        )


@pytest.mark.parametrize("option", ["-vstats_file", "-dump_attachment:t:0", "-stats_enc_post:v"])
def test_a_file_that_an_option_writes_is_not_an_input(film: Path, tmp_path: Path, option: str) -> None:
    with pytest.raises(UserError, match="would overwrite its own input"):
        planned([option, str(film), "-i", str(film), str(tmp_path / "o.mp4")])


def test_one_step_writes_a_file_once(film: Path, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    out = tmp_path / "o.mp4"
    names = [out, tmp_path / "sub" / ".." / "o.mp4"]
    if sys.platform != "win32":
        (tmp_path / "linked").symlink_to(tmp_path, target_is_directory=True)
        names.append(tmp_path / "linked" / "o.mp4")
    for name in names:
        with pytest.raises(UsageError, match="twice"):
            planned(["-i", str(film), str(out), str(name)])
    with pytest.raises(UsageError, match="twice"):
        planned(["-i", str(film), "-f", "tee", f"{out.as_posix()}|{out.as_posix()}"])


def test_the_last_step_that_writes_a_file_makes_it(film: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "o.mp4")
    result = planned(["-i", str(film), out], ["-i", str(film), "-t", "1", out], main_output=out)
    (output,) = result.outputs
    assert output.step == 1 and output.target == Path(out)
    assert [step[-1] for step in result.steps] == [output.url] * 2


def test_an_intermediate_file_stays_in_the_working_folder(film: Path, tmp_path: Path) -> None:
    for name in ("../../up.nut", "a/../../b.nut"):
        with pytest.raises(UsageError, match="without a folder"):
            planned(["-i", str(film), name], ["-i", name, str(tmp_path / "o.mp4")])


@pytest.mark.parametrize("made", [True, False])
def test_a_percent_sign_in_a_folder_is_not_a_number(film: Path, tmp_path: Path, made: bool) -> None:
    folder = tmp_path / "100% fun"
    if made:
        folder.mkdir()
    (output,) = planned(["-i", str(film), str(tmp_path / "100%% fun" / "f_%03d.png")]).outputs
    assert output.target == folder and output.temporary == folder / HIDDEN
    assert output.url == str(tmp_path / "100%% fun" / HIDDEN / "f_%03d.png")


def test_a_folder_or_a_name_that_is_too_long_is_refused(film: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder"):
        planned(["-i", str(film), str(tmp_path)])
    with pytest.raises(UserError, match="is a folder"):
        planned(["-i", str(film), str(tmp_path / "new" / "..")])
    with pytest.raises(UserError, match="too long"):
        planned(["-i", str(film), str(tmp_path / ("n" * 252 + ".mp4"))])


def test_a_dot_in_a_long_title_does_not_start_an_extension(film: Path, tmp_path: Path) -> None:
    (output,) = planned(["-i", str(film), "-f", "mp4", str(tmp_path / ("x." + "y" * 250))]).outputs
    assert len(output.temporary.name) <= 255


@given(stem=st.text(st.characters(blacklist_characters="/\\\0:%", blacklist_categories=["Cs"]), min_size=1))
def test_a_temporary_name_always_fits_and_keeps_its_extension(stem: str) -> None:
    folder = Path("/nowhere").absolute()
    target = folder / f"{stem[:60]}.mp4"
    long_target = folder / ("日" * 80 + stem[:1].replace(".", "x") + ".mp4")
    result = plan_outputs(
        [["-i", str(folder / "in.mov"), "file:" + str(target), "file:" + str(long_target)]],
        task=TASK,
        epoch=12345,
        incarnation=2**53 - 1,
        main_output="",
    )
    for output in result.outputs:
        assert len(os.fsencode(output.temporary.name)) <= 255
        assert output.temporary.name.startswith(".ffd-0190a1b2c3d4-12345-ffffff-")
        assert output.temporary.suffix == ".mp4" and output.temporary.parent == folder
    assert len({output.temporary for output in result.outputs}) == len(result.outputs)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/a/b.mp4", "/a/b.mp4"),
        ("file:x:y.mp4", "x:y.mp4"),
        ("C:\\a.mp4", "C:\\a.mp4"),
        ("http://h/a.mp4", None),
        ("concat:a|b", None),
        ("pipe:1", None),
        ("-", None),
        ("rtp+x.1:z", None),
    ],
)
def test_local_paths_are_distinguished_from_addresses(url: str, path: str | None) -> None:
    assert local_path(url) == (None if path is None else Path(path))
