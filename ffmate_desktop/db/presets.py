"""Presets that users made, in the database."""

from typing import Any
from uuid import UUID

import asyncpg

from ffmate_desktop.db.connection.connection import Database, storable
from ffmate_desktop.db.queries import query
from ffmate_desktop.domain.preset import Preset, PresetExtra, extra_fields
from ffmate_desktop.domain.stored_values import Unreadable, as_object, read_record, read_valid_fields


async def list_presets(database: Database) -> list[Preset]:
    """All of them, by name."""
    return [_to_preset(dict(row)) for row in await database.fetch(query("presets", "list_presets"))]


def _to_preset(row: dict[str, Any]) -> Preset:
    stored = row.pop("extra")
    extra = read_record(PresetExtra, stored)
    if not isinstance(extra, Unreadable):
        return Preset.model_validate(row | extra_fields(extra))
    part = extra_fields(read_valid_fields(PresetExtra, stored, {}))
    return Preset.model_validate(row | part | {"unreadable": str(extra), "as_stored": as_object(stored)})


class NameTakenError(Exception):
    """Another preset has this name, ignoring case."""


async def write(
    database: Database, preset: Preset, tokens: list[list[str]], *, keeps_extra: bool = False
) -> None:
    """Insert or update the preset of this uuid. Raises NameTakenError.

    `keeps_extra` keeps the stored scripts and webhooks of an existing preset.
    """
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
            None if keeps_extra else preset.extra.to_json(),
        )
    except asyncpg.UniqueViolationError as error:
        raise NameTakenError(preset.name) from error


async def exists(database: Database, uuid: UUID) -> bool:
    """Whether a user's preset has this uuid."""
    row = await database.fetch_one(query("presets", "preset_exists"), uuid)
    return row is not None and bool(row["found"])


async def delete(database: Database, uuid: UUID) -> bool:
    """Remove a preset; False if there is none."""
    return await database.fetch_one(query("presets", "delete_preset"), uuid) is not None
