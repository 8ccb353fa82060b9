"""The service for watchfolders that the window and the command line use: checks settings, then writes them."""

from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass
from typing import assert_never
from uuid import UUID, uuid4

from ffmate_desktop.db import watchfolders as stored
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.labels import check_labels
from ffmate_desktop.domain.paths import is_absolute, output_key, pure_path
from ffmate_desktop.domain.watch_rules import Pattern
from ffmate_desktop.domain.watchfolder import (
    LIMITS,
    Counts,
    FileState,
    Original,
    OriginalAction,
    WatchedFile,
    Watchfolder,
    WatchfolderSettings,
)
from ffmate_desktop.domain.wildcards import wildcards_in
from ffmate_desktop.services.dry_run import DryRun, dry_run
from ffmate_desktop.services.paging import pages
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.watch_overlap import overlap


@dataclass(frozen=True, slots=True)
class FileFilterView:
    """Which files to list: in these states (none: all), with `text` in their paths.

    Files that are gone are listed if they had a task, or with `gone` always.
    """

    states: frozenset[FileState] = frozenset()
    text: str = ""
    gone: bool = False

    @property
    def pattern(self) -> str | None:
        """The text as a pattern for ILIKE."""
        escaped = self.text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        return f"%{escaped}%" if self.text else None


class WatchfolderService:
    """Lists, edits and controls watchfolders. Methods raise UserError or UsageError."""

    def __init__(self, database: Database, presets: PresetService) -> None:
        self._database = database
        self._presets = presets

    async def all(self) -> list[Watchfolder]:
        """All watchfolders, by name."""
        return await stored.list_watchfolders(self._database)

    async def get(self, uuid: UUID) -> Watchfolder:
        """The watchfolder with this uuid."""
        found = await stored.get(self._database, uuid)
        if found is None:
            raise UserError("This watchfolder no longer exists.", _LIST_HINT)
        return found

    async def find(self, word: str) -> Watchfolder:
        """The watchfolder with this name, or whose uuid starts with the word."""
        folders = await self.all()
        name = word.strip().lower()
        found = [folder for folder in folders if folder.name.lower() == name]
        found = found or [folder for folder in folders if name and str(folder.uuid).startswith(name)]
        if not found:
            raise UserError(f"No watchfolder is named “{word}”.", _LIST_HINT)
        if len(found) > 1:
            raise UserError(
                f"Several watchfolders are named “{word}”.", "Use the beginning of its UUID instead."
            )
        return found[0]

    async def overlapping(self, settings: WatchfolderSettings, uuid: UUID | None = None) -> list[Watchfolder]:
        """Other watchfolders that would queue the same files; `uuid` is that of the watchfolder itself."""
        settings = check(settings)
        others = [folder for folder in await self.all() if folder.uuid != uuid and not folder.suspended]
        return [folder for folder in others if overlap(settings, folder)]

    async def add(self, settings: WatchfolderSettings) -> Watchfolder:
        """Add a watchfolder; all nodes are notified, and the first one that can scans it."""
        settings = await self._checked(settings)
        uuid = uuid4()
        await stored.insert(self._database, uuid, settings)
        return await self.get(uuid)

    async def edit(
        self, uuid: UUID, settings: WatchfolderSettings, *, version: int | None = None
    ) -> Watchfolder:
        """Change a watchfolder; its file records stay. `version` is the version that the editor showed."""
        await self._readable_settings(uuid)
        settings = await self._checked(settings)
        if not await stored.update(self._database, uuid, settings, version):
            await self.get(uuid)
            raise UserError("Someone else has changed this watchfolder in the meantime.", "Open it again.")
        return await self.get(uuid)

    async def suspend(self, uuid: UUID) -> None:
        """Stop scanning it; queued tasks still run."""
        await self._set_suspended(uuid, True)

    async def resume(self, uuid: UUID) -> None:
        """Scan it again, now. What the folder contains now is accepted, even if it is empty."""
        await self._set_suspended(uuid, False)

    async def _set_suspended(self, uuid: UUID, suspended: bool) -> None:
        if not await stored.set_suspended(self._database, uuid, suspended):
            await self.get(uuid)

    async def count_pending_originals(self, folder: Watchfolder) -> int:
        """How many originals that are still to be moved would stay in the folder if it was deleted now."""
        actions = {folder.on_success.action, folder.on_failure.action}
        if actions == {OriginalAction.LEAVE}:
            return 0
        return await stored.count_pending_originals(self._database, folder.uuid)

    async def delete(self, uuid: UUID) -> None:
        """Delete a watchfolder and its file records; files and tasks stay."""
        if not await stored.delete(self._database, uuid):
            await self.get(uuid)

    async def scan(self, uuid: UUID) -> None:
        """Ask for a scan now, by the first node that can."""
        if not await stored.ask_for_scan(self._database, uuid):
            folder = await self.get(uuid)
            raise UserError(f"“{folder.name}” is suspended, so it isn't scanned.", "Resume it first.")

    async def files(
        self,
        uuid: UUID,
        view: FileFilterView | None = None,
        *,
        before: int | None = None,
        limit: int | None = 200,
    ) -> list[WatchedFile]:
        """Files, most recently found first; `before` (an id) continues a page. `limit` None means all."""
        view = view or FileFilterView()
        return await stored.list_files(
            self._database,
            uuid,
            states=sorted(view.states) or None,
            before=before,
            pattern=view.pattern,
            gone=view.gone,
            limit=limit,
        )

    def file_pages(
        self, uuid: UUID, view: FileFilterView | None = None, *, limit: int | None = None
    ) -> AsyncIterator[list[WatchedFile]]:
        """The same, page by page."""

        def read(before: int | None, most: int) -> Awaitable[list[WatchedFile]]:
            return self.files(uuid, view, before=before, limit=most)

        return pages(read, lambda file: file.id, limit)

    async def file_anchors(self, uuid: UUID, view: FileFilterView, every: int) -> list[int]:
        """The ids of the files 0, `every`, 2 * `every` and so on of `files`; a page begins with `before` = id + 1."""
        return await stored.file_anchors(
            self._database,
            uuid,
            states=sorted(view.states) or None,
            pattern=view.pattern,
            gone=view.gone,
            every=every,
        )

    async def queue_again(self, uuid: UUID, files: Sequence[int]) -> set[int]:
        """Let the next scan queue these files again, which failed or were cancelled and whose tasks were deleted.

        Returns the files it will queue. The others are gone, or still have a task that can be restarted.
        """
        return await stored.queue_again(self._database, uuid, files)

    async def dry_run(self, uuid: UUID) -> DryRun:
        """What a scan by this computer would do now with each file; writes nothing."""
        return await dry_run(self._database, self._presets, await self._readable_settings(uuid), uuid)

    async def dry_run_settings(self, settings: WatchfolderSettings, uuid: UUID | None = None) -> DryRun:
        """The same for unsaved settings, as if every file was complete. Can be cancelled."""
        settings = (await self._checked(settings)).model_copy(update={"growth_checks": 0})
        return await dry_run(self._database, self._presets, settings, uuid or uuid4())

    async def counts(self, uuid: UUID, text: str = "") -> Counts:
        """How many files with `text` in their paths are in each state."""
        pattern = FileFilterView(text=text).pattern
        return (await stored.count_files(self._database, uuid, pattern)).get(uuid, {})

    async def all_counts(self) -> dict[UUID, Counts]:
        """The same for every watchfolder that has files."""
        return await stored.count_files(self._database)

    async def _readable_settings(self, uuid: UUID) -> WatchfolderSettings:
        folder = await self.get(uuid)
        if folder.unreadable is not None:
            raise UserError(
                f"The settings of “{folder.name}” can't be used: {folder.unreadable}",
                "Update FFmate Desktop, or create the watchfolder again.",
            )
        return folder.settings()

    async def _checked(self, settings: WatchfolderSettings) -> WatchfolderSettings:
        settings = check(settings)
        preset = await self._presets.get(settings.preset)
        if not (settings.output_file or preset.output_file):
            raise UsageError(
                f"Neither the watchfolder nor the preset “{preset.name}” has an output pattern.",
                "For example ${INPUT_FILE_DIR}/${INPUT_FILE_BASENAME}_new.mp4",
            )
        return settings


def check(settings: WatchfolderSettings) -> WatchfolderSettings:
    """The settings, normalized; raises UsageError for invalid ones."""
    name = settings.name.strip() or pure_path(settings.path).name
    if not is_absolute(settings.path):
        raise UsageError(
            f"“{settings.path}” isn't an absolute path.",
            "Start at the root or a drive, like /media/in or D:\\in.",
        )
    if not name:
        raise UsageError("A watchfolder needs a name.")
    if not _is_within("interval", settings.interval):
        raise UsageError("The interval must be from 1 second to 7 days.")
    if not _is_within("growth_checks", settings.growth_checks):
        raise UsageError(f"Growth checks must be from 0 to {LIMITS['growth_checks'][1]}.")
    if settings.priority is not None and not _is_within("priority", settings.priority):
        raise UsageError(
            "A priority must be a whole number from 0 up.", "Tasks with a higher priority run first."
        )
    if not _is_within("retries", settings.retries):
        raise UsageError("Retries must be from 0 to 100.")
    wildcards_in(settings.output_file)
    globs = settings.filter.globs
    for glob in (*globs.include, *globs.exclude):
        if not glob.strip().strip("/\\"):
            raise UsageError("An empty pattern matches nothing.", "For example *_proxy.* or archive/")
        Pattern(glob)
    _check_original(settings.on_success, settings.path, may_trash=True)
    _check_original(settings.on_failure, settings.path, may_trash=False)
    labels = check_labels(settings.labels)
    return settings.model_copy(update={"name": name, "labels": labels})


def _is_within(name: str, number: int) -> bool:
    least, most = LIMITS[name]
    return least <= number <= most


def _check_original(original: Original, path: str, *, may_trash: bool) -> None:
    match original.action:
        case OriginalAction.LEAVE:
            pass
        case OriginalAction.TRASH if not may_trash:
            raise UsageError(
                "The original of a failed task can be left or moved, but not put into the trash."
            )
        case OriginalAction.TRASH:
            pass
        case OriginalAction.MOVE:
            if not original.folder.strip():
                raise UsageError("No folder to move originals to.", "Enter a folder, for example done.")
            if output_key(path) == output_key(str(pure_path(path) / original.folder)):
                raise UsageError(
                    "Originals can't be moved into the watchfolder itself.", "Choose another folder."
                )
        case _:
            assert_never(original.action)


_LIST_HINT = "`ffmate-desktop watchfolders list` shows the watchfolders."
