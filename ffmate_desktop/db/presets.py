"""Presets that users made, read from the database."""

from ffmate_desktop.db.connection import Database
from ffmate_desktop.db.queries import query
from ffmate_desktop.domain.preset import Preset


async def list_presets(database: Database) -> list[Preset]:
    """All of them, by name."""
    rows = await database.fetch(query("presets", "list_presets"))
    return [Preset(**dict(row)) for row in rows]
