"""Every change of an input is detected, and an unchanged input is never refused."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ffmate_desktop.media.input_snapshot import InputChangeKind, InputSnapshot
from ffmate_desktop.media.output_plan import OutputPlan
from ffmate_desktop.media.outputs import plan_outputs

Change = Callable[[Path], object]


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def overwrite_in_place(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def put_back(path: Path, status: os.stat_result) -> None:
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def replace_by_copy_with_its_time(path: Path) -> None:
    status = path.stat()
    copy = shutil.copy2(path, path.with_name("copy.part"))
    Path(copy).replace(path)
    put_back(path, status)


def rename_and_grow(path: Path) -> None:
    append(path.rename(path.with_name("complete")))


def rename_over(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"another film")
    other.replace(path)


def step_the_clock_back(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))
    os.utime(path, ns=(0, 1))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "out").mkdir()
    for name in (
        "film.ts",
        "words.srt",
        "part 1.ts",
        "part 2.ts",
        "p[1]_001.png",
        "p[1]_002.png",
        "p[1]_004.png",
    ):
        (tmp_path / name).write_bytes(name.encode() * 100)
    parts = "".join(f"file '{tmp_path}/part {number}.ts'\n" for number in (1, 2))
    (tmp_path / "list.txt").write_text(parts)
    (tmp_path / "index.m3u8").write_text("#EXTM3U\n#EXTINF:1,\npart 1.ts\n#EXTINF:1,\npart 2.ts\n")
    yield tmp_path


def planned(command: str, folder: Path) -> OutputPlan:
    steps = [
        [word.replace("IN/", f"{folder}/").replace("%20", " ") for word in step.split()]
        for step in command.split("&&")
    ]
    return plan_outputs(steps, task="0190a1b2-c3d4-7e5f", epoch=1, incarnation=1, main_output="")


def change_of(command: str, folder: Path, name: str, change: Change) -> tuple[str, InputChangeKind] | None:
    record = InputSnapshot.capture(planned(command, folder))
    try:
        assert record.compare() is None, "nothing has happened yet"
        change(folder / name)
        found = record.compare()
    finally:
        record.close()
    return None if found is None else (found.path.name, found.kind)


PLAIN = "-i IN/film.ts -c copy IN/out/film.ts"
CHANGES = [
    (append, InputChangeKind.GROWING),
    (overwrite_in_place, InputChangeKind.CHANGED),
    (lambda path: os.truncate(path, 10), InputChangeKind.CHANGED),
    (replace_by_copy_with_its_time, InputChangeKind.CHANGED),
    (rename_over, InputChangeKind.CHANGED),
    (rename_and_grow, InputChangeKind.GROWING),
    (step_the_clock_back, InputChangeKind.CHANGED),
]


@pytest.mark.parametrize(("change", "how"), CHANGES)
def test_every_kind_of_change_is_detected(change: Change, how: InputChangeKind, folder: Path) -> None:
    assert change_of(PLAIN, folder, "film.ts", change) == ("film.ts", how)


INPUTS = [
    ("-f concat -safe 0 -i IN/list.txt -c copy IN/out/o.ts", "list.txt"),
    ("-f concat -safe 0 -i IN/list.txt -c copy IN/out/o.ts", "part 2.ts"),
    ("-i IN/index.m3u8 -c copy IN/out/o.ts", "part 2.ts"),
    ("-i concat:IN/film.ts|IN/part%202.ts -c copy IN/out/o.ts", "part 2.ts"),
    ("-i file:IN/film.ts -c copy IN/out/o.ts", "film.ts"),
    ("-i cache:IN/film.ts -c copy IN/out/o.ts", "film.ts"),
    ("-i IN/film.ts -i IN/words.srt -c copy IN/out/o.mkv", "words.srt"),
    ("-i IN/film.ts -vf subtitles=IN/words.srt IN/out/o.mp4", "words.srt"),
    ("-i IN/film.ts -vf scale=2:2,subtitles=filename='IN/words.srt':force_style=x IN/out/o.mp4", "words.srt"),
    ("-i IN/film.ts -filter_complex movie=IN/part\\%201.ts[a];[0:v][a]overlay IN/out/o.mp4", "part 1.ts"),
    ("-f lavfi -i amovie=IN/film.ts IN/out/o.mp4", "film.ts"),
    ("-i IN/film.ts -attach IN/words.srt IN/out/o.mkv", "words.srt"),
    ("-i IN/film.ts -c copy IN/out/a.ts && -i IN/out/a.ts -i IN/words.srt IN/out/o.mkv", "words.srt"),
]


@pytest.mark.parametrize(("command", "name"), INPUTS)
def test_every_file_that_a_command_reads_is_compared(command: str, name: str, folder: Path) -> None:
    assert change_of(command, folder, name, append) == (name, InputChangeKind.GROWING)


SERIES = "-i IN/p[1]_%03d.png IN/out/o.mp4"
GLOB = "-pattern_type glob -i IN/p?1?_*.png IN/out/o.mp4"


@pytest.mark.parametrize(
    ("command", "name", "how"),
    [
        (SERIES, "p[1]_003.png", InputChangeKind.GROWING),
        (SERIES, "p[1]_002.png", InputChangeKind.CHANGED),
        (SERIES, "p[1]_005.png", None),  # behind a gap, where ffmpeg does not get to
        (SERIES, "p1_003.png", None),
        (GLOB, "p[1]_005.png", InputChangeKind.GROWING),
        (GLOB, "q[1]_005.png", None),
        ("-start_number 4 -i IN/p[1]_%03d.png IN/out/o.mp4", "p[1]_003.png", None),
        ("-start_number 4 -i IN/p[1]_%03d.png IN/out/o.mp4", "p[1]_005.png", InputChangeKind.GROWING),
    ],
)
def test_a_picture_series_is_compared_as_far_as_it_is_read(
    command: str, name: str, how: InputChangeKind | None, folder: Path
) -> None:
    found = change_of(command, folder, name, append)
    assert (None if found is None else found[1]) == how


@pytest.mark.parametrize(
    "harmless",
    [
        lambda path: path.chmod(0o600),
        lambda path: path.read_bytes(),
        lambda path: os.utime(path, ns=(1, path.stat().st_mtime_ns)),
        lambda path: os.link(path, path.with_name("second name")),
        lambda path: path.rename(path.with_name("third name")),
        lambda path: path.unlink(),
        lambda path: append(path.with_name("words.srt")),
    ],
)
def test_changes_without_new_content_are_ignored(harmless: Change, folder: Path) -> None:
    assert change_of(PLAIN, folder, "film.ts", harmless) is None


@pytest.mark.parametrize("unit", [100, 1_000_000, 10_000_000, 1_000_000_000, 2_000_000_000])
def test_a_time_rounded_by_the_file_system_is_the_same(unit: int, folder: Path) -> None:
    time = 1_700_000_001_987_654_321
    os.utime(folder / "film.ts", ns=(time, time))
    cut = time // unit * unit
    assert change_of(PLAIN, folder, "film.ts", lambda path: os.utime(path, ns=(cut, cut))) is None


def test_a_coarse_clock_does_not_hide_a_change(folder: Path) -> None:
    seconds = 1_700_000_000 * 1_000_000_000
    os.utime(folder / "film.ts", ns=(seconds, seconds))
    later = seconds + 1_000_000_000
    found = change_of(PLAIN, folder, "film.ts", lambda path: os.utime(path, ns=(later, later)))
    assert found == ("film.ts", InputChangeKind.CHANGED)


@pytest.mark.parametrize(
    ("age", "seconds"),
    [
        (0.5, 9.5),
        (-1.0, 10.0),
        (11.0, 0.0),
        (-3600.0, 0.0),
    ],  # the clock of a share may be ahead; a camera's may be wrong
)
def test_a_recently_changed_file_is_not_stable_yet(age: float, seconds: float, folder: Path) -> None:
    record = InputSnapshot.capture(planned(PLAIN, folder))
    now = (folder / "film.ts").stat().st_mtime + age
    assert record.seconds_until_stable(record.files, now) == pytest.approx(seconds, abs=0.01)
    assert record.seconds_until_stable([folder / "words.srt"], now) == 0
    record.close()


def test_series_and_list_entries_are_open_ended(folder: Path) -> None:
    for command, names in (
        (SERIES, {"p[1]_%03d.png"}),
        ("-f concat -safe 0 -i IN/list.txt -c copy IN/out/o.ts", {"part 1.ts", "part 2.ts"}),
        ("-i IN/index.m3u8 -c copy IN/out/o.ts", {"index.m3u8", "part 1.ts", "part 2.ts"}),
    ):
        record = InputSnapshot.capture(planned(command, folder))
        assert {path.name for path in record.open_ended} == names
        assert record.seconds_until_stable(record.open_ended, (folder / "part 2.ts").stat().st_mtime) > 5
        record.close()


@pytest.mark.parametrize(
    ("command", "how"),
    [
        # Spellings that aren't recognized as writing. Recognized ones are refused earlier.
        ("-i IN/film.ts -log_of_tomorrow IN/film.ts IN/out/o.mp4", InputChangeKind.WRITTEN),
        ("-i IN/film.ts -log_of_tomorrow 'IN/film.ts' IN/out/o.mp4", InputChangeKind.WRITTEN),
        ("-i IN/film.ts -vf tomorrow=IN/film.ts IN/out/o.mp4", InputChangeKind.WRITTEN),
        ("-i IN/film.ts -vf subtitles=IN/film.ts IN/out/o.mp4", InputChangeKind.GROWING),
        ("-i IN/film.ts -metadata comment=IN/film.ts IN/out/film.ts", InputChangeKind.GROWING),
    ],
)
def test_a_command_that_writes_to_its_input_is_blamed(
    command: str, how: InputChangeKind, folder: Path
) -> None:
    assert change_of(command, folder, "film.ts", append) == ("film.ts", how)
