"""Find ffmpeg, and refuse everything else."""

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import imageio_ffmpeg
import pytest

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.media import binaries
from ffmate_desktop.media.binaries import find_ffmpeg, list_encoders
from ffmate_desktop.media.processes.sandbox import kernel_support

if TYPE_CHECKING:
    from tests.expected_warnings import ExpectedWarnings

BUNDLED = Path(imageio_ffmpeg.get_ffmpeg_exe())

pytestmark = [
    pytest.mark.ffmpeg,
    pytest.mark.skipif(
        sys.platform == "win32",
        reason="shell scripts and links stand in for programs, and Windows can't start them",
    ),
]


@pytest.fixture
def only_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


async def test_an_explicit_ffmpeg_is_used(only_path: Path, tmp_path: Path) -> None:
    (only_path / "ffmpeg").symlink_to(BUNDLED)
    mine = tmp_path / "mine"
    mine.symlink_to(BUNDLED)
    found = await find_ffmpeg(mine)
    assert found.path == mine
    assert found.version in imageio_ffmpeg.get_ffmpeg_version()


async def test_a_relative_path_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").symlink_to(BUNDLED)
    monkeypatch.chdir(tmp_path)
    assert (await find_ffmpeg("./mine")).path == tmp_path / "mine"
    assert (await find_ffmpeg("mine")).path == tmp_path / "mine"


async def test_a_home_folder_and_a_name_on_path_are_understood(
    only_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (only_path / "ffmpeg7").symlink_to(BUNDLED)
    monkeypatch.setenv("HOME", str(only_path))
    assert (await find_ffmpeg("ffmpeg7")).path == only_path / "ffmpeg7"
    assert (await find_ffmpeg("~/ffmpeg7")).path == only_path / "ffmpeg7"


async def test_the_ffmpeg_on_path_is_preferred_over_the_bundled_one(only_path: Path) -> None:
    assert (await find_ffmpeg(None)).path == BUNDLED
    (only_path / "ffmpeg").symlink_to(BUNDLED)
    assert (await find_ffmpeg(None)).path == only_path / "ffmpeg"
    assert (await find_ffmpeg("")).path == only_path / "ffmpeg"


@pytest.mark.parametrize("text", ["exit 1", "echo some other program"])
async def test_the_bundled_ffmpeg_replaces_a_broken_one_on_path(
    only_path: Path, expected_warnings: "ExpectedWarnings", text: str
) -> None:
    expected_warnings.expect("Not using the ffmpeg on PATH")
    script(only_path / "ffmpeg", text)
    assert (await find_ffmpeg(None)).path == BUNDLED


async def refusal(path: str | Path) -> str:
    with pytest.raises(UserError) as caught:
        await find_ffmpeg(path)
    assert str(path) in caught.value.message
    assert caught.value.hint
    return caught.value.message


async def test_a_path_that_is_not_ffmpeg_is_refused_with_a_reason(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("not a program")
    assert "There is no ffmpeg" in await refusal(tmp_path / "missing")
    assert "There is no ffmpeg" in await refusal("no-such-ffmpeg")
    assert "is a folder" in await refusal(tmp_path)
    assert "isn't an executable program" in await refusal(text)
    text.chmod(0o755)
    assert "can't be started" in await refusal(text)
    assert "isn't an ffmpeg" in await refusal(shutil.which("true") or "")
    assert "ended with code 3" in await refusal(script(tmp_path / "fails", "echo ffmpeg version 9; exit 3"))


async def test_a_program_that_does_not_answer_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "PATIENCE", 0.1)
    assert "didn't answer" in await refusal(script(tmp_path / "hangs", "sleep 60"))
    assert "didn't answer" in await refusal(script(tmp_path / "talks", "while :; do echo y; done"))


async def test_without_any_ffmpeg_the_error_says_what_to_do(
    only_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "BUNDLE", only_path)  # the wheel of a computer for which there is none
    with pytest.raises(UserError, match="Can't find ffmpeg"):
        await find_ffmpeg(None)


async def test_a_bundled_ffmpeg_that_does_not_answer_is_named(
    only_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = script(tmp_path / "ffmpeg-killed", "kill -9 $$")
    monkeypatch.setattr(binaries, "BUNDLE", tmp_path)
    with pytest.raises(UserError, match=f"“{killed}” ended with code -9"):
        await find_ffmpeg(None)


@pytest.mark.skipif(not kernel_support().landlock, reason="this kernel has no Landlock")
async def test_an_ffmpeg_that_needs_privileges_is_not_confinable(tmp_path: Path) -> None:
    """Like the ffmpeg of a snap, which starts through a setuid program."""
    refuses = "grep -q 'NoNewPrivs:.*1' /proc/self/status && exit 46"
    snap = script(tmp_path / "ffmpeg", f'{refuses}; exec "{BUNDLED}" "$@"')
    assert not (await find_ffmpeg(snap)).confinable
    assert (await find_ffmpeg(BUNDLED)).confinable


async def test_the_encoders_are_listed_by_name() -> None:
    listed = await list_encoders(BUNDLED)
    assert {"libx264", "aac", "ffv1", "srt"} <= listed
    assert not {"=", "Encoders:", "------", "libx264rgb "} & listed
