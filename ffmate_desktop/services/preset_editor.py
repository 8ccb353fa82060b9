"""Creates, edits, imports and exports presets, in FFmate's JSON. Built-in presets are read-only."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from pydantic import ValidationError

from ffmate_desktop.db import presets as stored
from ffmate_desktop.db import watchfolders
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.grammar import tokenise
from ffmate_desktop.domain.labels import check_labels
from ffmate_desktop.domain.preset import Preset, PresetExtra, extra_fields
from ffmate_desktop.domain.processing import check_processing
from ffmate_desktop.domain.queue_order import HIGHEST_PRIORITY
from ffmate_desktop.domain.watchfolder import Watchfolder
from ffmate_desktop.domain.wildcards import wildcards_in
from ffmate_desktop.domain.wrong_data import READ_ERRORS, first_validation_error, read_error_text
from ffmate_desktop.services.presets import PresetService


@dataclass(frozen=True, slots=True)
class PresetDraft:
    """The editable fields of a preset. With `extra` None, an edited preset keeps its scripts and webhooks."""

    name: str
    command: str
    description: str = ""
    output_file: str = ""
    priority: int = 0
    labels: tuple[str, ...] = ()
    extra: PresetExtra | None = None


class PresetEditor:
    """Checks everything before it writes; raises UserError, or UsageError."""

    def __init__(self, database: Database, presets: PresetService) -> None:
        self._database = database
        self._presets = presets

    async def add(self, draft: PresetDraft) -> Preset:
        """Add a preset."""
        return await self._write(uuid4(), draft)

    async def edit(self, uuid: UUID, draft: PresetDraft) -> Preset:
        """Change one of the user's presets; tasks created from it stay as they are."""
        own = await self._own(uuid)
        if draft.extra is not None:
            own.check_readable()
        return await self._write(uuid, draft, own)

    async def used_by(self, uuid: UUID) -> list[Watchfolder]:
        """The watchfolders that use this preset."""
        folders = await watchfolders.list_watchfolders(self._database)
        return [folder for folder in folders if folder.preset == uuid]

    async def delete(self, uuid: UUID) -> None:
        """Delete one of the user's presets; tasks created from it keep its command and name.

        Watchfolders that use it take no new files, and are scanned at once to update their state.
        """
        await self._own(uuid)
        users = await self.used_by(uuid)
        await stored.delete(self._database, uuid)
        for folder in users:
            await watchfolders.ask_for_scan(self._database, folder.uuid)

    async def duplicate(self, uuid: UUID) -> Preset:
        """Add a copy of any preset under a free name."""
        preset = await self._presets.get(uuid)
        preset.check_readable()
        return await self.add(replace(as_draft(preset), name=await self._free_name(preset.name)))

    async def import_all(self, text: str) -> list[Preset]:
        """Add all presets in a JSON text, under free names if theirs are taken. All are checked first."""
        drafts = read_presets(text)
        for draft in drafts:
            check_preset(draft)
        return [await self.add_under_free_name(draft) for draft in drafts]

    async def add_under_free_name(self, draft: PresetDraft) -> Preset:
        """Add a preset, with a number after its name if the name is taken."""
        check_preset(draft)
        return await self.add(replace(draft, name=await self._free_name(draft.name)))

    async def export(self, uuids: Sequence[UUID]) -> str:
        """These presets as JSON that `import_all` and FFmate can read."""
        presets = [await self._presets.get(uuid) for uuid in uuids]
        data = [preset.model_copy(update={"built_in": False}).to_json() for preset in presets]
        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"

    async def _write(self, uuid: UUID, draft: PresetDraft, previous: Preset | None = None) -> Preset:
        tokens = check_preset(draft)
        taken = UserError(f"A preset named “{draft.name.strip()}” already exists.", "Choose another name.")
        others = [preset for preset in await self._presets.all() if preset.uuid != uuid]
        if any(same_name(other.name, draft.name) for other in others):
            raise taken
        preset = Preset(
            uuid=uuid,
            name=draft.name.strip(),
            description=draft.description,
            command=draft.command,
            output_file=draft.output_file,
            priority=draft.priority,
            labels=check_labels(draft.labels),
            **(extra_fields(draft.extra) if draft.extra else {}),
        )
        try:
            keeps_extra = previous is not None and draft.extra is None
            await stored.write(self._database, preset, tokens, keeps_extra=keeps_extra)
        except stored.NameTakenError as error:  # taken at the same time
            raise taken from error
        return await self._presets.get(uuid)

    async def _own(self, uuid: UUID) -> Preset:
        preset = await self._presets.get(uuid)
        if preset.built_in:
            raise UserError(
                "Built-in presets can't be changed or deleted.",
                "Duplicate the preset, then change the copy.",
            )
        return preset

    async def _free_name(self, name: str) -> str:
        taken = {preset.name.strip().casefold() for preset in await self._presets.all()}
        free, number = name, 1
        while free.strip().casefold() in taken:
            number += 1
            free = f"{name} {number}"
        return free


def check_preset(draft: PresetDraft) -> list[list[str]]:
    """The command's steps and arguments; raises UsageError if it could never become a task."""
    if not draft.name.strip():
        raise UsageError("A preset needs a name.")
    if not 0 <= draft.priority <= HIGHEST_PRIORITY:
        raise UsageError("A priority is a whole number, 0 or higher.", "Higher priorities run first.")
    check_labels(draft.labels)
    if draft.extra is not None:
        check_processing(draft.extra.pre_processing, "pre")
        check_processing(draft.extra.post_processing, "post")
    tokens = tokenise(draft.command)
    used = frozenset[str]().union(*(wildcards_in(token) for step in tokens for token in step))
    wildcards_in(draft.output_file)
    if not draft.output_file and any(name.startswith("OUTPUT_FILE") for name in used):
        raise UsageError(
            "The command writes to ${OUTPUT_FILE}, but the preset has no output pattern.",
            "Add one, for example ${INPUT_FILE_DIR}/${INPUT_FILE_BASENAME}.mp4",
        )
    return tokens


def read_presets(text: str) -> list[PresetDraft]:
    """Read one preset or a list of presets in FFmate's JSON. Unknown fields are kept."""
    try:
        data = json.loads(text)
    except READ_ERRORS as error:
        raise UserError(f"Can't read the presets: {read_error_text(error)}.") from error
    entries = data if isinstance(data, list) else [data]
    if not entries or not all(isinstance(entry, dict) for entry in entries):
        raise UserError("There are no presets in it.", "It must contain one preset or a list of presets.")
    return [read_preset(entry) for entry in entries]


def read_preset(entry: object) -> PresetDraft:
    """Read a preset in FFmate's JSON without checking its values. Unknown fields are kept. Raises UserError."""
    if not isinstance(entry, dict):
        raise UserError("This isn't a preset.", "It must be a JSON object.")
    fields = {key: value for key, value in entry.items() if key not in _IGNORED_FIELDS and value is not None}
    try:
        return as_draft(Preset.model_validate({"uuid": uuid4()} | fields))
    except ValidationError as error:
        raise UserError(f"It isn't a valid preset: {first_validation_error(error)}.") from error


_IGNORED_FIELDS = {
    "uuid",
    "group",
    "builtIn",
    "built_in",
    "createdAt",
    "created_at",
    "updatedAt",
    "updated_at",
    "unreadable",
    "asStored",
    "as_stored",
}
"""Fields set by this program, regardless of what a file says."""


def as_draft(preset: Preset) -> PresetDraft:
    """The preset's editable fields."""
    return PresetDraft(
        preset.name,
        preset.command,
        preset.description,
        preset.output_file,
        preset.priority,
        preset.labels,
        preset.extra,
    )


def same_name(first: str, second: str) -> bool:
    """Whether two names are equal, ignoring case."""
    return first.strip().casefold() == second.strip().casefold()
