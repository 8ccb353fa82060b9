"""Permissions set by the owner of a computer, also in a file that was written by hand."""

import json
import sys
from pathlib import Path

import pytest

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.services.permissions import Allowed, PermissionService


def service(folder: Path) -> PermissionService:
    return PermissionService(folder / "permissions.json", Allowed(), trusts_queue=False)


def test_what_is_chosen_is_kept(tmp_path: Path) -> None:
    service(tmp_path).allow_scripts(tmp_path)
    permissions = service(tmp_path).current()
    assert (permissions.scripts, permissions.read, permissions.write) == ((tmp_path,), None, None)
    service(tmp_path).forbid_scripts(tmp_path)
    assert service(tmp_path).current().scripts == ()


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("{oops", "line 1"),
        ("[]", "isn't an object"),
        ('{"read": "/media"}', "read: this isn't a list of folders"),
        ('{"read": [1]}', "read: this isn't a list of folders"),
        ('{"raed": ["/media"]}', "raed: there is no such setting"),
        ('{"write": ["media"]}', "write: “media” isn't a full path"),
    ],
)
def test_a_limit_that_is_not_understood_is_not_forgotten(tmp_path: Path, written: str, reason: str) -> None:
    (tmp_path / "permissions.json").write_text(written)
    with pytest.raises(UserError, match=reason):
        service(tmp_path).current()


@pytest.mark.skipif(sys.platform == "win32", reason="creating links needs a privilege on Windows")
def test_a_file_that_is_out_of_reach_is_not_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "permissions.json"
    file.symlink_to(tmp_path / "share" / "permissions.json")  # which is not mounted
    with pytest.raises(UserError, match="Can't read"):
        service(tmp_path).current()
    file.unlink()
    file.symlink_to(file)
    with pytest.raises(UserError, match="Can't read"):
        service(tmp_path).current()
    file.unlink()
    assert service(tmp_path).current().read is None


def test_some_limits_may_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "permissions.json").write_text(json.dumps({"read": [str(tmp_path)]}))
    assert service(tmp_path).current().read == (tmp_path,)
