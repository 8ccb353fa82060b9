"""One PostgreSQL server on one private folder: create its cluster, start, inspect and stop it."""

import contextlib
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil

from ffmate_desktop.db.embedded.account import WINDOWS, as_account, user_id
from ffmate_desktop.db.embedded.binaries import cluster_version, find_binaries, program
from ffmate_desktop.db.embedded.environment import server_environment
from ffmate_desktop.db.embedded.home import Home, make_database_folder
from ffmate_desktop.db.embedded.libraries import bring_libraries
from ffmate_desktop.db.embedded.locks import open_for_folder_owner, overwrite_private
from ffmate_desktop.domain.errors import UserError

DATABASE = "ffmate"
_PORT = 5432  # of the Unix socket: only a part of its name
# The shortest limit of a socket's path among our systems is 104 bytes with the closing zero (macOS).
_SOCKET_FOLDER_LIMIT = 103 - len("/.s.PGSQL.5432")
_LOG_LIMIT, _LOG_KEPT = 5_000_000, 500_000  # bytes

# Passed on the command line, so that they also apply to clusters of older versions of this program.
_SETTINGS = {
    "max_connections": "100",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_checkpoints": "off",
    "idle_in_transaction_session_timeout": "60s",
    # Small queries on one machine: no parallel workers (they need /dev/shm, tiny in containers), no replication.
    "max_parallel_workers_per_gather": "0",
    "max_logical_replication_workers": "0",
}
_SETTINGS_SINCE_18 = {"io_method": "sync"}


@dataclass(frozen=True)
class RunningServer:
    """A live server of a home. `phase` is its own term: starting, ready, stopping."""

    pid: int
    phase: str
    port: int
    socket_folder: str

    @property
    def ready(self) -> bool:
        """Whether it accepts connections."""
        return self.phase == "ready"


def find_running(home: Home) -> RunningServer | None:
    """The live server of this home, or None.

    postmaster.pid alone proves nothing: it remains after a crash, and another process may have its number by then.
    """
    pid_file = home.cluster / "postmaster.pid"
    try:
        lines = pid_file.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        pid = int(lines[0])
    except (FileNotFoundError, ValueError, IndexError):
        return None
    if not _serves(pid, home.cluster):
        return None
    if len(lines) < 8:  # written line by line while it starts
        return RunningServer(pid, "starting", 0, "")
    return RunningServer(pid, lines[7].strip(), int(lines[3]), lines[4])


def _serves(pid: int, cluster: Path) -> bool:
    try:
        process = psutil.Process(pid)
        words = process.cmdline() if process.name().startswith("postgres") else []
        # Compare folders, not texts: file systems may ignore case and Unicode normalization.
        return "-D" in words and cluster.samefile(words[words.index("-D") + 1])
    except (psutil.Error, OSError):  # gone, a zombie, or a process of another user or folder
        return False


def uri(home: Home, running: RunningServer) -> str:
    """The address of the server's database `ffmate`, for asyncpg and libpq."""
    if WINDOWS:
        password = quote(_password_file(home).read_text(encoding="ascii"), safe="")
        return f"postgresql://{DATABASE}:{password}@127.0.0.1:{running.port}/{DATABASE}?sslmode=disable"
    folder = quote(running.socket_folder, safe="/")
    return f"postgresql://{DATABASE}@/{DATABASE}?host={folder}&port={running.port}&sslmode=disable"


def initialise(home: Home, binaries: Path) -> None:
    """Create the cluster completely or not at all: in a temporary folder that is then renamed.

    Needs the start lock. Raises UserError (no space, no name for this user) with initdb's output.
    """
    for leftover in home.folder.glob("cluster.new-*"):
        shutil.rmtree(leftover)
    temporary = home.folder / f"cluster.new-{secrets.token_hex(4)}"
    command = [program(binaries, "initdb"), "-D", str(temporary), "-U", DATABASE, "--encoding=UTF8"]
    command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
    if WINDOWS:
        overwrite_private(_password_file(home), secrets.token_urlsafe(32))
        command += ["--auth=scram-sha-256", f"--pwfile={_password_file(home)}"]
    else:
        # Only the owner of the folder, and root, can reach the socket.
        command += ["--auth=trust"]
    identity = as_account(home.account)
    done = subprocess.run(
        command, **identity, env=_environment(home, binaries), cwd=home.folder, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    if done.returncode:
        raise _init_error(home, done.stdout.decode(errors="replace"))
    temporary.rename(home.cluster)
    if not WINDOWS:
        folder = os.open(home.folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def _init_error(home: Home, output: str) -> UserError:
    if "No space left" in output:
        hint = "Free some space, or choose another folder with --data-dir."
        return UserError(f"There isn't enough space for the embedded database in {home.folder}.", hint)
    if "could not look up effective user ID" in output:
        return UserError(
            "PostgreSQL can't start for a user without a name on this system.",
            "Add the user to /etc/passwd, or give the address of a PostgreSQL server with --database.",
        )
    reason = " ".join(output.strip().splitlines()[-3:])
    return UserError(f"Can't create the embedded database in {home.folder}: {reason}")


def launch(home: Home, binaries: Path) -> Callable[[], object]:
    """Start the server; returns at once with a function that waits until it ends. Needs the keeper lock."""
    _clear_stale_files(home)
    rotate_log(home)
    if WINDOWS:
        return _launch_on_windows(home, binaries)
    sockets = f'"{socket_folder(home)}"'
    settings = _settings(home) | {"listen_addresses": "", "unix_socket_directories": sockets}
    descriptor = open_for_folder_owner(home.log, os.O_WRONLY | os.O_APPEND)
    try:
        return subprocess.Popen(
            [program(binaries, "postgres"), "-D", str(home.cluster), "-p", str(_PORT), *_options(settings)],
            **as_account(home.account), env=_environment(home, binaries), cwd=home.folder, stdin=subprocess.DEVNULL,
            stdout=descriptor, stderr=descriptor,
        ).wait  # fmt: skip
    finally:
        os.close(descriptor)


def _launch_on_windows(home: Home, binaries: Path) -> Callable[[], object]:
    """Use pg_ctl, which drops administrator rights, because PostgreSQL refuses to run with them."""
    settings = _settings(home) | {"listen_addresses": "127.0.0.1", "port": str(_free_port(home))}
    command = [program(binaries, "pg_ctl"), "start", "-w", "-t", "900", "-D", str(home.cluster)]
    command += ["-l", str(home.log), "-o", " ".join(_options(settings))]
    started = subprocess.run(
        command, env=_environment(home, binaries), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    running = find_running(home)
    if started.returncode or running is None:
        return lambda: None
    return psutil.Process(running.pid).wait


def _clear_stale_files(home: Home) -> None:
    """Remove files of a killed server: PostgreSQL would not start if another process has its number now."""
    if find_running(home) is not None:
        raise RuntimeError(f"a server on {home.cluster} is alive")
    (home.cluster / "postmaster.pid").unlink(missing_ok=True)
    if not WINDOWS:
        for left in socket_folder(home).glob(".s.PGSQL.*"):
            left.unlink(missing_ok=True)


def socket_folder(home: Home) -> Path:
    """The private folder for the Unix socket: the home, or a short one if its path is too long or has odd characters.

    Raises UserError if the short one belongs to another user.
    It is not under XDG_RUNTIME_DIR, which disappears when the user logs out, while a node may stay.
    """
    path = str(home.folder)
    short_enough = len(os.fsencode(path)) <= _SOCKET_FOLDER_LIMIT
    # A comma separates hosts in a URI, and folders in the setting. A quote is special in the setting, too.
    if WINDOWS or (short_enough and path.isprintable() and not set(path) & set(',"')):
        return home.folder
    uid = home.account.uid if home.account else user_id()
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    short = Path(f"/tmp/ffmate-{uid}-{digest}")  # noqa: S108 - private, its owner is checked
    make_database_folder(short, home.account)
    return short


def forget_socket(home: Home) -> None:
    """Remove the short folder, if there is one, after the server has ended."""
    folder = socket_folder(home)
    if folder != home.folder:
        with contextlib.suppress(OSError):  # not empty: another process may have a file in it
            folder.rmdir()


def request_stop(home: Home) -> None:
    """Ask a live server for a fast stop, which ends sessions and writes everything; does not wait."""
    running = find_running(home)
    if running is None:
        return
    if WINDOWS:
        binaries = find_binaries(home)
        command = [program(binaries, "pg_ctl"), "stop", "-W", "-m", "fast", "-D", str(home.cluster)]
        subprocess.run(command, env=_environment(home, binaries), capture_output=True, check=False)
    else:
        with contextlib.suppress(ProcessLookupError):
            os.kill(running.pid, signal.SIGINT)


def rotate_log(home: Home) -> None:
    """Limit the size of the log, even while the server writes to it: it appends, so truncating is safe."""
    with contextlib.suppress(FileNotFoundError, PermissionError):  # Windows refuses while it is open
        if home.log.stat().st_size > _LOG_LIMIT:
            with home.log.open("r+b") as file:
                file.seek(-_LOG_KEPT, os.SEEK_END)
                tail = file.read()
                file.truncate(0)
            with home.log.open("ab") as file:
                file.write(tail)


def log_size(home: Home) -> int:
    """Size of the log in bytes, for `log_since`."""
    return home.log.stat().st_size if home.log.exists() else 0


def log_since(home: Home, mark: int) -> str:
    """What was logged after the first `mark` bytes."""
    return home.log.read_bytes()[mark:].decode(errors="replace") if home.log.exists() else ""


def _password_file(home: Home) -> Path:
    return home.folder / "password"


def _settings(home: Home) -> dict[str, str]:
    return _SETTINGS | (_SETTINGS_SINCE_18 if (cluster_version(home) or 0) >= 18 else {})


def _options(settings: dict[str, str]) -> list[str]:
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def _environment(home: Home, binaries: Path) -> dict[str, str]:
    return server_environment(bring_libraries(home.libraries, binaries) if WINDOWS else None)


def _free_port(home: Home) -> int:
    """The previous port if it is free, so that addresses stay valid after a crash; otherwise any free port."""
    note = home.folder / "port"
    last = int(note.read_text(encoding="ascii")) if note.exists() else 0
    for candidate in (last, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", candidate))
            port = int(probe.getsockname()[1])
            note.write_text(str(port), encoding="ascii")
            return port
    raise UserError("There is no free network port for the embedded database.")
