"""Presets from files and to files, in FFmate's JSON: each is accepted or refused separately, with the reason."""

import asyncio
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ffmate_desktop.db.connection.connection import CONNECTION_LOST
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.paths import numbered_path
from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.domain.watch_rules import folded
from ffmate_desktop.domain.wrong_data import READ_ERRORS, read_error_text
from ffmate_desktop.private_files import read_file
from ffmate_desktop.services.preset_editor import PresetDraft, PresetEditor, as_draft, read_preset, same_name
from ffmate_desktop.services.presets import PresetService

MAX_FILE_SIZE = 4 << 20
"""The largest preset file, in bytes."""


@dataclass(frozen=True, slots=True)
class ImportedPreset:
    """The result for one preset in a file; `preset` is None if nothing was added.

    `name` is empty if not even that could be read.
    """

    source: str
    name: str
    preset: Preset | None
    trouble: str = ""
    note: str = ""
    existing: Preset | None = None
    """The identical preset that already exists."""

    @property
    def sentence(self) -> str:
        """For people."""
        if self.trouble:
            which = f"{self.source}: “{self.name}”" if self.name else self.source
            return f"{which} wasn't imported: {self.trouble}"
        if self.preset is None:
            return f"{self.source}: “{self.name}” {self.note}"
        return f"{self.source}: “{self.name}” was imported{f' {self.note}' if self.note else ''}"

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "source": self.source,
            "name": self.name,
            "imported": self.preset is not None,
            "preset": None if self.preset is None else self.preset.to_json(),
            "error": self.trouble or None,
            "note": self.note or None,
        }


class PresetExchange:
    """Imports and exports preset files."""

    def __init__(self, presets: PresetService, editor: PresetEditor) -> None:
        self._presets = presets
        self._editor = editor

    async def import_files(self, sources: Sequence[Path]) -> list[ImportedPreset]:
        """Import all presets in these files and folders. Raises UserError if a source doesn't exist."""
        results: list[ImportedPreset] = []
        for file in await asyncio.to_thread(_files, sources):
            try:
                text = await asyncio.to_thread(_read, file)
            except UserError as error:
                results.append(ImportedPreset(str(file), "", None, str(error)))
                continue
            results += await self.import_text(str(file), text)
        return results

    async def import_text(self, source: str, text: str) -> list[ImportedPreset]:
        """Import all presets in this JSON text."""
        try:
            entries = _entries(text)
        except UserError as error:
            return [ImportedPreset(source, "", None, str(error))]
        return [await self.import_entry(source, entry) for entry in entries]

    async def import_entry(self, source: str, entry: object) -> ImportedPreset:
        """Add one preset under a free name, unless an identical one already exists."""
        name = str(entry.get("name", "")) if isinstance(entry, dict) else ""
        try:
            draft = read_preset(entry)
            if (existing := await self.find_same(draft)) is not None:
                return ImportedPreset(source, name, None, note="already exists, unchanged", existing=existing)
            preset = await self._editor.add_under_free_name(draft)
        except CONNECTION_LOST:  # partly UserErrors, but not about this preset
            raise
        except UserError as error:
            return ImportedPreset(source, name, None, str(error))
        renamed = (
            "" if same_name(preset.name, draft.name) else f"as “{preset.name}”, because its name is taken"
        )
        return ImportedPreset(source, name, preset, note=renamed)

    async def find_same(self, draft: PresetDraft) -> Preset | None:
        """The existing preset that is identical to this one."""
        presets = [preset for preset in await self._presets.all() if same_name(preset.name, draft.name)]
        return next((preset for preset in presets if _is_same(preset, draft)), None)

    async def export_to(self, presets: Sequence[Preset], target: Path, *, folder: bool) -> list[Path]:
        """Write the presets to one file, or to one file each in a folder. Never overwrites. Raises UserError."""
        texts = {preset.uuid: await self._editor.export([preset.uuid]) for preset in presets}

        def write() -> list[Path]:
            if not presets:
                return []
            if not (folder or target.is_dir()):
                data = [entry for text in texts.values() for entry in json.loads(text)]
                return [_write(target, json.dumps(data, indent=2, ensure_ascii=False) + "\n")]
            try:
                target.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise _unwritable(target, error) from error
            paths = [target / name for name in _file_names([preset.name for preset in presets])]
            for path in paths:  # all or none
                if os.path.lexists(path):
                    raise _exists(path)
            entries = [json.loads(texts[preset.uuid])[0] for preset in presets]
            return [
                _write(path, json.dumps(entry, indent=2, ensure_ascii=False) + "\n")
                for path, entry in zip(paths, entries, strict=True)
            ]

        return await asyncio.to_thread(write)


def _files(sources: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for source in sources:
        if source.is_dir():
            inside = sorted(path for path in source.rglob("*.json") if path.is_file())
            if not inside:
                raise UserError(f"“{source}” contains no .json files.")
            found += inside
        elif source.exists():
            found.append(source)
        else:
            raise UserError(f"The file “{source}” doesn't exist.")
    return found


def _read(file: Path) -> str:
    try:
        return read_file(file, most=MAX_FILE_SIZE, pipes=True).decode("utf-8-sig")
    except READ_ERRORS as error:
        raise UserError(f"Can't read it: {read_error_text(error)}.") from error


def _entries(text: str) -> list[object]:
    try:
        data = json.loads(text)
    except READ_ERRORS as error:
        raise UserError(f"Can't read it: {read_error_text(error)}.") from error
    entries = data if isinstance(data, list) else [data]
    if not entries:
        raise UserError("It contains no presets.")
    return entries


def _is_same(existing: Preset, draft: PresetDraft) -> bool:
    """Whether all editable fields are equal, ignoring case in the name."""
    mine = as_draft(existing)
    return (
        mine.command,
        mine.description,
        mine.output_file,
        mine.priority,
        set(mine.labels),
        mine.extra,
    ) == (
        draft.command,
        draft.description,
        draft.output_file,
        draft.priority,
        set(draft.labels),
        draft.extra,
    )


def _file_names(names: Sequence[str]) -> list[str]:
    """A unique file name for each preset; many disks ignore case."""
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        stem = _stem(name)
        path = f"{stem}.json"
        number = 1
        while folded(path) in taken:
            path = numbered_path(f"{stem}.json", number := number + 1)
        taken.add(folded(path))
        found.append(path)
    return found


def _stem(name: str) -> str:
    safe = (
        re.sub(r'[<>:"/\\|?*\x00-\x1f]', "_", name).encode("utf-8", "replace")[:100].decode("utf-8", "ignore")
    )
    safe = safe.strip(" .") or "preset"
    return f"{safe}_" if _DEVICE.fullmatch(safe.partition(".")[0]) else safe


_DEVICE = re.compile(r"(?i)con|prn|aux|nul|(com|lpt)\d")
"""Reserved file names on Windows."""


def _write(path: Path, text: str) -> Path:
    try:
        with open(path, "x", encoding="utf-8") as file:  # noqa: PTH123 - the mode that never overwrites
            file.write(text)
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        raise _unwritable(path, error) from error
    return path


def _exists(path: Path) -> UserError:
    return UserError(f"“{path}” already exists and won't be overwritten.", "Choose another name.")


def _unwritable(path: Path, error: OSError) -> UserError:
    return UserError(f"Can't write “{path}”: {error.strerror or os.strerror(error.errno or 0)}.")
