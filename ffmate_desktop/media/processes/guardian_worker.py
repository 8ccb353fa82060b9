"""The small process that ends what a node started when the node is gone, however it went; Linux and macOS.

Reads lines from standard input, a pipe whose other end only the node holds: `=OWNER` once, `+PID` and `-PID` of
group leaders. At the end of the pipe it kills every listed group and session, everything that carries the owner's
mark in its environment, and all their descendants, and leaves. It runs without site-packages, so it imports nothing
but the standard library; the node uses its look at the process table as well.
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
"""Every process that a node starts has this variable: `OWNER#NUMBER`, and neither part has blanks."""

QUIET = 0.3
"""Seconds without a find after which all is gone. What was just being started shows its mark within a millisecond."""

PATIENCE = 60.0
"""Seconds after which processes that hang in the kernel are left; the next node on this computer tries again."""

_PS = ("-axwwE",) if sys.platform == "darwin" else ("axeww",)
_COLUMNS = "pid=,ppid=,pgid=,uid=,state=,lstart=,command="


class ProcessEntry(NamedTuple):
    """One process. `started` tells apart two that had the same number, `mark` is its VARIABLE or empty."""

    pid: int
    parent: int
    group: int
    session: int
    zombie: bool
    started: str
    mark: str


ProcessTable = Mapping[int, ProcessEntry]


def with_descendants(table: ProcessTable, roots: Iterable[int]) -> set[int]:
    """These processes and all their descendants, as far as they live."""
    children: dict[int, list[int]] = {}
    for entry in table.values():
        children.setdefault(entry.parent, []).append(entry.pid)
    found: set[int] = set()
    ahead = list(roots)
    while ahead:
        pid = ahead.pop()
        if pid not in found:
            found.add(pid)
            ahead += children.get(pid, ())
    return {pid for pid in found if pid in table and not table[pid].zombie}


def processes_left_by(table: ProcessTable, owner: str, leaders: Mapping[int, str]) -> set[int]:
    """What a node that is gone has left; `leaders` are the numbers of its groups, with when the leaders started.

    A number stays taken while its group or session has members. So if somebody else has the number of a leader,
    then nothing is left of that group.
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
        except OSError:  # it has ended, or is not ours to ask about
            return b""

    def table_of_proc() -> ProcessTable:
        """Every process of a Linux computer, or of this container."""
        table: dict[int, ProcessEntry] = {}
        sought = b"\0" + VARIABLE.encode() + b"="
        me = os.geteuid()
        for name in os.listdir("/proc"):  # noqa: PTH208 - four times as fast
            # The name of the program is in parentheses, and may contain some.
            words = _read(f"/proc/{name}/stat").rpartition(b")")[2].split() if name.isdigit() else []
            if len(words) < 20:
                continue
            try:
                user = os.stat(f"/proc/{name}").st_uid  # noqa: PTH116 - as above
            except OSError:
                continue
            environment = b"\0" + _read(f"/proc/{name}/environ") if user == me else b""
            mark = environment.partition(sought)[2].partition(b"\0")[0].decode("ascii", "replace")
            state, parent, group, session, started = (words[i].decode() for i in (0, 1, 2, 3, 19))
            pid = int(name)
            zombie = state in ("Z", "X")
            table[pid] = ProcessEntry(pid, int(parent), int(group), int(session), zombie, started, mark)
        return table

    def table_of_ps() -> ProcessTable:
        """Every process as `ps` tells it; macOS keeps the environment of programs of Apple to itself."""
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
            except OSError:  # it has ended, or is a zombie
                session = 0
            zombie, started, mark = words[4].startswith("Z"), " ".join(words[5:10]), found[1] if found else ""
            table[pid] = ProcessEntry(pid, parent, group, session, zombie, started, mark)
        return table

    if sys.platform == "linux":
        processes = table_of_proc

        def _start_of(pid: int) -> str:
            """When the process started, as in `ProcessEntry.started`; empty when there is no such process."""
            words = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
            return words[19].decode() if len(words) >= 20 else ""

    else:
        processes = table_of_ps

        def _start_of(pid: int) -> str:
            """When the process started, as in `ProcessEntry.started`; empty when there is no such process."""
            entry = table_of_ps().get(pid)
            return entry.started if entry else ""

    def end(owner: str, leaders: Mapping[int, str]) -> None:
        """Kill until nothing is found any more."""
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
        """Keep the list until the node is gone."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            # Whoever stops a service or logs out tells all its processes; the node may need a while to leave.
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
            end(owner, leaders)

    if __name__ == "__main__":
        main()
