"""Files arrive in one watchfolder at random speeds while the nodes that scan it are killed and frozen at random.

By hand: `python -m tests.faults.watch --files 2000 --seed 7`. At the end, every file has exactly one task and one
output, every original is in the folder for done ones, and nothing is left over.
"""

import argparse
import asyncio
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

from ffmate_desktop.db.connection.connection import CONNECTION_LOST, Database
from ffmate_desktop.db.migrate import migrate
from ffmate_desktop.domain.task import Task, TaskStatus
from ffmate_desktop.domain.watchfolder import (
    FileState,
    Original,
    OriginalAction,
    WatchedFile,
    Watchfolder,
    WatchfolderSettings,
)
from ffmate_desktop.services.preset_editor import PresetDraft, PresetEditor
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.tasks import TaskService
from ffmate_desktop.services.watchfolders import FileFilterView, WatchfolderService
from tests.faults.chaos import _all_gone
from tests.faults.network import open_line
from tests.faults.node_process import NodeProcess
from tests.faults.server import Server
from tests.faults.verdict import still_running
from tests.media.clips import clip as make_clip

HEARTBEAT = 2.0
WRITERS = 12
"""Copies that run at the same time."""

PATIENCE = 180.0
"""Seconds in which something must happen once nothing is broken any more; a limit, not a measure."""

ENCODE = "-i ${INPUT_FILE} -c copy ${OUTPUT_FILE}"


class Arrivals:
    """Copies files into the folder in every way that people and programs do."""

    def __init__(self, root: Path, source: Path, chance: random.Random) -> None:
        self._root = root
        self._data = source.read_bytes()
        self._chance = chance
        self.paths: set[str] = set()

    async def bring(self, count: int) -> None:
        """All of them, several at a time."""
        numbers = iter(range(count))

        async def writer() -> None:
            for number in numbers:
                await self._bring(number)

        async with asyncio.TaskGroup() as group:
            for _ in range(WRITERS):
                group.create_task(writer())

    async def _bring(self, number: int) -> None:
        depth = self._chance.randrange(4)
        folders = [f"f{self._chance.randrange(5)}" for _ in range(depth)]
        relative = "/".join([*folders, f"{number:05}.mov"])
        self.paths.add(relative)
        target = self._root / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        data = self._data + number.to_bytes(4, "big")
        manner = self._chance.choice(("at once", "slowly", "renamed", "under another name"))
        if manner == "at once":
            target.write_bytes(data)
        elif manner == "slowly":
            await self._slowly(target, data)
        elif manner == "renamed":
            outside = self._root.parent / "elsewhere" / target.name
            outside.write_bytes(data)
            outside.rename(target)
        else:
            part = target.with_name(f"{target.name}.part")
            await self._slowly(part, data)
            part.rename(target)
        await asyncio.sleep(self._chance.random() * 0.1)

    async def _slowly(self, path: Path, data: bytes) -> None:
        size = len(data) // self._chance.randrange(2, 6) + 1
        with path.open("wb") as file:
            for start in range(0, len(data), size):
                file.write(data[start : start + size])
                file.flush()
                await asyncio.sleep(self._chance.random() * 0.4)


async def break_nodes(processes: list[NodeProcess], chance: random.Random, faults: Counter[str]) -> None:
    """Kill or freeze a node and restore it, again and again until cancelled."""
    try:
        while True:
            await asyncio.sleep(chance.uniform(0.1, 1.5))
            process = chance.choice(processes)
            if not process.is_ready():
                continue
            if chance.random() < 0.7:
                faults["killed"] += 1
                process.send(signal.SIGKILL)
                await process.ended()
                await asyncio.sleep(chance.uniform(0, 1.5))
                await process.start()
            else:
                faults["frozen"] += 1
                process.send(signal.SIGSTOP)
                await asyncio.sleep(chance.uniform(0.2, 5))
                process.send(signal.SIGCONT)
    finally:
        for process in processes:
            process.send(signal.SIGCONT)


async def run(*, seed: int, files: int, nodes: int, folder: Path) -> list[str]:
    """One run in an empty folder; returns everything that is wrong at the end."""
    chance, faults, mark = random.Random(seed), Counter[str](), f"watch {seed} {folder}"
    root = folder / "in"
    (folder / "elsewhere").mkdir()
    root.mkdir()
    async with AsyncExitStack() as stack:
        server = Server(folder / "server")
        stack.push_async_callback(server.stop)
        await server.make()
        await migrate(server.uri)
        source = await asyncio.to_thread(make_clip, folder / "in.mov", "-r", "25", seconds=1)
        database = await stack.enter_async_context(Database(server.uri))
        service = WatchfolderService(database, PresetService(database, folder))
        watched = await _watch(database, service, root, folder)
        processes = []
        for number in range(nodes):
            line = await stack.enter_async_context(open_line())
            uri = f"postgresql://ffmate@{await line.address(server.port)}/ffmate?sslmode=disable"
            process = NodeProcess(f"n{number}", uri, folder, mark=mark, line=line, heartbeat=HEARTBEAT)
            stack.callback(process.send, signal.SIGKILL)
            processes.append(process)
            await process.start()
        breaking = asyncio.create_task(break_nodes(processes, chance, faults), name="faults")
        arrivals = Arrivals(root, source, chance)
        await arrivals.bring(files)
        await asyncio.sleep(chance.uniform(0, 3))
        breaking.cancel()
        await asyncio.wait([breaking])
        wrong = [] if breaking.cancelled() else [f"the faults failed: {breaking.exception()!r}"]
        for process in processes:
            await process.start()
        found = await _settled(service, watched, arrivals.paths)
        for process in processes:
            process.send(signal.SIGTERM)
        for process in processes:
            await process.ended()
        tasks = await TaskService(database, PresetService(database, folder)).newest(limit=None)
    await _all_gone(mark)
    wrong += judge(root, arrivals.paths, found, tasks) + still_running(mark)
    log = "".join(process.said for process in processes)
    wrong += [
        line
        for line in log.splitlines()
        if "duty watchfolders failed" in line or ("The scan of" in line and "defect" in line)
    ]
    scans = {process.name: process.said.count(" queued, ") for process in processes}
    retries = sum(task.attempts - 1 for task in tasks)
    print(
        f"seed {seed}: {files} files, {nodes} nodes, {faults.total()} faults {dict(faults)}; {len(tasks)} tasks, "
        f"{retries} attempts beyond the first, scans {scans}: {'; '.join(wrong) or 'nothing is wrong'}"
    )
    return wrong


async def _watch(database: Database, service: WatchfolderService, root: Path, folder: Path) -> Watchfolder:
    pattern = "${INPUT_FILE_DIR}/${INPUT_FILE_BASENAME}_x.mov"
    preset = await PresetEditor(database, PresetService(database, folder)).add(
        PresetDraft("copy", ENCODE, output_file=pattern)
    )
    done = Original(action=OriginalAction.MOVE, folder="done")
    settings = WatchfolderSettings(
        name="in",
        path=str(root),
        preset=preset.uuid,
        interval=1,
        growth_checks=2,
        retries=20,
        on_success=done,
    )
    return await service.add(settings)


async def _settled(
    service: WatchfolderService, watched: Watchfolder, paths: set[str]
) -> dict[str, WatchedFile]:
    """The file records once every original is away, or nothing has changed for long."""
    loop = asyncio.get_running_loop()
    before, since = (-1, -1), loop.time()
    found: dict[str, WatchedFile] = {}
    while loop.time() - since < PATIENCE:
        try:
            rows = await service.files(watched.uuid, FileFilterView(gone=True), limit=None)
        except CONNECTION_LOST:
            continue
        found = {row.path: row for row in rows}
        moved = sum(path in found and found[path].reason.startswith("Moved") for path in paths)
        if moved == len(paths):
            break
        done = sum(row.state is FileState.DONE for row in rows)
        if (moved, done) != before:
            before, since = (moved, done), loop.time()
        await asyncio.sleep(0.5)
    return found


def judge(root: Path, paths: set[str], found: dict[str, WatchedFile], tasks: list[Task]) -> list[str]:
    """Everything that is not as it must be."""
    wrong = []
    inputs = Counter(str(Path(task.input_file.raw).relative_to(root).as_posix()) for task in tasks)
    wrong += [f"{number} tasks for {path}" for path, number in inputs.items() if number > 1]
    wrong += [f"no task for {path}" for path in sorted(paths - inputs.keys())]
    wrong += [f"a task for {path}" for path in sorted(inputs.keys() - paths)]
    wrong += [f"{t.name}: {t.status} {t.error}" for t in tasks if t.status is not TaskStatus.DONE_SUCCESSFUL]
    for path in sorted(paths):
        file = found.get(path)
        if file is None or file.state is not FileState.DONE or not file.reason.startswith("Moved"):
            wrong.append(f"{path} is {file}")
        if not (root / "done" / path).is_file() or (root / path).exists():
            wrong.append(f"the original of {path} is not where it should be")
        output = root / path.replace(".mov", "_x.mov")
        if not output.is_file() or output.stat().st_size == 0:
            wrong.append(f"no output of {path}")
    on_disk = [path for path in root.rglob("*") if path.is_file()]
    if len(on_disk) != 2 * len(paths):
        expected = {root / "done" / path for path in paths} | {
            root / p.replace(".mov", "_x.mov") for p in paths
        }
        wrong.append(
            f"{len(on_disk)} files for {len(paths)}: {[str(p) for p in on_disk if p not in expected][:5]}"
        )
    return wrong[:20]


async def _main(arguments: argparse.Namespace) -> int:
    folder = Path(tempfile.mkdtemp(prefix="ffmate-watch-"))
    folder.chmod(0o755)  # as root the server runs as another user
    print(f"seed {arguments.seed}, folder {folder}", flush=True)
    wrong = await run(seed=arguments.seed, files=arguments.files, nodes=arguments.nodes, folder=folder)
    if not wrong and not arguments.keep:
        await asyncio.to_thread(shutil.rmtree, folder)
    return 1 if wrong else 0


def main() -> None:
    """The command line of a run by hand."""
    parser = argparse.ArgumentParser(prog="watch", description=__doc__)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs of the nodes")
    sys.exit(asyncio.run(_main(parser.parse_args())))


if __name__ == "__main__":
    main()
