"""From FFmate 2 to here: presets, watchfolders and webhooks, first as a plan that people read, then carried out."""

import asyncio
import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from ffmate_desktop.db import ffmate_source
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, Database
from ffmate_desktop.db.ffmate_source import Row, Tables
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.watchfolder import WatchfolderSettings
from ffmate_desktop.domain.wrong_data import first_validation_error
from ffmate_desktop.services.preset_editor import PresetDraft, check_preset, read_preset
from ffmate_desktop.services.preset_exchange import PresetExchange
from ffmate_desktop.services.watch_overlap import overlap
from ffmate_desktop.services.watchfolders import WatchfolderService
from ffmate_desktop.services.watchfolders import check as check_watchfolder

NOWHERE = UUID(int=0)


class ImportOutcome(StrEnum):
    """What becomes of a row of FFmate's."""

    NEW = "new"
    HERE = "here already"
    REFUSED = "cannot be taken"
    TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class ImportItem:
    """One row: `kind` is preset, watchfolder or webhook; `old` is FFmate's uuid, `data` its fields as JSON."""

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
    """Reads FFmate's database and writes ours; the source is only ever read."""

    def __init__(
        self, database: Database, exchange: PresetExchange, watchfolders: WatchfolderService
    ) -> None:
        self._database = database
        self._exchange = exchange
        self._watchfolders = watchfolders

    async def plan(self, source: str) -> list[ImportItem]:
        """What would become of each row of a SQLite file or a PostgreSQL URI; nothing is written."""
        tables = await read_source(source)
        presets = [await self._plan_preset(entry) for entry in _presets(tables)]
        usable = {item.old for item in presets if item.outcome is not ImportOutcome.REFUSED}
        names = {item.old: item.name for item in presets}
        folders = [await self._plan_watchfolder(entry, usable, names) for entry in _watchfolders(tables)]
        known = await ffmate_source.stored_webhooks(self._database)
        hooks = []
        for entry in _rows(tables, "webhooks", "webhook"):
            event, url = _text(entry.get("event")), _text(entry.get("url"))
            outcome = (
                ImportOutcome.HERE
                if (event, url) in known
                else ImportOutcome.NEW
                if event and url
                else ImportOutcome.REFUSED
            )
            note = {
                ImportOutcome.NEW: "kept; nothing sends webhooks yet",
                ImportOutcome.REFUSED: "it has no event or no address",
            }
            data = {"event": event, "url": url}
            uuid = _text(entry.get("uuid"))
            hooks.append(ImportItem("webhook", f"{event} {url}", outcome, note.get(outcome, ""), uuid, data))
            known.add((event, url))
        return [*presets, *folders, *hooks]

    async def execute(self, plan: Sequence[ImportItem]) -> list[ImportItem]:
        """Write what is new; returns what became of each. One that fails does not stop the others."""
        uuids: dict[str, UUID] = {}
        return [await self._take(item, uuids) for item in plan]

    async def _take(self, item: ImportItem, uuids: dict[str, UUID]) -> ImportItem:
        if item.outcome is ImportOutcome.REFUSED or (
            item.outcome is ImportOutcome.HERE and item.kind != "preset"
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
                        ImportOutcome.TAKEN if done.preset else ImportOutcome.HERE,
                        done.note if done.preset else "",
                    )
                case "watchfolder":
                    preset = uuids.get(str(item.data["preset"]))
                    if preset is None:
                        raise UserError("Its preset was not taken.")
                    data = {**item.data, "preset": preset}
                    settings = check_watchfolder(WatchfolderSettings.model_validate(data))
                    name = _free_name(settings.name, [one.name for one in await self._watchfolders.all()])
                    await self._watchfolders.add(settings.model_copy(update={"name": name}))
                    if name != settings.name:
                        return _with(
                            item, ImportOutcome.TAKEN, f"{item.note}; as “{name}”, since another has its name"
                        )
                case _:
                    await ffmate_source.store_webhook(self._database, item.data["event"], item.data["url"])
        except CONNECTION_LOST:  # some of them are a UserError, and say nothing about this item
            raise
        except UserError as error:
            return _with(item, ImportOutcome.REFUSED, str(error))
        return _with(item, ImportOutcome.TAKEN, item.note)

    async def _plan_preset(self, entry: dict[str, Any]) -> ImportItem:
        name, old = str(entry.get("name") or ""), str(entry.get("uuid") or "")
        try:
            draft: PresetDraft = read_preset(entry)
            check_preset(draft)
            here = await self._exchange.find_same(draft)
        except CONNECTION_LOST:
            raise
        except UserError as error:
            return ImportItem("preset", name, ImportOutcome.REFUSED, str(error), old, entry)
        return ImportItem("preset", name, ImportOutcome.HERE if here else ImportOutcome.NEW, "", old, entry)

    async def _plan_watchfolder(
        self, entry: dict[str, Any], usable: set[str], names: Mapping[str, str]
    ) -> ImportItem:
        name, old = str(entry.get("name") or entry.get("path") or ""), str(entry.pop("uuid", ""))
        preset = str(entry.get("preset") or "")

        def item(outcome: ImportOutcome, note: str) -> ImportItem:
            return ImportItem("watchfolder", name, outcome, note, old, entry)

        if preset not in usable:
            what = (
                f"its preset “{names[preset]}” cannot be taken" if preset in names else "its preset is gone"
            )
            return item(ImportOutcome.REFUSED, what)
        try:
            settings = check_watchfolder(WatchfolderSettings.model_validate({**entry, "preset": NOWHERE}))
        except ValidationError as error:
            return item(ImportOutcome.REFUSED, first_validation_error(error))
        except UserError as error:
            return item(ImportOutcome.REFUSED, str(error))
        everyone = await self._watchfolders.all()
        ours = re.compile(rf"{re.escape(settings.name)}( \d+)?", re.IGNORECASE)
        if any(one.path == settings.path and ours.fullmatch(one.name) for one in everyone):
            return item(ImportOutcome.HERE, "")
        notes = [
            settings.path,
            "suspended as it was" if settings.suspended else "stop FFmate before it scans here too",
        ]
        if overlapping_names := [f"“{one.name}”" for one in everyone if overlap(settings, one)]:
            notes.append(f"the same files are in {', '.join(overlapping_names)}")
        return item(ImportOutcome.NEW, "; ".join(notes))


async def read_source(source: str) -> Tables:
    """The tables of a SQLite file or a PostgreSQL URI; raises UserError when there are none of FFmate's."""
    if source.startswith(("postgres://", "postgresql://")):
        tables = await ffmate_source.read_postgres(source)
    else:
        tables = await asyncio.to_thread(_read_file, source)
    if not tables.keys() & {"presets", "preset", "watchfolder", "watchfolders", "webhook", "webhooks"}:
        raise UserError("This is no database of FFmate 2: it has none of its tables.")
    return tables


def _read_file(source: str) -> Tables:
    path = Path(source).expanduser()
    if not path.is_file():
        raise UserError(
            f"There is no file “{source}”.",
            "Name FFmate's SQLite file, or the URI of its PostgreSQL database.",
        )
    return ffmate_source.read_sqlite(path)


def _with(item: ImportItem, outcome: ImportOutcome, note: str) -> ImportItem:
    return ImportItem(item.kind, item.name, outcome, note, item.old, item.data)


def _free_name(name: str, taken: Sequence[str]) -> str:
    known = {one.lower() for one in taken}
    return next(
        wished
        for number in itertools.count(1)
        if (wished := name if number == 1 else f"{name} {number}").lower() not in known
    )


def _presets(tables: Tables) -> list[dict[str, Any]]:
    labels = _labels(tables, "preset_labels", "preset_id")
    return [
        {
            "uuid": _text(row.get("uuid")),
            "name": _text(row.get("name")),
            "description": _text(row.get("description")),
            "command": _text(row.get("command")),
            "outputFile": _text(row.get("output_file")),
            "priority": _number(row.get("priority")),
            "labels": labels.get(_text(row.get("id")), []),
            "preProcessing": _json(row.get("pre_processing")),
            "postProcessing": _json(row.get("post_processing")),
            "webhooks": _json(row.get("webhooks")),
        }
        for row in _rows(tables, "presets", "preset")
    ]


def _watchfolders(tables: Tables) -> list[dict[str, Any]]:
    labels = _labels(tables, "watchfolder_labels", "watchfolder_id")
    return [
        {
            "uuid": _text(row.get("uuid")),
            "name": _text(row.get("name")),
            "description": _text(row.get("description")),
            "path": _text(row.get("path")),
            "interval": max(_number(row.get("interval")), 1),
            "growthChecks": _number(row.get("growth_checks")),
            "preset": _text(row.get("preset")),
            "suspended": _text(row.get("suspended")).lower() in ("1", "t", "true"),
            "filter": {"extensions": _extensions(row.get("filter"))},
            "labels": labels.get(_text(row.get("id")), []),
        }
        for row in _rows(tables, "watchfolder", "watchfolders")
    ]


def _extensions(stored: object) -> dict[str, list[str]]:
    found = _json(stored)
    found = found.get("extensions") if isinstance(found, dict) else None
    found = found if isinstance(found, dict) else {}
    return {
        which: [str(word).lstrip(".") for word in words if str(word).strip(". ")]
        for which in ("include", "exclude")
        if isinstance(words := found.get(which) or [], list)
    }


def _labels(tables: Tables, joined: str, column: str) -> dict[str, list[str]]:
    words = {_text(row.get("id")): _text(row.get("value")) for row in tables.get("labels", ())}
    found: dict[str, list[str]] = {}
    for row in tables.get(joined, ()):
        if word := words.get(_text(row.get("label_id"))):
            found.setdefault(_text(row.get(column)), []).append(word)
    return found


def _rows(tables: Tables, *names: str) -> list[Row]:
    """Those that FFmate has not deleted; it keeps deleted rows."""
    return [row for name in names for row in tables.get(name, ()) if not row.get("deleted_at")]


def _text(value: object) -> str:
    return (
        "" if value is None else value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    )


def _number(value: object) -> int:
    try:
        return int(_text(value) or 0)
    except ValueError:
        return 0


def _json(value: object) -> Any:
    """A value that is stored as JSON: text, bytes, or PostgreSQL's writing of bytes."""
    text = _text(value)
    try:
        if text.startswith("\\x"):
            text = bytes.fromhex(text[2:]).decode("utf-8", "replace")
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
