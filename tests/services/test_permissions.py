"""What the owner allowed: where it is kept, what holds by default, and that nothing is forgotten by mistake."""

from pathlib import Path

import pytest

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.permissions import Permissions
from ffmate_desktop.services.permissions import Allowed, PermissionService


def service(file: Path, from_settings: Allowed | None = None, *, trusts: bool = False) -> PermissionService:
    return PermissionService(file, from_settings or Allowed(), trusts_queue=trusts)


def test_by_default_a_shared_queue_runs_no_scripts_and_an_own_one_any(tmp_path: Path) -> None:
    file = tmp_path / "permissions.json"
    assert service(file).current() == Permissions(scripts=(), read=None, write=None)
    assert service(file, trusts=True).current() == Permissions(scripts=None, read=None, write=None)
    named = service(file, Allowed(scripts=(tmp_path,)), trusts=True)
    assert named.current().scripts == (tmp_path,)


def test_a_choice_holds_at_once_and_for_the_next_start(tmp_path: Path) -> None:
    file = tmp_path / "data" / "permissions.json"
    folder = tmp_path / "scripts"
    folder.mkdir()
    chosen = service(file, Allowed(write=(tmp_path,)))
    chosen.allow_scripts(folder)
    chosen.allow_scripts(folder)
    assert chosen.current() == Permissions(scripts=(folder,), read=None, write=(tmp_path,))
    assert service(file).current().scripts == (folder,)
    chosen.forbid_scripts(folder)
    assert service(file).current().scripts == ()
    assert [path.name for path in file.parent.iterdir()] == ["permissions.json"]


def test_what_cannot_be_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    chosen = service(tmp_path / "permissions.json")
    with pytest.raises(UserError, match="doesn't exist"):
        chosen.allow_scripts(tmp_path / "none")
    with pytest.raises(UserError, match="isn't a full path"):
        chosen.choose(Allowed(read=(Path("relative"),)))
    (tmp_path / "file").write_text("")
    blocked = service(tmp_path / "file" / "permissions.json")
    with pytest.raises(UserError, match="can't be saved"):
        blocked.allow_scripts(tmp_path)
    assert blocked.current().scripts == ()


@pytest.mark.parametrize("text", ["{", "[1]", '{"read": 3}', '{"scripts": [null]}'])
def test_a_damaged_file_is_no_permission(tmp_path: Path, text: str) -> None:
    file = tmp_path / "permissions.json"
    file.write_text(text)
    with pytest.raises(UserError, match="Can't read"):
        service(file, trusts=True).current()


def test_the_question_says_who_could_run_what(tmp_path: Path) -> None:
    file = tmp_path / "permissions.json"
    assert "Everyone who can write to the queue's database" in service(file).question(tmp_path)
    assert "Only tasks from this computer" in service(file, trusts=True).question(tmp_path)
