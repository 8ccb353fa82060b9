"""Imports presets, watchfolders and webhooks from FFmate 2: first as a plan to review, then for real."""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from ffmate_desktop.db import ffmate_source
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, Database
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.watchfolder import WatchfolderSettings
from ffmate_desktop.domain.wrong_data import first_validation_error
from ffmate_desktop.services.ffmate_rows import (
    preset_entries,
    read_source,
    watchfolder_entries,
    webhook_entries,
)
from ffmate_desktop.services.preset_editor import PresetDraft, check_preset, read_preset
from ffmate_desktop.services.preset_exchange import PresetExchange
from ffmate_desktop.services.watch_overlap import overlap
from ffmate_desktop.services.watchfolders import WatchfolderService
from ffmate_desktop.services.watchfolders import check as check_watchfolder

_NO_PRESET = UUID(int=0)


class ImportOutcome(StrEnum):
    """What happens to one of FFmate's rows; the values are part of the command line's JSON."""

    NEW = "new"
    EXISTS = "here already"
    REFUSED = "cannot be taken"
    IMPORTED = "taken"

    @property
    def text(self) -> str:
        """The outcome for people."""
        match self:
            case ImportOutcome.NEW:
                return "new"
            case ImportOutcome.EXISTS:
                return "already exists"
            case ImportOutcome.REFUSED:
                return "can't be imported"
            case ImportOutcome.IMPORTED:
                return "imported"


@dataclass(frozen=True, slots=True)
class ImportItem:
    """One row: `kind` is preset, watchfolder or webhook; `old` is FFmate's UUID, `data` its fields as JSON."""

    kind: str
    name: str
    outcome: ImportOutcome
    note: str
    old: str
    data: Mapping[str, Any]

    def to_json(self) -> dict[str, str]:
        """For programs."""
        return {
            "kind": self.kind,
            "name": self.name,
            "fate": self.outcome.value,
            "note": self.note,
            "uuid": self.old,
        }


class FFmateImport:
    """Copies FFmate's rows to our database; never writes to FFmate's."""

    def __init__(
        self, database: Database, exchange: PresetExchange, watchfolders: WatchfolderService
    ) -> None:
        self._database = database
        self._exchange = exchange
        self._watchfolders = watchfolders

    async def plan(self, source: str) -> list[ImportItem]:
        """What would happen to each row of a SQLite file or a PostgreSQL URI. Writes nothing."""
        tables = await read_source(source)
        presets = [await self._plan_preset(entry) for entry in preset_entries(tables)]
        usable = {item.old for item in presets if item.outcome is not ImportOutcome.REFUSED}
        names = {item.old: item.name for item in presets}
        folders = [
            await self._plan_watchfolder(entry, usable, names) for entry in watchfolder_entries(tables)
        ]
        stored = await ffmate_source.stored_webhooks(self._database)
        hooks = []
        for entry in webhook_entries(tables):
            event, url = entry["event"], entry["url"]
            item = _webhook_item(entry, is_stored=(event, url) in stored)
            hooks.append(item)
            stored.add((event, url))
        return [*presets, *folders, *hooks]

    async def execute(self, plan: Sequence[ImportItem]) -> list[ImportItem]:
        """Import what is new; returns the result for each item. A failure doesn't stop the others."""
        uuids: dict[str, UUID] = {}
        return [await self._import(item, uuids) for item in plan]

    async def _import(self, item: ImportItem, uuids: dict[str, UUID]) -> ImportItem:
        if item.outcome is ImportOutcome.REFUSED or (
            item.outcome is ImportOutcome.EXISTS and item.kind != "preset"
        ):
            return item
        try:
            match item.kind:
                case "preset":
                    done = await self._exchange.import_entry("FFmate", dict(item.data))
                    if done.trouble:
                        raise UserError(done.trouble)
                    if (found := done.preset or done.existing) is not None:
                        uuids[item.old] = found.uuid
                    return _with(
                        item,
                        ImportOutcome.IMPORTED if done.preset else ImportOutcome.EXISTS,
                        done.note if done.preset else "",
                    )
                case "watchfolder":
                    preset = uuids.get(str(item.data["preset"]))
                    if preset is None:
                        raise UserError("Its preset wasn't imported.")
                    data = {**item.data, "preset": preset}
                    settings = check_watchfolder(WatchfolderSettings.model_validate(data))
                    name = _free_name(
                        settings.name, [folder.name for folder in await self._watchfolders.all()]
                    )
                    await self._watchfolders.add(settings.model_copy(update={"name": name}))
                    if name != settings.name:
                        return _with(
                            item,
                            ImportOutcome.IMPORTED,
                            f"{item.note}; as “{name}”, because its name is taken",
                        )
                case _:
                    await ffmate_source.store_webhook(self._database, item.data["event"], item.data["url"])
        except CONNECTION_LOST:  # partly UserErrors, but not about this item
            raise
        except UserError as error:
            return _with(item, ImportOutcome.REFUSED, str(error))
        return _with(item, ImportOutcome.IMPORTED, item.note)

    async def _plan_preset(self, entry: dict[str, Any]) -> ImportItem:
        name, old = str(entry.get("name") or ""), str(entry.get("uuid") or "")
        try:
            draft: PresetDraft = read_preset(entry)
            check_preset(draft)
            existing = await self._exchange.find_same(draft)
        except CONNECTION_LOST:
            raise
        except UserError as error:
            return ImportItem("preset", name, ImportOutcome.REFUSED, str(error), old, entry)
        return ImportItem(
            "preset", name, ImportOutcome.EXISTS if existing else ImportOutcome.NEW, "", old, entry
        )

    async def _plan_watchfolder(
        self, entry: dict[str, Any], usable: set[str], names: Mapping[str, str]
    ) -> ImportItem:
        name, old = str(entry.get("name") or entry.get("path") or ""), str(entry.pop("uuid", ""))
        preset = str(entry.get("preset") or "")

        def item(outcome: ImportOutcome, note: str) -> ImportItem:
            return ImportItem("watchfolder", name, outcome, note, old, entry)

        if preset not in usable:
            reason = (
                f"its preset “{names[preset]}” can't be imported"
                if preset in names
                else "its preset is missing"
            )
            return item(ImportOutcome.REFUSED, reason)
        try:
            settings = check_watchfolder(WatchfolderSettings.model_validate({**entry, "preset": _NO_PRESET}))
        except ValidationError as error:
            return item(ImportOutcome.REFUSED, first_validation_error(error))
        except UserError as error:
            return item(ImportOutcome.REFUSED, str(error))
        folders = await self._watchfolders.all()
        own_name = re.compile(rf"{re.escape(settings.name)}( \d+)?", re.IGNORECASE)
        if any(folder.path == settings.path and own_name.fullmatch(folder.name) for folder in folders):
            return item(ImportOutcome.EXISTS, "")
        notes = [
            settings.path,
            "suspended, as in FFmate"
            if settings.suspended
            else "stop FFmate first, or both will scan the folder",
        ]
        if overlapping_names := [f"“{folder.name}”" for folder in folders if overlap(settings, folder)]:
            notes.append(f"the same files are watched by {', '.join(overlapping_names)}")
        return item(ImportOutcome.NEW, "; ".join(notes))


def _with(item: ImportItem, outcome: ImportOutcome, note: str) -> ImportItem:
    return ImportItem(item.kind, item.name, outcome, note, item.old, item.data)


def _free_name(name: str, taken: Sequence[str]) -> str:
    used = {other.lower() for other in taken}
    return next(
        free
        for number in itertools.count(1)
        if (free := name if number == 1 else f"{name} {number}").lower() not in used
    )


def _webhook_item(entry: Mapping[str, str], *, is_stored: bool) -> ImportItem:
    event, url = entry["event"], entry["url"]
    outcome, note = ImportOutcome.NEW, "stored, but webhooks aren't sent yet"
    if is_stored:
        outcome, note = ImportOutcome.EXISTS, ""
    elif not (event and url):
        outcome, note = ImportOutcome.REFUSED, "it has no event or no URL"
    return ImportItem("webhook", f"{event} {url}", outcome, note, entry["uuid"], {"event": event, "url": url})
