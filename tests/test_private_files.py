"""The program's files are closed to other accounts, and paths that aren't regular files are refused at once."""

import asyncio
import json
import os
import socket
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ffmate_desktop.cli import window
from ffmate_desktop.db.ffmate_source import read_sqlite
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.media.log_capture import LogCapture
from ffmate_desktop.media.processes.leftovers import node_folder
from ffmate_desktop.private_files import make_data_folder, read_file
from ffmate_desktop.services.permissions import Allowed, PermissionService
from ffmate_desktop.settings.file import SettingsFile
from ffmate_desktop.settings.preferences import Preferences
from ffmate_desktop.settings.table import Settings
from tests.end_to_end.clerk import Clerk

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no POSIX permissions and pipes")

DATA_FOLDER = 0o711 if hasattr(os, "geteuid") and os.geteuid() == 0 else 0o700


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _broken_link(path: Path) -> None:
    path.symlink_to(path.with_name("missing"))


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(path))  # an absolute path may be too long


OTHER_KINDS: dict[str, Callable[[Path], None]] = {
    "a pipe": _pipe,
    "a device": _device,
    "a folder": Path.mkdir,
    "a broken link": _broken_link,
    "larger than 16 MiB": _huge,
    "a socket": _socket,
}


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_a_path_that_is_not_a_regular_file_is_reported_at_once(
    kind: str, clerk: Clerk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("settings.json", "permissions.json", "window.ini", "embedded-postgres.txt", "tasks.json"):
        OTHER_KINDS[kind](tmp_path / name)
    code, out, err = clerk.ask("version", "--data-dir", str(tmp_path))
    assert code == 0
    assert f"settings.json can't be read: it is {kind}" in err
    allowed = PermissionService(tmp_path / "permissions.json", Allowed(), trusts_queue=True)
    with pytest.raises(UserError, match=kind):
        allowed.current()
    for words in (("submit", "--from"), ("presets", "import")):
        if kind not in ("a folder", "larger than 16 MiB") or words[0] == "submit":
            code, out, err = clerk.ask(*words, str(tmp_path / "tasks.json"), "--data-dir", str(tmp_path))
            assert code in (1, 2), out
            assert kind.partition(" than")[0] in err or "There is no file" in err
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    with pytest.raises(UserError, match=f"window.ini can't be read: it is {kind}"):
        window.show(Settings(data_dir=tmp_path), [])


def test_limits_behind_a_broken_link_are_not_ignored(tmp_path: Path) -> None:
    """The link leads to a disk that isn't mounted, and a file is at the path of its folder."""
    (tmp_path / "disk").touch()
    (tmp_path / "permissions.json").symlink_to(tmp_path / "disk" / "permissions.json")
    with pytest.raises(UserError, match="a broken link"):
        PermissionService(tmp_path / "permissions.json", Allowed(), trusts_queue=True).current()


@pytest.mark.parametrize(
    "begins, sentence", [(b"", "isn't a SQLite database"), (b"SQLite format 3\0", "There isn't enough space")]
)
def test_an_import_copies_no_file_that_would_fill_the_disk(
    tmp_path: Path, begins: bytes, sentence: str
) -> None:
    source = tmp_path / "ffmate.sqlite"
    with source.open("wb") as file:
        file.write(begins)
        file.truncate(8 << 40)
    with pytest.raises(UserError, match=sentence):
        read_sqlite(source)


def test_an_import_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ffmate.sqlite")) as database:
        database.execute("CREATE TABLE presets (name TEXT)")
    os.mkfifo(tmp_path / "ffmate.sqlite-wal")
    assert read_sqlite(tmp_path / "ffmate.sqlite") == {"presets": []}


def test_a_pipe_of_the_shell_is_read(clerk: Clerk, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"[1]")
    os.close(writing)
    assert json.loads(read_file(Path(f"/dev/fd/{reading}"), pipes=True)) == [1]
    os.close(reading)


def test_a_new_data_folder_is_private_to_its_owner(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        data = tmp_path / "a" / "data"
        make_data_folder(data, own=False)
        SettingsFile(data).save(Preferences())
        PermissionService(data / "permissions.json", Allowed(), trusts_queue=True).choose(Allowed())
        asyncio.run(_write_logs_and_work_folder(data))
    finally:
        os.umask(before)
    assert _mode(data) == DATA_FOLDER
    open_to_others = {str(path): oct(_mode(path)) for path in data.rglob("*") if _mode(path) & 0o077}
    assert open_to_others == {}
    assert _mode(tmp_path / "a") == 0o777, "parent folders are not touched"


async def _write_logs_and_work_folder(data: Path) -> None:
    log = LogCapture(data / "logs" / "tasks" / "x-1.log")
    log.feed(b"words\n")
    await log.close()
    async with node_folder(data / "work") as folder:
        assert _mode(folder.path) == 0o700
        assert _mode(data / "work") == 0o700


def test_only_files_that_older_releases_left_open_are_closed(tmp_path: Path) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "logs of a farm"
    for folder in (data, elsewhere, data / "logs", data / "logs" / "tasks", data / "mine"):
        folder.mkdir()
        folder.chmod(0o755)
    (data / "work").symlink_to(elsewhere)
    for name in ("settings.json", "permissions.json", "window.ini", "notes.txt"):
        (data / name).touch()
        (data / name).chmod(0o664)
    make_data_folder(data, own=False)
    assert [_mode(data / name) for name in ("logs", "logs/tasks")] == [0o700, 0o700]
    assert [_mode(data / name) for name in ("settings.json", "permissions.json", "window.ini")] == [0o600] * 3
    assert [_mode(data), _mode(data / "mine"), _mode(elsewhere)] == [0o755] * 3, (
        "the program did not create these"
    )
    assert _mode(data / "notes.txt") == 0o664
    make_data_folder(data, own=True)
    assert _mode(data) == DATA_FOLDER


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
