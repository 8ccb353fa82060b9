"""Making, changing and exchanging presets, in FFmate's JSON; the built-in ones are read only."""

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
    """What an editor fills in. `extra` None keeps the scripts and webhooks that an edited preset has."""

    name: str
    command: str
    description: str = ""
    output_file: str = ""
    priority: int = 0
    labels: tuple[str, ...] = ()
    extra: PresetExtra | None = None


class PresetEditor:
    """Everything is checked before it is written; raises UserError, or UsageError, with a sentence."""

    def __init__(self, database: Database, presets: PresetService) -> None:
        self._database = database
        self._presets = presets

    async def add(self, draft: PresetDraft) -> Preset:
        """A new preset."""
        return await self._write(uuid4(), draft)

    async def edit(self, uuid: UUID, draft: PresetDraft) -> Preset:
        """Change an own preset; tasks that were made from it stay as they are."""
        own = await self._own(uuid)
        if draft.extra is not None:
            own.check_readable()
        return await self._write(uuid, draft, own)

    async def used_by(self, uuid: UUID) -> list[Watchfolder]:
        """The watchfolders that make their tasks from this preset."""
        return [one for one in await watchfolders.list_watchfolders(self._database) if one.preset == uuid]

    async def delete(self, uuid: UUID) -> None:
        """Remove an own preset; tasks that were made from it keep its command and its name.

        A watchfolder that uses it takes no new files; the scan that is due now says so in its state.
        """
        await self._own(uuid)
        users = await self.used_by(uuid)
        await stored.delete(self._database, uuid)
        for folder in users:
            await watchfolders.ask_for_scan(self._database, folder.uuid)

    async def duplicate(self, uuid: UUID) -> Preset:
        """An own copy, also of a built-in preset, under a name that is free."""
        preset = await self._presets.get(uuid)
        preset.check_readable()
        return await self.add(replace(as_draft(preset), name=await self._free_name(preset.name)))

    async def import_all(self, text: str) -> list[Preset]:
        """Add every preset of a JSON text, under free names where theirs are taken; all are checked first."""
        drafts = read_presets(text)
        for draft in drafts:
            check_preset(draft)
        return [await self.add_under_free_name(one) for one in drafts]

    async def add_under_free_name(self, draft: PresetDraft) -> Preset:
        """A new preset, with a number behind its name when another one has it."""
        check_preset(draft)
        return await self.add(replace(draft, name=await self._free_name(draft.name)))

    async def export(self, uuids: Sequence[UUID]) -> str:
        """These presets as a JSON text that `import_all`, and FFmate, read."""
        presets = [await self._presets.get(uuid) for uuid in uuids]
        data = [preset.model_copy(update={"built_in": False}).to_json() for preset in presets]
        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"

    async def _write(self, uuid: UUID, draft: PresetDraft, own: Preset | None = None) -> Preset:
        tokens = check_preset(draft)
        taken = UserError(f"There is already a preset “{draft.name.strip()}”.", "Choose another name.")
        if any(one.uuid != uuid and same_name(one.name, draft.name) for one in await self._presets.all()):
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
            keeps_extra = own is not None and draft.extra is None
            await stored.write(self._database, preset, tokens, keeps_extra=keeps_extra)
        except stored.NameTakenError as error:  # at the same moment
            raise taken from error
        return await self._presets.get(uuid)

    async def _own(self, uuid: UUID) -> Preset:
        preset = await self._presets.get(uuid)
        if preset.built_in:
            raise UserError(
                "The built-in presets cannot be changed.",
                "Add one of your own.",
            )
        return preset

    async def _free_name(self, name: str) -> str:
        taken = {one.name.strip().casefold() for one in await self._presets.all()}
        free, number = name, 1
        while free.strip().casefold() in taken:
            number += 1
            free = f"{name} {number}"
        return free


def check_preset(draft: PresetDraft) -> list[list[str]]:
    """The command in its arguments; raises UsageError for what could never be a task."""
    if not draft.name.strip():
        raise UsageError("A preset needs a name.")
    if not 0 <= draft.priority <= HIGHEST_PRIORITY:
        raise UsageError("A priority is a whole number from 0.", "Higher ones run first.")
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
            "For example ${INPUT_FILE_DIR}/${INPUT_FILE_BASENAME}.mp4",
        )
    return tokens


def read_presets(text: str) -> list[PresetDraft]:
    """One preset, or a list of them, in FFmate's JSON; fields that we do not know are kept."""
    try:
        data = json.loads(text)
    except READ_ERRORS as error:
        raise UserError(f"This cannot be read: {read_error_text(error)}.") from error
    entries = data if isinstance(data, list) else [data]
    if not entries or not all(isinstance(entry, dict) for entry in entries):
        raise UserError("This holds no presets.", "It should be one preset, or a list of them.")
    return [read_preset(entry) for entry in entries]


def read_preset(entry: object) -> PresetDraft:
    """A preset in FFmate's JSON; fields that we do not know are kept. Raises UserError; nothing is checked."""
    if not isinstance(entry, dict):
        raise UserError("This is no preset.", "It should be one JSON object.")
    fields = {key: value for key, value in entry.items() if key not in _NOT_TAKEN and value is not None}
    try:
        return as_draft(Preset.model_validate({"uuid": uuid4()} | fields))
    except ValidationError as error:
        raise UserError(f"It is no valid preset: {first_validation_error(error)}.") from error


_NOT_TAKEN = {
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
"""What a preset gets here, whatever a file says."""


def as_draft(preset: Preset) -> PresetDraft:
    """What an editor begins with."""
    return PresetDraft(
        preset.name,
        preset.command,
        preset.description,
        preset.output_file,
        preset.priority,
        preset.labels,
        preset.extra,
    )


def same_name(one: str, other: str) -> bool:
    """Whether two names are one, in any case."""
    return one.strip().casefold() == other.strip().casefold()
