"""The password file of libpq: which line fits, and that one which others may read is not used."""

import os
from pathlib import Path

import pytest

from ffmate_desktop.db.connection.address import Address, Host
from ffmate_desktop.db.connection.password_file import find_password, readable_by_others

FILE = r"""
# host:port:database:user:password
db.example:5432:films:anna:plain
db.example:*:films:berta:with:colons
db.example:5432:*:clara:esc\:aped\\
[::1]:5432:films:anna:brackets
\:\:1:5432:films:anna:six
localhost:5432:films:anna:socket
/run/pg:5432:films:dora:folder
too:few:fields
*:*:*:emil:
*:*:*:anna:any
"""


def address(file: Path, user: str = "anna", *hosts: Host) -> Address:
    return Address(hosts or (Host("db.example", 5432),), user, "films", password_file=str(file))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pgpass"
    path.write_text(FILE)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("host", "user", "password"),
    [
        (Host("db.example", 5432), "anna", "plain"),
        (Host("db.example", 9), "anna", "any"),
        (Host("db.example", 9), "berta", "with:colons"),
        (Host("db.example", 5432), "clara", "esc:aped\\"),
        (Host("::1", 5432), "anna", "six"),
        (Host("", 5432), "anna", "socket"),
        (Host("/run/pg", 5432), "dora", "folder"),
        (Host("db.example", 5432), "emil", ""),
        (Host("db.example", 5432), "nobody", ""),
    ],
)
def test_the_first_line_that_fits(file: Path, host: Host, user: str, password: str) -> None:
    assert find_password(address(file, user, host), host) == password


@pytest.mark.skipif(os.name == "nt", reason="Windows has access lists instead of permission bits")
def test_a_file_that_others_may_read_is_not_used(file: Path) -> None:
    assert readable_by_others(address(file)) is None
    file.chmod(0o640)
    assert readable_by_others(address(file)) == file
    assert find_password(address(file), Host("db.example", 5432)) == ""


def test_without_a_file_there_is_no_password(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        assert find_password(address(path), Host("db.example", 5432)) == ""
        assert readable_by_others(address(path)) is None


def test_the_usual_place(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = file.parent / "postgresql" if os.name == "nt" else file.parent
    home.mkdir(exist_ok=True)
    file.rename(home / ("pgpass.conf" if os.name == "nt" else ".pgpass"))
    monkeypatch.setenv("APPDATA", str(file.parent))
    monkeypatch.setenv("HOME", str(file.parent))
    host = Host("db.example", 5432)
    assert find_password(Address((host,), "anna", "films"), host) == "plain"
