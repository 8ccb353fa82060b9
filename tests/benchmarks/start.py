"""Start-up time: from starting the program to the painted window, and to the queue with its rows.

Run by hand: `python -m tests.benchmarks.start [--rounds 5]`. Three starts, each as a user has it: the first ever,
with an empty data folder; one that has to start its database; and one whose database is running.
"""

import argparse
import asyncio
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ffmate_desktop.bootstrap.cluster import open_cluster
from ffmate_desktop.settings.table import Settings
from tests.benchmarks.figures import load, reach, spread

LIMIT = 60.0


def start(data: Path) -> tuple[float, float]:
    """Seconds to the painted window and to the queue; then quits the program normally."""
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ, "FFMATE_DEBUG": "debug"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # the byte code of an installed program is there
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "ffmate_desktop", "--data-dir", str(data)],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stderr is not None
    painted = shown = 0.0
    for line in process.stderr:
        if line.rstrip().endswith("The window is painted"):
            painted = time.perf_counter() - begin
        elif line.rstrip().endswith("The queue is shown"):
            shown = time.perf_counter() - begin
            break
    process.send_signal(signal.SIGINT)
    process.stderr.read()
    process.wait(LIMIT)
    return painted, shown


def _tell(name: str, found: list[tuple[float, float]], painted: float, shown: float) -> None:
    paints, shows = [seconds for seconds, _ in found], [seconds for _, seconds in found]
    print(f"{name}: painted after {spread(paints)} s, queue after {spread(shows)} s")
    print(reach("painted", sorted(paints)[len(paints) // 2], painted, unit=" s"))
    print(reach("queue", sorted(shows)[len(shows) // 2], shown, unit=" s"))


async def _with_running_database(data: Path, rounds: int) -> list[tuple[float, float]]:
    settings = Settings(identifier="other", slots=1, data_dir=data)
    async with open_cluster(settings):
        return [await asyncio.to_thread(start, data) for _ in range(rounds)]


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    print(f"{platform.platform()}, {load()}, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory(prefix="ffmate-start-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        start(Path(name) / "compiles")
        first = [start(Path(name) / f"first-{number}") for number in range(min(rounds, 3))]
        _tell("first start, empty data folder", first, 0.7, 3.0)
        data = Path(name) / "first-0"
        _tell("database has to be started", [start(data) for _ in range(rounds)], 0.7, 1.5)
        running = asyncio.run(_with_running_database(data, rounds))
        _tell("database is running", running, 0.7, 1.5)


if __name__ == "__main__":
    main()
