"""Real nodes and real encodes under random faults; at the end, everything is checked.

By hand: `python3 packaging/bootstrap.py chaos --seconds 300 --seed 7`. The seed is printed. It decides which faults
are injected and in which order, but not at which point of the work.
"""

import argparse
import asyncio
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path

from tests.faults.chaos_cluster import open_chaos_cluster
from tests.faults.fault_injector import FaultInjector
from tests.faults.notification_monitor import NotificationMonitor
from tests.faults.verdict import judge, still_running

SETTLE = 120.0
"""Seconds within which tasks must end once all faults are repaired; a limit, not a measurement."""


async def run(
    *, seed: int, seconds: float, count: int, nodes: int, folder: Path, faults: int = sys.maxsize,
    replicate: bool = False,
) -> list[str]:  # fmt: skip
    """One run in an empty folder; returns everything that is wrong at the end."""
    mark = f"{seed} {folder}"
    async with open_chaos_cluster(folder, nodes=nodes, mark=mark, replicate=replicate) as cluster:
        injector = FaultInjector(cluster, seed)
        witness = NotificationMonitor()
        async with witness.listening(lambda: cluster.server.uri):
            await cluster.submit(count, slow=lambda: injector.chance(0.3))
            for node in cluster.nodes:
                await node.start()
            supervisor = asyncio.create_task(cluster.supervise(), name="supervisor")
            await injector.inject(seconds, faults)
            supervisor.cancel()
            await asyncio.wait([supervisor])
            waiting = sum(not task.status.is_done for task in await cluster.tasks())
            tasks = await cluster.finish(SETTLE)
        await _all_gone(mark)
        wrong = judge(cluster, tasks, disk_was_full=injector.faults["fill_disk"] > 0)
        wrong += cluster.wrong + witness.wrong + still_running(mark)
    log = "".join(node.said for node in cluster.nodes)
    retries = sum(max(task.attempts - 1, 0) for task in tasks)
    print(
        f"seed {seed}: {count} tasks, {nodes} nodes, {injector.faults.total()} faults {dict(injector.faults)}, then "
        f"{waiting} tasks waited; {retries} attempts beyond the first, {log.count('was adopted retries')} encodes "
        f"adopted again, {log.count('declared this node dead')} nodes declared dead, "
        f"{cluster.refused_duplicates} duplicates refused, "
        f"{len(cluster.deleted)} deleted, {dict(Counter(str(task.status) for task in tasks))}: "
        f"{'; '.join(wrong) or 'nothing is wrong'}"
    )
    return wrong


async def _all_gone(mark: str) -> None:
    """A node's helpers end when they notice that it has ended."""
    with suppress(TimeoutError):
        async with asyncio.timeout(30):
            while still_running(mark):
                await asyncio.sleep(0.05)


async def _main(arguments: argparse.Namespace) -> int:
    folder = Path(tempfile.mkdtemp(prefix="ffmate-chaos-"))
    folder.chmod(0o755)  # as root the server runs as another user
    print(f"seed {arguments.seed}, folder {folder}", flush=True)
    current = asyncio.current_task()
    if current is not None and sys.platform != "win32":  # so that nothing is left after SIGTERM
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, current.cancel)
    wrong = await run(
        seed=arguments.seed,
        seconds=arguments.seconds,
        count=arguments.tasks,
        nodes=arguments.nodes,
        faults=arguments.faults,
        folder=folder,
        replicate=arguments.standby,
    )
    if not wrong and not arguments.keep:  # otherwise keep the logs, to find the cause
        await asyncio.to_thread(shutil.rmtree, folder)
    return 1 if wrong else 0


def main() -> None:
    """The command line of a run by hand."""
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--faults", type=int, default=sys.maxsize, help="stop earlier, after so many faults")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--nodes", type=int, default=4)
    parser.add_argument(
        "--standby", action="store_true", help="with a standby, which is promoted now and then"
    )
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs of the nodes")
    sys.exit(asyncio.run(_main(parser.parse_args())))


if __name__ == "__main__":
    main()
