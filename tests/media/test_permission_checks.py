"""Every way around the owner's choice of scripts is blocked."""

import os
import sys
from pathlib import Path

import pytest

from ffmate_desktop.domain.errors import RetryElsewhereError
from ffmate_desktop.domain.permissions import Permissions
from ffmate_desktop.media.permission_checks import is_within, permitted_script

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no POSIX links and file modes")


@pytest.fixture
def allowed(tmp_path: Path) -> Path:
    folder = tmp_path / "allowed"
    (folder / "below").mkdir(parents=True)
    for place in (folder, folder / "below", tmp_path):
        script(place)
    return folder


def script(folder: Path, name: str = "run.sh") -> Path:
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_a_script_in_the_folder_or_below_runs(allowed: Path) -> None:
    permissions = Permissions(scripts=(allowed,))
    assert permitted_script(permissions, f"{allowed}/run.sh") == allowed / "run.sh"
    assert permitted_script(permissions, f"{allowed}/below/../below/run.sh") == allowed / "below" / "run.sh"


def test_a_linked_folder_allows_its_target(allowed: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(allowed)
    assert permitted_script(Permissions(scripts=(link,)), f"{allowed}/run.sh")
    # What is started is what was checked, not the name that may lead elsewhere a moment later.
    assert permitted_script(Permissions(scripts=(allowed,)), f"{link}/run.sh") == allowed / "run.sh"


@pytest.mark.parametrize(
    "name",
    [
        "../run.sh",
        "below/../../run.sh",
        "link.sh",
        "linked/run.sh",
        "missing.sh",
        "below",
        "run.sh/../../run.sh",
    ],
)
def test_a_script_outside_the_folder_does_not_run(allowed: Path, tmp_path: Path, name: str) -> None:
    (allowed / "link.sh").symlink_to(tmp_path / "run.sh")
    (allowed / "linked").symlink_to(tmp_path)
    with pytest.raises(RetryElsewhereError):
        permitted_script(Permissions(scripts=(allowed,)), f"{allowed}/{name}")


def test_a_folder_with_the_same_name_prefix_is_another_folder(allowed: Path, tmp_path: Path) -> None:
    (tmp_path / "allowed too").mkdir()
    other = script(tmp_path / "allowed too")
    with pytest.raises(RetryElsewhereError, match="isn't in a folder that this computer runs scripts from"):
        permitted_script(Permissions(scripts=(allowed,)), str(other))


@pytest.mark.parametrize("program", ["/bin/sh", "/usr/bin/env", sys.executable])
def test_an_interpreter_is_not_an_allowed_script(allowed: Path, program: str) -> None:
    with pytest.raises(RetryElsewhereError, match="isn't in a folder that this computer runs scripts from"):
        permitted_script(Permissions(scripts=(allowed,)), program)


def test_no_folders_allow_nothing_and_no_limit_allows_everything(allowed: Path) -> None:
    with pytest.raises(RetryElsewhereError, match="doesn't run scripts"):
        permitted_script(Permissions(), f"{allowed}/run.sh")
    assert permitted_script(Permissions(scripts=None), f"{allowed}/run.sh")


@pytest.mark.parametrize("what", ["below/run.sh", "below", "."])
def test_a_script_that_everyone_can_change_does_not_run(allowed: Path, what: str) -> None:
    path = allowed / what
    path.chmod(path.stat().st_mode | 0o002)
    with pytest.raises(RetryElsewhereError, match="Everyone on this computer can change"):
        permitted_script(Permissions(scripts=(allowed,)), f"{allowed}/below/run.sh")


def test_folders_are_compared_by_identity_not_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "Media"
    folder.mkdir()
    if os.path.exists(tmp_path / "media"):  # noqa: PTH110 - a volume that is blind to case
        assert is_within(tmp_path / "MEDIA" / "film.mov", (tmp_path / "media",))
    assert is_within(folder / "new" / "film.mov", (folder / ".." / "Media",))
    assert not is_within(folder / ".." / "film.mov", (folder,))
    assert not is_within(folder, (tmp_path / "no such folder",))
