"""Which files of a watchfolder are queued, by name and size, the same on every operating system."""

import pytest

from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.watch_rules import FileRules, Pattern, is_ignored
from ffmate_desktop.domain.watchfolder import Extensions, FileFilter, Globs


def rules(
    *, include: tuple[str, ...] = (), exclude: tuple[str, ...] = (), globs: tuple[str, ...] = (),
    no_globs: tuple[str, ...] = (), size: int = 0, recursive: bool = True, outside: tuple[str, ...] = (),
) -> FileRules:  # fmt: skip
    wanted = FileFilter(
        extensions=Extensions(include=include, exclude=exclude),
        globs=Globs(include=globs, exclude=no_globs),
        min_size=size,
    )
    return FileRules(wanted, recursive=recursive, outside=outside)


def takes(these: FileRules, path: str, size: int = 10) -> bool:
    return not these.why_not(path, path.rpartition("/")[2], size)


def test_without_rules_every_media_file_is_queued() -> None:
    assert [
        path for path in ("a.mov", "B.MXF", "c/d.Mp4", "e.txt", "f", "g.mov.txt") if takes(rules(), path)
    ] == [
        "a.mov",
        "B.MXF",
        "c/d.Mp4",
    ]


def test_extensions_in_any_case_with_or_without_point() -> None:
    for word in ("mov", ".mov", "MOV", "*.mov"):
        assert takes(rules(include=(word,)), "A.Mov")
        assert not takes(rules(include=(word,)), "a.mp4")
        assert not takes(rules(exclude=(word,)), "a.MOV")
    assert takes(rules(include=("*",)), "a.dat")
    # FFmate forgets the first when there is the second
    both = rules(include=("mov", "mp4"), exclude=("mp4",))
    assert takes(both, "a.mov") and not takes(both, "a.mp4") and not takes(both, "a.mxf")


def test_an_extension_or_a_pattern_includes() -> None:
    either = rules(include=("mov",), globs=("camera */*.dat",))
    assert takes(either, "x.mov") and takes(either, "Camera 1/x.dat")
    assert not takes(either, "x.dat") and not takes(either, "camera 1/deep/x.dat")


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("*.mov", "a/b.MOV", True),
        ("a?.mov", "ab.mov", True),
        ("a?.mov", "a.mov", False),
        ("a/*.mov", "a/b.mov", True),
        ("a/*.mov", "x/a/b.mov", False),
        ("a/*.mov", "a/x/b.mov", False),
        ("a\\*.mov", "A/b.mov", True),
        ("**/b.mov", "b.mov", True),
        ("**/b.mov", "x/y/b.mov", True),
        ("a/**", "a/x/b.mov", True),
        ("[ab]_*.mov", "b_1.mov", True),
        ("[!ab]_*.mov", "b_1.mov", False),
        ("x+y(1).mov", "X+Y(1).mov", True),
        ("[", "[", True),
        ("stra\u00dfe.mov", "STRASSE.MOV", True),
        ("caf\u00e9.mov", "cafe\u0301.mov", True),
    ],
)
def test_patterns(glob: str, path: str, matches: bool) -> None:
    file_rules = rules(globs=(glob,))
    assert takes(file_rules, path) is matches


def test_invalid_patterns() -> None:
    with pytest.raises(UsageError):
        Pattern("[z-a]x")


def test_exclusion_wins_and_gives_the_reason() -> None:
    these = rules(include=("mov",), no_globs=("*_proxy.*",), size=100)
    assert these.why_not("a_proxy.mov", "a_proxy.mov", 1000) == "Excluded by the pattern *_proxy.*"
    assert these.why_not("a.mov", "a.mov", 99) == "Smaller than 100 bytes."
    assert these.why_not("a.mp4", "a.mp4", 1000) == "Not among the included files: .mov"
    assert these.why_not("a.mov", "a.mov", 100) == ""


def test_folders() -> None:
    these = rules(no_globs=("Proxies/", "a/b/"), outside=("done/2024",))
    assert these.enters("day", "day")
    assert not these.enters("x/proxies", "proxies")
    assert not these.enters("a/b", "b") and these.enters("x/a/b", "b")
    assert not these.enters("Done/2024", "2024") and these.enters("done", "done")
    for name in (".git", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"):
        assert not these.enters(name, name)
    assert not rules(recursive=False).enters("day", "day")


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.mov", "._a.mov", "a.mov.part", "a.mov.crdownload", "a.mov.!qB", "a.mov.filepart", "a.TMP",
        "a.mov.aria2", "~$a.mov", "Thumbs.db", "desktop.ini", "Unconfirmed 123.crdownload", "a.mov.partial",
        "a.download",
    ],
)  # fmt: skip
def test_unfinished_and_hidden_names(name: str) -> None:
    assert rules(include=("*",)).why_not(name, name, 10)


def test_our_own_names_and_locks_are_ignored() -> None:
    assert is_ignored(".ffd-0123-1-abc-a.mp4") and is_ignored("a.mov.lock")
    assert not is_ignored("a.mov") and not is_ignored("locket.mov")
