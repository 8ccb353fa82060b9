"""Presets for everybody who submits: the built-in ones and those in the database, as one list."""

import asyncio
import difflib
import json
from pathlib import Path
from uuid import UUID

from ffmate_desktop.db import presets as stored
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.preset import Preset


def load_built_in(folder: Path) -> list[Preset]:
    """The presets that come with the program: one JSON file each, in FFmate's fields."""
    return [
        Preset.model_validate(json.loads(path.read_text(encoding="utf-8")) | {"builtIn": True})
        for path in sorted(folder.glob("*.json"))
    ]


class PresetNotFoundError(UserError):
    """There is no such preset. Any other UserError says that the database could not be read."""


class PresetService:
    """Finds presets by name or uuid. `folder` holds the built-in ones."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._shipped: frozenset[UUID] = frozenset()

    async def all(self) -> list[Preset]:
        """Own presets first, then the built-in ones, each by name."""
        own = await stored.list_presets(self._database)
        built_in = await self._built_in()
        return own + sorted(built_in, key=lambda preset: (preset.group, preset.name.lower()))

    async def exists(self, uuid: UUID) -> bool:
        """Whether the preset exists; cheap enough to ask at each scan."""
        if uuid in self._shipped or await stored.exists(self._database, uuid):
            return True
        await self._built_in()
        return uuid in self._shipped

    async def _built_in(self) -> list[Preset]:
        found = await asyncio.to_thread(load_built_in, self._folder)
        self._shipped = frozenset(preset.uuid for preset in found)
        return found

    async def find(self, name: str) -> Preset:
        """The preset of this name or uuid, in any case; raises PresetNotFoundError, with the nearest names."""
        presets = await self.all()
        wanted = name.strip().lower()
        for preset in presets:
            if wanted in (preset.name.lower(), str(preset.uuid)):
                return preset
        raise PresetNotFoundError(f"There is no preset “{name}”.", _nearest(wanted, presets))

    async def get(self, uuid: UUID) -> Preset:
        """The preset with this uuid; raises PresetNotFoundError when there is none."""
        return await self.find(str(uuid))


def _nearest(wanted: str, presets: list[Preset]) -> str:
    names = {preset.name.lower(): preset.name for preset in presets}
    close = [names[key] for key in difflib.get_close_matches(wanted, names, n=3, cutoff=0.5)]
    words = set(wanted.split())
    close += [name for key, name in names.items() if words & set(key.split()) and name not in close]
    if not close:
        return "`ffmate-desktop presets list` shows them all."
    *others, last = [f"“{name}”" for name in close[:3]]
    return "Did you mean " + (", ".join(others) + " or " if others else "") + last + "?"
