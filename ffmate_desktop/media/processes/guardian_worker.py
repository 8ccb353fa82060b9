"""The guardian: a small process that ends what a node started after the node has ended in any way. Linux and macOS.

It reads lines from standard input, a pipe whose other end only the node has: `=OWNER` once, then `+PID` and `-PID` of
group leaders. At the end of the pipe, it kills every listed group and session, every process with the owner's mark in
its environment, and all their descendants. Then it exits. It runs without site-packages, so it only imports the
standard library. The node uses its process table, too.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import NamedTuple

VARIABLE = "FFMATE_STARTED_BY"
"""Every process that a node starts has this variable: `OWNER#NUMBER`, without spaces."""

QUIET = 0.3
"""Seconds without a match after which everything has ended. New processes show their mark within a millisecond."""

PATIENCE = 60.0
"""Seconds after which processes that hang in the kernel are given up. The next node here tries again."""

_PS = ("-axwwE",) if sys.platform == "darwin" else ("axeww",)
_COLUMNS = "pid=,ppid=,pgid=,uid=,state=,lstart=,command="


class ProcessEntry(NamedTuple):
    """One process. `started` distinguishes processes with the same PID. `mark` is its VARIABLE, or empty."""

    pid: int
    parent: int
    group: int
    session: int
    zombie: bool
    started: str
    mark: str


ProcessTable = Mapping[int, ProcessEntry]


def with_descendants(table: ProcessTable, roots: Iterable[int]) -> set[int]:
    """Return these processes and all their descendants that are alive."""
    children: dict[int, list[int]] = {}
    for entry in table.values():
        children.setdefault(entry.parent, []).append(entry.pid)
    found: set[int] = set()
    pending = list(roots)
    while pending:
        pid = pending.pop()
        if pid not in found:
            found.add(pid)
            pending += children.get(pid, ())
    return {pid for pid in found if pid in table and not table[pid].zombie}


def processes_left_by(table: ProcessTable, owner: str, leaders: Mapping[int, str]) -> set[int]:
    """Return what a dead node left. `leaders` are the PIDs of its group leaders, with their start times.

    A PID stays taken while its group or session has members. So if another process has the PID of a leader, its group
    is empty.
    """
    numbers = {pid for pid, started in leaders.items() if pid not in table or table[pid].started == started}
    return with_descendants(
        table,
        [
            entry.pid
            for entry in table.values()
            if not numbers.isdisjoint((entry.pid, entry.group, entry.session))
            or entry.mark.startswith(f"{owner}#")
        ],
    )


if sys.platform != "win32":

    def _read(path: str) -> bytes:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                return os.read(descriptor, 1 << 20)
            finally:
                os.close(descriptor)
        except OSError:  # it has ended, or isn't ours
            return b""

    def read_proc() -> ProcessTable:
        """Return every process of this Linux computer or container."""
        table: dict[int, ProcessEntry] = {}
        prefix = b"\0" + VARIABLE.encode() + b"="
        me = os.geteuid()
        for name in os.listdir("/proc"):  # noqa: PTH208 - four times faster
            # The name of the program is in parentheses and may contain some.
            words = _read(f"/proc/{name}/stat").rpartition(b")")[2].split() if name.isdigit() else []
            if len(words) < 20:
                continue
            try:
                user = os.stat(f"/proc/{name}").st_uid  # noqa: PTH116 - as above
            except OSError:
                continue
            environment = b"\0" + _read(f"/proc/{name}/environ") if user == me else b""
            mark = environment.partition(prefix)[2].partition(b"\0")[0].decode("ascii", "replace")
            state, parent, group, session, started = (words[i].decode() for i in (0, 1, 2, 3, 19))
            pid = int(name)
            zombie = state in ("Z", "X")
            table[pid] = ProcessEntry(pid, int(parent), int(group), int(session), zombie, started, mark)
        return table

    def read_ps() -> ProcessTable:
        """Return every process that `ps` lists. macOS hides the environment of Apple's programs."""
        table: dict[int, ProcessEntry] = {}
        done = subprocess.run(
            ["/bin/ps", *_PS, "-o", _COLUMNS],
            env={"LC_ALL": "C"}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            check=False,
        )  # fmt: skip
        for line in done.stdout.decode("ascii", "replace").splitlines():
            words = line.split(None, 10)
            if len(words) < 11:
                continue
            pid, parent, group, user = map(int, words[:4])
            found = re.search(rf" {VARIABLE}=(\S*)", words[10]) if user == os.geteuid() else None
            try:
                session = os.getsid(pid)
            except OSError:  # it has ended or is a zombie
                session = 0
            zombie, started, mark = words[4].startswith("Z"), " ".join(words[5:10]), found[1] if found else ""
            table[pid] = ProcessEntry(pid, parent, group, session, zombie, started, mark)
        return table

    if sys.platform == "linux":
        processes = read_proc

        def _start_of(pid: int) -> str:
            """Return the start time as in `ProcessEntry.started`. Empty if there is no such process."""
            words = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
            return words[19].decode() if len(words) >= 20 else ""

    else:
        processes = read_ps

        def _start_of(pid: int) -> str:
            """Return the start time as in `ProcessEntry.started`. Empty if there is no such process."""
            entry = read_ps().get(pid)
            return entry.started if entry else ""

    def kill_leftovers(owner: str, leaders: Mapping[int, str]) -> None:
        """Kill processes until none are found for `QUIET` seconds."""
        begin = quiet_since = time.monotonic()
        rounds = 0
        while time.monotonic() - quiet_since < QUIET and time.monotonic() - begin < PATIENCE:
            found = processes_left_by(processes(), owner, leaders) - {os.getpid()}
            for pid in found:
                with suppress(OSError):  # it has just ended, or belongs to another user (sudo in a script)
                    os.kill(pid, signal.SIGKILL)
            rounds += 1
            time.sleep(min(0.1, 0.002 * 2**rounds))
            if found:
                quiet_since = time.monotonic()

    def main() -> None:
        """Keep the list until the node has ended."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            # Stopping a service or logging out signals all its processes. The node may need some time to end.
            signal.signal(number, signal.SIG_IGN)
        owner, leaders, rest = "", dict[int, str](), b""
        while block := os.read(0, 65536):
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                sign, word = line[:1], line[1:].decode()
                if sign == b"=":
                    owner = word
                elif sign == b"+":
                    leaders[int(word)] = _start_of(int(word))
                else:
                    leaders.pop(int(word), None)
        if owner:
            kill_leftovers(owner, leaders)

    if __name__ == "__main__":
        main()
