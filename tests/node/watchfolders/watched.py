"""A watchfolder on a farm of real nodes, with what tests ask about it."""

import shutil
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

from ffmate_desktop.domain.task import Task
from ffmate_desktop.domain.watchfolder import FileState, WatchedFile, Watchfolder, WatchfolderSettings
from ffmate_desktop.services.preset_editor import PresetDraft, PresetEditor
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.watchfolders import FileFilterView, WatchfolderService
from tests.node.farm import Farm
from tests.node.waiting import PATIENCE, until

COPY = "-i ${INPUT_FILE} -c copy ${OUTPUT_FILE}"


class Watched:
    """One watchfolder on a farm. `root` is watched; outputs go to `out` unless the pattern says otherwise."""

    def __init__(self, farm: Farm, root: Path) -> None:
        self.farm = farm
        self.root = root
        self.out = root.parent / "out"
        self._presets = PresetService(farm.database, farm.folder)
        self.service = WatchfolderService(farm.database, self._presets)
        self.folder: Watchfolder | None = None

    async def begin(self, command: str = COPY, pattern: str = "", **settings: Any) -> "Watched":
        """Add the preset and the watchfolder."""
        preset = await PresetEditor(self.farm.database, self._presets).add(
            PresetDraft("copy", command, output_file=pattern or f"{self.out}/${{INPUT_FILE_BASENAME}}.mp4")
        )
        values: dict[str, Any] = {"name": "in", "path": str(self.root), "preset": preset.uuid}
        values |= {"interval": 1, "growth_checks": 1} | settings
        self.folder = await self.service.add(WatchfolderSettings.model_validate(values))
        return self

    @property
    def uuid(self) -> UUID:
        """The uuid of the watchfolder."""
        assert self.folder is not None
        return self.folder.uuid

    async def now(self) -> Watchfolder:
        """The watchfolder as it is now."""
        return await self.service.get(self.uuid)

    async def files(self, *, gone: bool = False) -> dict[str, WatchedFile]:
        """Its files, by path."""
        found = await self.service.files(self.uuid, FileFilterView(gone=gone), limit=None)
        return {file.path: file for file in found}

    async def state(self, path: str, *states: FileState, gone: bool = False) -> WatchedFile:
        """The file once it is in one of these states."""

        async def reached() -> WatchedFile | None:
            file = (await self.files(gone=gone)).get(path)
            return file if file is not None and file.state in states else None

        return await until(reached, f"{path} is {' or '.join(states)}")

    async def scanned_first(self) -> None:
        """Wait for the first scan."""

        async def scanned() -> bool:
            return (await self.now()).last_check is not None

        await until(scanned, "the first scan")

    async def scanned(self, times: int = 1) -> Watchfolder:
        """Wait for this many more complete scans."""
        folder = await self.now()
        for _ in range(times):
            before = folder

            async def scanned_again(before: Watchfolder = before) -> Watchfolder | None:
                now = await self.now()
                return now if now.last_check not in (None, before.last_check) else None

            folder = await until(scanned_again, "another scan", PATIENCE)
        return folder

    async def tasks(self) -> list[Task]:
        """All tasks."""
        return await self.farm.tasks.newest(limit=None)

    async def doubled(self) -> list[str]:
        """Inputs that have more than one task."""
        counts = Counter(task.input_file.raw for task in await self.tasks())
        return [path for path, number in counts.items() if number > 1]

    def put(self, source: Path, relative: str) -> Path:
        """Copy a file into the watchfolder."""
        target = self.root / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        return target
