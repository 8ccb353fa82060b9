"""Real nodes and real encodes while nodes are killed, frozen and cut off at random; then everything is checked.

By hand: `python3 packaging/bootstrap.py chaos --seconds 300 --seed 7`. The seed is printed; the order of faults
follows from it, their moments relative to the work do not.
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import UUID

import av
import psutil

from ffmate_desktop.db.connection import Database
from ffmate_desktop.db.embedded import EmbeddedDatabase
from ffmate_desktop.db.migrate import migrate
from ffmate_desktop.domain.task import NewTask, Task, TaskStatus
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.tasks import TaskService
from tests.faults.witness import Witness
from tests.media.clips import clip as make_clip

HEARTBEAT = 0.5
LEASE = 3 * HEARTBEAT
FRAMES = 25
MARK = "FFMATE_CHAOS"
QUICK = "-i ${INPUT_FILE} -an -c:v libx264 -preset ultrafast ${OUTPUT_FILE}"
SLOW = "-re " + QUICK
SETTLE = 180.0
"""Seconds in which everything must have ended once nothing is broken any more."""


class Member:
    """One node process, which may be killed, frozen and started again. `log` is what it said."""

    def __init__(self, name: str, uri: str, folder: Path, seed: int) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._command = [sys.executable, "-m", "ffmate_desktop", "--no-gui", "--database", uri]
        self._command += ["--identifier", name, "--heartbeat", str(HEARTBEAT), "--max-concurrent-tasks", "2"]
        self._command += ["--drain-time", "1", "--data-dir", str(folder / name), "--debug", "*:*"]
        self._environment = os.environ | {MARK: str(seed)}
        self._process: asyncio.subprocess.Process | None = None

    @property
    def alive(self) -> bool:
        """Whether it runs, be it frozen."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start it unless it runs."""
        if not self.alive:
            with self.log.open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command, env=self._environment, stdout=log, stderr=log
                )

    def send(self, number: int) -> None:
        """A signal to the node itself."""
        if self.alive and self._process is not None:
            self._process.send_signal(number)

    async def ended(self) -> None:
        """Wait until it is gone."""
        if self._process is not None:
            async with asyncio.timeout(60):
                await self._process.wait()

    def encoders(self) -> list[psutil.Process]:
        """The ffmpegs that it runs."""
        with suppress(psutil.Error):
            if self._process is not None:
                children = psutil.Process(self._process.pid).children(recursive=True)
                return [child for child in children if "ffmpeg" in child.name()]
        return []


class Chaos:
    """The run: tasks, members, and fate, which is seeded."""

    def __init__(self, uri: str, database: Database, folder: Path, seed: int, nodes: int) -> None:
        self._random = random.Random(seed)
        self._folder = folder
        self._database = database
        self.service = TaskService(database, PresetService(database, folder))
        self.members = [Member(f"n{number}", uri, folder, seed) for number in range(nodes)]
        self.uuids: list[UUID] = []
        self.commanded: set[UUID] = set()
        self.faults: Counter[str] = Counter()
        self.killed_encoders = 0

    async def submit(self, count: int) -> None:
        """Queue the tasks, in one batch."""
        source = await asyncio.to_thread(make_clip, self._folder / "in.mkv", "-r", str(FRAMES), seconds=1)
        (self._folder / "out").mkdir()
        new = [
            NewTask(
                input_file=str(source),
                command=SLOW if self._random.random() < 0.3 else QUICK,
                output_file=str(self._folder / "out" / f"{number:05}.mp4"),
            )
            for number in range(count)
        ]
        self.uuids = list((await self.service.add(new, source="chaos")).uuids)

    async def fault(self) -> None:
        """Break one thing, and mend it where it must be mended for the run to go on."""
        kinds = [
            self._kill,
            self._freeze,
            self._kill_encoder,
            self._reset,
            self._command,
            self._command,
            self._stop,
        ]
        kind = self._random.choice(kinds)
        self.faults[kind.__name__.strip("_")] += 1
        await kind(self._random.choice(self.members))

    async def _kill(self, member: Member) -> None:
        member.send(signal.SIGKILL)
        await member.ended()
        if self._random.random() < 0.5:
            await asyncio.sleep(self._random.uniform(0, 2 * LEASE))
        await member.start()

    async def _freeze(self, member: Member) -> None:
        member.send(signal.SIGSTOP)
        await asyncio.sleep(LEASE * self._random.uniform(0.5, 2))
        member.send(signal.SIGCONT)

    async def _kill_encoder(self, member: Member) -> None:
        if encoders := member.encoders():
            with suppress(psutil.Error):
                self._random.choice(encoders).kill()
                self.killed_encoders += 1

    async def _reset(self, _member: Member) -> None:
        async with self._database.transaction() as connection:
            await connection.execute("""
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()
                   AND application_name LIKE 'ffmate-desktop%'""")

    async def _stop(self, member: Member) -> None:
        member.send(signal.SIGTERM)
        await member.ended()
        await member.start()

    async def _command(self, _member: Member) -> None:
        uuid = self._random.choice(self.uuids)
        command = self._random.choice(
            [self.service.cancel, self.service.restart, self.service.pause, self.service.resume]
        )
        self.commanded |= await command([uuid])
        await self.service.resume([uuid])

    async def tasks(self) -> list[Task]:
        """All of them, as they are."""
        return await self.service.get(self.uuids)

    async def settle(self) -> list[Task]:
        """Mend everything and wait until every task has ended; then send the nodes home."""
        for member in self.members:
            member.send(signal.SIGCONT)
            await member.start()
        await self.service.resume(self.uuids)
        async with asyncio.timeout(SETTLE):
            while not all(task.status.is_done for task in await self.tasks()):
                await asyncio.sleep(0.5)
        await asyncio.sleep(4 * HEARTBEAT)  # for the janitors
        for member in self.members:
            member.send(signal.SIGTERM)
            await member.ended()
        return await self.tasks()


def check(chaos: Chaos, tasks: list[Task], folder: Path, seed: int) -> list[str]:
    """Everything that is wrong, a sentence each."""
    wrong = [] if len(tasks) == len(chaos.uuids) else [f"{len(chaos.uuids) - len(tasks)} tasks vanished"]
    files = {path.name for path in (folder / "out").iterdir()}
    failed = 0
    for task in tasks:
        path = Path(task.output_file.raw)
        mine = {name for name in files if name.startswith(path.stem)}
        match task.status:
            case TaskStatus.DONE_SUCCESSFUL:
                # a restart after a success makes another output, as it should
                if mine != {path.name} and task.uuid not in chaos.commanded:
                    wrong.append(f"{task.uuid} was successful and has the outputs {sorted(mine)}")
                wrong += [f"{name}: {_frames(folder / 'out' / name)} frames" for name in sorted(mine)
                          if _frames(folder / "out" / name) != FRAMES]  # fmt: skip
            case TaskStatus.DONE_ERROR:
                failed += 1
                if mine and task.uuid not in chaos.commanded:
                    wrong.append(f"{task.uuid} failed and has the outputs {sorted(mine)}")
            case TaskStatus.DONE_CANCELED:
                if task.uuid not in chaos.commanded:
                    wrong.append(f"{task.uuid} is cancelled, and nobody wanted that")
            case _:
                wrong.append(f"{task.uuid} is {task.status}")
    lost = [task for task in tasks if task.error and "nodes were lost" in task.error]
    if failed - len(lost) > chaos.killed_encoders:
        errors = Counter(task.error for task in tasks if task.status is TaskStatus.DONE_ERROR)
        wrong.append(f"{failed} tasks failed, {chaos.killed_encoders} encoders were killed: {errors}")
    wrong += [f"left over: {path}" for path in folder.rglob(".ffd-*")]
    wrong += [f"still runs: {process} {_words(process)}" for process in _marked(seed)]
    return wrong


def _frames(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def _words(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return "(it has just ended)"


def _marked(seed: int) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != os.getpid() and process.environ().get(MARK) == str(seed):
                found.append(process)
    return found


async def _all_gone(seed: int) -> None:
    """Helpers of a node end when they see that it has ended: two seconds are promised."""
    with suppress(TimeoutError):
        async with asyncio.timeout(2):
            while _marked(seed):
                await asyncio.sleep(0.05)


@asynccontextmanager
async def _database(folder: Path) -> AsyncIterator[tuple[str, Database]]:
    folder.chmod(0o755)  # as root the server runs as another user
    async with EmbeddedDatabase(folder / "server") as embedded:
        await migrate(embedded.uri)
        async with Database(embedded.uri) as database:
            yield embedded.uri, database


async def run(
    *, seed: int, seconds: float, count: int, nodes: int, folder: Path, uri: str, database: Database
) -> list[str]:
    """One run on a migrated database; everything that is wrong in the end."""
    chaos = Chaos(uri, database, folder, seed, nodes)
    try:
        async with Witness.listen(uri) as witness:
            await chaos.submit(count)
            for member in chaos.members:
                await member.start()
            loop = asyncio.get_running_loop()
            end = loop.time() + seconds
            while loop.time() < end:
                await asyncio.sleep(random.uniform(0.1, 0.8))
                await chaos.fault()
            tasks = await chaos.settle()
            await _all_gone(seed)
            wrong = check(chaos, tasks, folder, seed) + witness.wrong
    finally:
        for member in chaos.members:
            member.send(signal.SIGKILL)
    said = "".join(member.log.read_text(errors="replace") for member in chaos.members)
    wrong += [f"a defect was logged: {line}" for line in said.splitlines() if " error:" in line][:5]
    again = sum(max(task.attempts - 1, 0) for task in tasks)
    print(
        f"seed {seed}: {count} tasks, {nodes} nodes, {sum(chaos.faults.values())} faults {dict(chaos.faults)}, "
        f"{again} attempts beyond the first, {said.count('was taken back')} encodes taken back, "
        f"{dict(Counter(str(task.status) for task in tasks))}: {'; '.join(wrong) or 'nothing is wrong'}"
    )
    return wrong


async def _main(arguments: argparse.Namespace) -> int:
    folder = Path(tempfile.mkdtemp(prefix="ffmate-chaos-"))
    print(f"seed {arguments.seed}, folder {folder}", flush=True)
    async with _database(folder) as (uri, database):
        wrong = await run(
            seed=arguments.seed,
            seconds=arguments.seconds,
            count=arguments.tasks,
            nodes=arguments.nodes,
            folder=folder,
            uri=uri,
            database=database,
        )
    return 1 if wrong else 0


def main() -> None:
    """The command line of a run by hand."""
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--nodes", type=int, default=4)
    sys.exit(asyncio.run(_main(parser.parse_args())))


if __name__ == "__main__":
    main()
