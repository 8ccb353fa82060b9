"""Reads FFmate 2's database: its presets, watchfolders and webhooks, as plain data."""

import asyncio
import json
from pathlib import Path
from typing import Any

from ffmate_desktop.db import ffmate_source
from ffmate_desktop.db.ffmate_source import Row, Tables
from ffmate_desktop.domain.errors import UserError


async def read_source(source: str) -> Tables:
    """Read FFmate's tables from a SQLite file or a PostgreSQL URI; raises UserError if there are none."""
    if source.startswith(("postgres://", "postgresql://")):
        tables = await ffmate_source.read_postgres(source)
    else:
        tables = await asyncio.to_thread(_read_file, source)
    if not tables.keys() & {"presets", "preset", "watchfolder", "watchfolders", "webhook", "webhooks"}:
        raise UserError("This isn't an FFmate 2 database: it has none of FFmate's tables.")
    return tables


def _read_file(source: str) -> Tables:
    path = Path(source).expanduser()
    if not path.is_file():
        raise UserError(
            f"The file “{source}” doesn't exist.",
            "Enter the path of FFmate's SQLite file, or the URI of its PostgreSQL database.",
        )
    return ffmate_source.read_sqlite(path)


def preset_entries(tables: Tables) -> list[dict[str, Any]]:
    """FFmate's presets in its JSON form."""
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


def watchfolder_entries(tables: Tables) -> list[dict[str, Any]]:
    """FFmate's watchfolders as settings for ours, with the preset's FFmate UUID."""
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


def webhook_entries(tables: Tables) -> list[dict[str, str]]:
    """FFmate's webhooks."""
    return [
        {key: _text(row.get(key)) for key in ("uuid", "event", "url")}
        for row in _rows(tables, "webhooks", "webhook")
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
    """The rows without deleted ones, which FFmate keeps."""
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
    """A value stored as JSON: as text, as bytes, or as bytes in PostgreSQL's notation."""
    text = _text(value)
    try:
        if text.startswith("\\x"):
            text = bytes.fromhex(text[2:]).decode("utf-8", "replace")
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
