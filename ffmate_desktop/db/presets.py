"""Presets that users made, in the database."""

from typing import Any
from uuid import UUID

import asyncpg

from ffmate_desktop.db.connection import Database, storable
from ffmate_desktop.db.queries import query
from ffmate_desktop.domain.preset import Preset, PresetExtra


async def list_presets(database: Database) -> list[Preset]:
    """All of them, by name."""
    rows = await database.fetch(query("presets", "list_presets"))
    found = [dict(row) for row in rows]
    return [Preset.model_validate(row | _extra(row.pop("extra"))) for row in found]


def _extra(stored: dict[str, Any]) -> dict[str, Any]:
    extra = PresetExtra.model_validate(stored)
    return {name: getattr(extra, name) for name in PresetExtra.model_fields}


class NameTakenError(Exception):
    """Another preset has this name, in any case."""


async def write(database: Database, preset: Preset, tokens: list[list[str]]) -> None:
    """Store a preset under its uuid, new or changed. Raises NameTakenError."""
    try:
        await database.fetch(
            query("presets", "write_preset"),
            preset.uuid,
            preset.name,
            preset.description,
            preset.command,
            tokens,
            preset.output_file,
            preset.priority,
            [storable(label) for label in preset.labels],
            preset.extra.to_json(),
        )
    except asyncpg.UniqueViolationError as error:
        raise NameTakenError(preset.name) from error


async def delete(database: Database, uuid: UUID) -> bool:
    """Remove a preset; False when there is none."""
    return await database.fetch_one(query("presets", "delete_preset"), uuid) is not None
