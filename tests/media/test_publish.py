"""Outputs are published exactly once, and no user file is lost."""

import errno
import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.task import IfExists
from ffmate_desktop.media import publish, rename, temporaries
from ffmate_desktop.media.output_plan import OutputPlan
from ffmate_desktop.media.outputs import plan_outputs

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="the rules tested are those of POSIX file systems")


def planned(
    out: Path,
    epoch: int = 1,
    task: str = "0190a1b2-c3d4-7e5f",
    also: Sequence[str] = (),
    incarnation: int = 0xA,
) -> OutputPlan:
    steps = [["-i", str(out.parent / "source.mp4"), *also, str(out)]]
    return plan_outputs(steps, task=task, epoch=epoch, incarnation=incarnation, main_output=str(out))


def written(result: OutputPlan, content: bytes = b"new") -> OutputPlan:
    """Return a plan whose outputs have been written."""
    publish.make_folders(result)
    for output in result.outputs:
        output.temporary.write_bytes(content)
    return result


def set_of(out: Path, names: Sequence[str], epoch: int = 1) -> OutputPlan:
    """Return the plan of a set whose files have been written."""
    result = planned(out, epoch)
    publish.make_folders(result)
    for name in names:
        file = result.outputs[0].temporary / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"new")
    return result


def names_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("if_exists", IfExists)
def test_a_free_name_is_used(tmp_path: Path, if_exists: IfExists) -> None:
    result = written(planned(tmp_path / "new" / "out.mp4"))
    publish.sync(result)
    assert publish.publish(result, if_exists) == [tmp_path / "new" / "out.mp4"]
    assert names_in(tmp_path) == ["new/out.mp4"]


def test_a_taken_name_is_kept_unless_replace(tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    out.write_bytes(b"old")
    with pytest.raises(UserError, match=r"“.*out\.mp4” already exists\."):
        publish.publish(written(planned(out)), IfExists.FAIL)
    assert out.read_bytes() == b"old"
    assert publish.publish(written(planned(out)), IfExists.RENAME) == [tmp_path / "out-2.mp4"]
    assert publish.publish(written(planned(out)), IfExists.RENAME) == [tmp_path / "out-3.mp4"]
    assert out.read_bytes() == b"old"
    assert publish.publish(written(planned(out)), IfExists.REPLACE) == [out]
    assert out.read_bytes() == b"new"
    assert names_in(tmp_path) == ["out-2.mp4", "out-3.mp4", "out.mp4"]


@POSIX
def test_a_name_with_a_broken_link_is_taken(tmp_path: Path) -> None:
    (tmp_path / "out.mp4").symlink_to(tmp_path / "nothing")
    with pytest.raises(UserError, match="already exists"):
        publish.publish(written(planned(tmp_path / "out.mp4")), IfExists.FAIL)
    assert not (tmp_path / "nothing").exists()


@POSIX
def test_replace_replaces_a_link_and_not_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "precious.mp4").write_bytes(b"old")
    (tmp_path / "out.mp4").symlink_to(tmp_path / "precious.mp4")
    publish.publish(written(planned(tmp_path / "out.mp4")), IfExists.REPLACE)
    assert (tmp_path / "precious.mp4").read_bytes() == b"old"
    assert (tmp_path / "out.mp4").read_bytes() == b"new"


@POSIX
@pytest.mark.parametrize("name", ["out.mp4", "f_%d.png"])
def test_a_planted_link_is_not_followed(tmp_path: Path, name: str) -> None:
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "f_1.png").write_bytes(b"precious")
    result = planned(tmp_path / name)
    temporary = result.outputs[0].temporary
    temporary.symlink_to(tmp_path / "else")
    publish.make_folders(result)
    assert not temporary.is_symlink()
    assert names_in(tmp_path / "else") == ["f_1.png"]


def test_replace_refuses_a_folder_and_an_input(tmp_path: Path) -> None:
    (tmp_path / "source.mp4").write_bytes(b"film")
    result = written(planned(tmp_path / "out.mp4"))
    (tmp_path / "out.mp4").mkdir()
    with pytest.raises(UserError, match="is a folder"):
        publish.publish(result, IfExists.REPLACE)
    (tmp_path / "out.mp4").rmdir()
    os.link(tmp_path / "source.mp4", tmp_path / "out.mp4")  # made while the task was running
    with pytest.raises(UserError, match="would overwrite its own input"):
        publish.publish(result, IfExists.REPLACE)
    assert (tmp_path / "source.mp4").read_bytes() == b"film"


@pytest.mark.parametrize("pattern", ["f_%03d.png", "f_%d.png", "*.png", "f_[0-9]*.png"])
def test_replace_refuses_a_picture_of_the_series_that_is_read(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "f_001.png").write_bytes(b"photo")
    result = plan_outputs(
        [["-i", str(tmp_path / pattern), str(tmp_path / "f_%04d.png")]],
        task="0",
        epoch=1,
        incarnation=1,
        main_output="",
    )
    publish.make_folders(result)
    (result.outputs[0].temporary / "f_001.png").write_bytes(b"new")
    with pytest.raises(UserError, match="would overwrite its own input"):
        publish.publish(result, IfExists.REPLACE)
    assert (tmp_path / "f_001.png").read_bytes() == b"photo"


def test_a_name_that_fills_the_limit_gets_its_number_too(tmp_path: Path) -> None:
    out = tmp_path / ("n" * 251 + ".mp4")
    published = [publish.publish(written(planned(out)), IfExists.RENAME)[0].name for _ in range(3)]
    assert published == [out.name, "n" * 249 + "-2.mp4", "n" * 249 + "-3.mp4"]


def test_racing_sets_all_get_published(tmp_path: Path) -> None:
    names = [f"f_{number:03}.png" for number in range(20)]
    for round_number in range(5):
        folder = tmp_path / str(round_number)
        plans = [set_of(folder / "f_%03d.png", names, epoch=epoch) for epoch in range(1, 5)]
        with ThreadPoolExecutor(4) as pool:
            start = threading.Barrier(4)
            published = [*pool.map(lambda plan: _race(start, plan, IfExists.RENAME), plans)]  # noqa: B023 - has run
        assert {len(paths) for paths in published} == {20}
        assert len(names_in(folder)) == len({path for paths in published for path in paths}) == 80


@pytest.mark.parametrize("if_exists", [IfExists.FAIL, IfExists.RENAME])
def test_racing_publishers_never_share_a_name(tmp_path: Path, if_exists: IfExists) -> None:
    for round_number in range(20):
        folder = tmp_path / str(round_number)
        plans = [
            written(planned(folder / "out.mp4", task=f"{n:012d}"), f"from {n}".encode()) for n in range(8)
        ]
        with ThreadPoolExecutor(8) as pool:
            start = threading.Barrier(8)
            racers = [pool.submit(_race, start, result, if_exists) for result in plans]
        got = [path for racer in racers for path in racer.result()]
        assert len(set(got)) == len(got) == (1 if if_exists is IfExists.FAIL else 8)
        assert len({path.read_bytes() for path in got}) == len(got)


def _race(start: threading.Barrier, result: OutputPlan, if_exists: IfExists) -> list[Path]:
    start.wait()
    try:
        return publish.publish(result, if_exists)
    except UserError:
        return []


@POSIX
@pytest.mark.parametrize("way", [rename._link, rename._reserve_and_replace])
def test_every_way_of_taking_a_name_refuses_a_taken_one(tmp_path: Path, way: object) -> None:
    assert callable(way)
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_bytes(b"new")
    target.write_bytes(b"old")
    with pytest.raises(FileExistsError):
        way(source, target)
    assert source.read_bytes() == b"new" and target.read_bytes() == b"old"
    target.unlink()
    way(source, target)
    assert target.read_bytes() == b"new" and not source.exists()


def test_a_set_moves_whole_and_its_list_last(tmp_path: Path) -> None:
    result = set_of(tmp_path / "a.m3u8", ["a.m3u8", "a1.ts", "sub/a2.ts"])
    publish.sync(result)
    assert publish.publish(result, IfExists.FAIL) == [
        tmp_path / name for name in ("a1.ts", "sub/a2.ts", "a.m3u8")
    ]
    assert names_in(tmp_path) == ["a.m3u8", "a1.ts", "sub/a2.ts"]
    assert not result.outputs[0].temporary.exists()


def test_one_taken_name_moves_the_whole_set_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "f_2.png").write_bytes(b"old")
    with pytest.raises(UserError, match=r"f_2\.png” already exists"):
        publish.publish(set_of(tmp_path / "f_%d.png", ["f_1.png", "f_2.png"]), IfExists.FAIL)
    assert not (tmp_path / "f_1.png").exists()
    result = set_of(tmp_path / "f_%d.png", ["f_1.png", "f_2.png"], epoch=2)
    assert publish.publish(result, IfExists.RENAME) == [
        tmp_path / "f-2" / "f_1.png",
        tmp_path / "f-2" / "f_2.png",
    ]
    result = set_of(tmp_path / "f_%d.png", ["f_1.png", "f_2.png"], epoch=3)
    publish.publish(result, IfExists.REPLACE)
    assert (tmp_path / "f_2.png").read_bytes() == b"new"


def test_a_set_that_meets_a_folder_midway_is_moved_back(tmp_path: Path) -> None:
    (tmp_path / "source.mp4").write_bytes(b"film")
    result = set_of(tmp_path / "f_%d.png", ["f_1.png", "f_2.png", "z/f_3.png"])
    (tmp_path / "z").write_bytes(b"a file where the set has a folder")
    with pytest.raises(UserError):
        publish.publish(result, IfExists.FAIL)
    assert names_in(tmp_path / result.outputs[0].temporary.name) == ["f_1.png", "f_2.png", "z/f_3.png"]
    assert not (tmp_path / "f_1.png").exists()


def test_each_removal_only_removes_files_of_dead_claims(tmp_path: Path) -> None:
    own, older, higher = "3-00000a-out.mp4", ["1-00000a-out.mp4", "2-00000b/seg.ts"], "4-00000a-out.mp4"
    twin = "3-00000b-out.mp4"  # of a claim that a failover forgot, or of the one that it did not
    beginning = ".ffd-0190a1b2c3d4-"
    others = [".ffd-ffffffffffff-1-00000a-out.mp4", "out.mp4"]

    def left_by(removal: Callable[[OutputPlan], None]) -> list[str]:
        for name in [*(beginning + name for name in (own, *older, higher, twin)), *others]:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(b"x")
        removal(planned(tmp_path / "out.mp4", epoch=3))
        names = names_in(tmp_path)
        assert [name for name in names if not name.startswith(beginning)] == others
        return [name.removeprefix(beginning) for name in names if name.startswith(beginning)]

    assert left_by(temporaries.discard) == [*older, twin, higher]
    assert left_by(temporaries.discard_older) == [own, twin, higher]
    assert left_by(temporaries.discard_rivals) == [own, higher]
    assert left_by(lambda _: check_leftovers(tmp_path)) == [higher]
    temporaries.discard(planned(tmp_path / "gone" / "out.mp4"))  # nothing there is nothing to do


def check_leftovers(folder: Path) -> None:
    """What an ended task left up to epoch 3: two files and a folder, and the twin of the last."""
    assert temporaries.discard_leftovers("0190a1b2-c3d4-7e5f", 3, [folder]) == (4, True)


def test_two_nodes_with_one_epoch_write_two_files_and_publish_one(tmp_path: Path) -> None:
    """After failover to a standby that doesn't know the first claim."""
    forgotten = written(planned(tmp_path / "out.mp4", incarnation=1), b"forgotten")
    holder = written(planned(tmp_path / "out.mp4", incarnation=2), b"holder")
    assert forgotten.outputs[0].temporary.read_bytes() == b"forgotten"
    temporaries.discard_rivals(holder)
    publish.publish(holder, IfExists.RENAME)
    with pytest.raises(UserError, match="is gone"):
        publish.publish(forgotten, IfExists.RENAME)
    assert names_in(tmp_path) == ["out.mp4"]
    assert (tmp_path / "out.mp4").read_bytes() == b"holder"


def test_a_lost_claim_does_not_touch_the_holders_file(tmp_path: Path) -> None:
    """The epoch of the holder may even be lower, after a failover."""
    holder = written(planned(tmp_path / "out.mp4", epoch=2, incarnation=2))
    temporaries.discard(written(planned(tmp_path / "out.mp4", epoch=3, incarnation=1)))
    assert publish.publish(holder, IfExists.FAIL) == [tmp_path / "out.mp4"]


def test_a_zombie_finds_nothing_to_publish(tmp_path: Path) -> None:
    zombie = written(planned(tmp_path / "out.mp4", epoch=1), b"zombie")
    owner = written(planned(tmp_path / "out.mp4", epoch=2), b"owner")
    temporaries.discard_older(owner)
    publish.publish(owner, IfExists.REPLACE)
    with pytest.raises(UserError, match="is gone"):
        publish.publish(zombie, IfExists.REPLACE)
    assert (tmp_path / "out.mp4").read_bytes() == b"owner"


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (
            errno.EFBIG,
            "The file system of “/f/o.mp4” doesn't allow files of this size. Choose another disk (not FAT).",
        ),
        (errno.EROFS, "The disk of “/f/o.mp4” is read-only. Choose another folder, or mount it for writing."),
        (errno.ENOSPC, "There is no space left on the disk of “/f/o.mp4”. Free some space, then restart the task."),
        (errno.ENOENT, "The folder of “/f/o.mp4” is gone. Is its disk or network share still connected?"),
    ],
)  # fmt: skip
def test_errors_are_explained_in_sentences(number: int, sentence: str) -> None:
    told = publish.explain(OSError(number, os.strerror(number)), Path("/f/o.mp4"))
    assert str(told).replace("\\", "/") == sentence


def test_a_folder_that_cannot_be_written_is_noticed(tmp_path: Path) -> None:
    publish.check_writable(tmp_path)
    assert names_in(tmp_path) == []
    with pytest.raises(UserError):
        publish.check_writable(tmp_path / "missing")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError):
        publish.make_folders(planned(tmp_path / "file" / "out.mp4"))


@POSIX
def test_a_folder_of_another_user_is_reported(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    user = os.geteuid()
    if user == 0:  # root may write everywhere
        os.seteuid(65534)
    try:
        with pytest.raises(UserError, match="isn't allowed to write"):
            publish.check_writable(tmp_path)
        with pytest.raises(UserError, match="isn't allowed to write"):
            publish.make_folders(planned(tmp_path / "sub" / "out.mp4"))
    finally:
        os.seteuid(user)
        tmp_path.chmod(0o700)


def test_a_link_among_the_files_of_a_set_is_not_followed(tmp_path: Path) -> None:
    """An exploited decoder could create one, so that the node accesses files that ffmpeg can't."""
    secret, folder = tmp_path / "secret", tmp_path / "set"
    (folder / "v").mkdir(parents=True)
    (secret / "below").mkdir(parents=True)
    (secret / "key.m3u8").write_text("secret")
    (folder / "v" / "list.m3u8").write_text("#EXTM3U")
    (folder / "key.m3u8").symlink_to(secret / "key.m3u8")
    (folder / "w").symlink_to(secret)
    assert publish.files_below(folder) == [folder / "v" / "list.m3u8"]
