"""All presets as one list: built-in ones and those in the database."""

import asyncio
import difflib
import json
from pathlib import Path
from uuid import UUID

from ffmate_desktop.db import presets as stored
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.counts import either
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.preset import Preset


def load_built_in(folder: Path) -> list[Preset]:
    """The presets that come with the program: one JSON file each, with FFmate's fields."""
    return [
        Preset.model_validate(json.loads(path.read_text(encoding="utf-8")) | {"builtIn": True})
        for path in sorted(folder.glob("*.json"))
    ]


class PresetNotFoundError(UserError):
    """The preset doesn't exist. Any other UserError means that the database couldn't be read."""


class PresetService:
    """Finds presets by name or UUID. `folder` contains the built-in ones."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._built_in_uuids: frozenset[UUID] = frozenset()

    async def all(self) -> list[Preset]:
        """The user's presets by name, then the built-in ones by group and name."""
        own = await stored.list_presets(self._database)
        built_in = await self._built_in()
        return own + sorted(built_in, key=lambda preset: (preset.group, preset.name.lower()))

    async def exists(self, uuid: UUID) -> bool:
        """Whether the preset exists; fast enough to ask at each scan."""
        if uuid in self._built_in_uuids or await stored.exists(self._database, uuid):
            return True
        await self._built_in()
        return uuid in self._built_in_uuids

    async def _built_in(self) -> list[Preset]:
        found = await asyncio.to_thread(load_built_in, self._folder)
        self._built_in_uuids = frozenset(preset.uuid for preset in found)
        return found

    async def find(self, name: str) -> Preset:
        """The preset with this name or UUID, ignoring case; raises PresetNotFoundError with similar names."""
        presets = await self.all()
        key = name.strip().lower()
        for preset in presets:
            if key in (preset.name.lower(), str(preset.uuid)):
                return preset
        raise PresetNotFoundError(f"The preset “{name}” doesn't exist.", _nearest(key, presets))

    async def get(self, uuid: UUID) -> Preset:
        """The preset with this UUID; raises PresetNotFoundError if there is none."""
        return await self.find(str(uuid))


def _nearest(name: str, presets: list[Preset]) -> str:
    names = {preset.name.lower(): preset.name for preset in presets}
    close = [names[key] for key in difflib.get_close_matches(name, names, n=3, cutoff=0.5)]
    words = set(name.split())
    close += [other for key, other in names.items() if words & set(key.split()) and other not in close]
    if not close:
        return "`ffmate-desktop presets list` shows all presets."
    return f"Did you mean {either([f'“{name}”' for name in close[:3]])}?"
