"""Paths as text, under the rules of the system they come from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffmate_desktop.domain.paths import is_absolute, numbered_path, output_key


@pytest.mark.parametrize("path", ["/a", "C:\\a", "c:/a", "\\\\nas\\share\\a", "//nas/a"])
def test_absolute_on_any_system(path: str) -> None:
    assert is_absolute(path)


@pytest.mark.parametrize("path", ["a", "./a", "../a", "C:a", "a:b.mov", ""])
def test_relative_on_any_system(path: str) -> None:
    assert not is_absolute(path)


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("/a/b.mp4", "/a//./b.mp4"),
        ("/a/x/../b.mp4", "/a/b.mp4"),
        ("C:\\Out\\A.mp4", "c:/out/a.MP4"),
        ("\\\\NAS\\Media\\a.mp4", "\\\\nas\\media\\A.mp4"),
    ],
)
def test_one_file_has_one_key(path: str, other: str) -> None:
    assert output_key(path) == output_key(other)


@pytest.mark.parametrize(("path", "other"), [("/a/B.mp4", "/a/b.mp4"), ("/a", "/b"), ("/..a", "/a")])
def test_two_files_have_two_keys(path: str, other: str) -> None:
    assert output_key(path) != output_key(other)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a/b.mp4", "/a/b-2.mp4"),
        ("/a/b", "/a/b-2"),
        ("/a.b/.hidden", "/a.b/.hidden-2"),
        ("/a/.mp4", "/a/.2.mp4"),
        ("/a/.MOV", "/a/.2.MOV"),
        ("/a/.hidden.mp4", "/a/.hidden-2.mp4"),
        ("/a/b.tar.gz", "/a/b-2.tar.gz"),
        ("/a/.tar.gz", "/a/.2.tar.gz"),
        ("/a/b.2024.mp4", "/a/b.2024-2.mp4"),
        ("/a/b.", "/a/b-2."),
        ("/a/b..mp4", "/a/b.-2.mp4"),
        ("/a/...", "/a/...-2"),
        ("C:\\x\\b.c.mov", "C:\\x\\b.c-2.mov"),
    ],
)
def test_the_number_comes_before_the_extension(path: str, expected: str) -> None:
    assert numbered_path(path, 2) == expected


_NAME = st.characters(exclude_characters="/\0", exclude_categories=["Cs"])


@given(st.text(_NAME, min_size=1).filter(lambda name: name not in (".", "..")))
def test_numbered_names_differ_and_stay_in_their_folder(name: str) -> None:
    path = "/folder/" + name
    assert numbered_path(path, 2) != numbered_path(path, 3) != path
    assert numbered_path(path, 2).startswith("/folder/")


def test_a_number_never_makes_a_name_too_long() -> None:
    assert numbered_path("/a/" + "n" * 251 + ".mp4", 10) == "/a/" + "n" * 248 + "-10.mp4"
    assert len(numbered_path("/a/" + "日" * 83 + ".mp4", 2).removeprefix("/a/").encode()) <= 255
