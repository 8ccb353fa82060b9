"""A database as FFmate 2 makes it, with every kind of row: SQLite or PostgreSQL, which differ in their types."""

import json
from typing import Any

PRESET, BAD, GONE, TWIN = (f"{n}0000000-0000-4000-8000-000000000000" for n in range(1, 5))
STAMP = "2025-01-02 03:04:05.678+00:00"

_PRESETS = """CREATE TABLE presets (id {serial}, created_at {time}, updated_at {time}, deleted_at {time}, uuid text,
    command text, name text, output_file text, priority integer, webhooks {json}, pre_processing {json},
    post_processing {json}, description text)"""
_WATCHFOLDERS = """CREATE TABLE {watchfolder} (id {serial}, created_at bigint, updated_at bigint, deleted_at {time},
    uuid text, name text, description text, path text, "interval" integer, growth_checks integer, filter {json},
    preset text, suspended {bool}, last_run bigint, error text, last_check bigint)"""
_WEBHOOKS = """CREATE TABLE webhooks (id {serial}, created_at {time}, updated_at {time}, deleted_at {time}, uuid text,
    event text, url text)"""
_OTHERS = (
    "CREATE TABLE labels (id {serial}, value text)",
    "CREATE TABLE preset_labels (preset_id integer, label_id integer)",
    "CREATE TABLE watchfolder_labels (watchfolder_id integer, label_id integer)",
    "CREATE TABLE tasks (id {serial}, uuid text, status text)",
    "INSERT INTO labels (value) VALUES ('gpu'), ('tape')",
    "INSERT INTO preset_labels VALUES (1, 1)",
    "INSERT INTO watchfolder_labels VALUES (1, 2)",
    "INSERT INTO tasks (uuid, status) VALUES ('t', 'RUNNING')",
)
SQLITE = {"serial": "integer PRIMARY KEY", "time": "datetime", "json": "jsonb", "bool": "numeric"}
POSTGRES = {"serial": "bigserial PRIMARY KEY", "time": "timestamptz", "json": "jsonb", "bool": "boolean"}

WEBHOOK = [{"event": "task.updated", "url": "https://example.org/direct"}]
BEFORE = {
    "scriptPath": "/scripts/pre.sh ${SIDECAR_FILE}",
    "sidecarPath": "${INPUT_FILE_DIR}/a.json",
    "importSidecar": True,
}
AFTER = {"scriptPath": "/scripts/post.sh", "sidecarPath": None, "importSidecar": False}
FILTER = {"extensions": {"include": [".MOV", "mp4"], "exclude": None}}


def statements(types: dict[str, str], folder: str, watchfolder: str = "watchfolder") -> list[str]:
    """Everything that makes the database; `folder` is what the watchfolders watch."""
    names = types | {"watchfolder": watchfolder}
    true, false = ("true", "false") if types is POSTGRES else ("1", "0")
    tables = [text.format(**names) for text in (_PRESETS, _WATCHFOLDERS, _WEBHOOKS, *_OTHERS)]
    copy = "-i ${INPUT_FILE} -c copy ${OUTPUT_FILE}"
    out = "${INPUT_FILE_DIR}/out/${INPUT_FILE_BASENAME}.mov"
    presets = [
        ("NULL", PRESET, copy, "It's “Delivery”", out, 5, WEBHOOK, BEFORE, AFTER),
        ("NULL", BAD, "-i ${INPUT_FILE} | tee", "Bad", out, 0, None, None, None),
        (f"'{STAMP}'", GONE, copy, "Deleted", out, 0, None, None, None),
        ("NULL", TWIN, copy + " ", "Plain", out, 0, None, None, None),
    ]
    folders = [
        ("NULL", "w1", "Inbox", f"{folder}/inbox", 5, 3, FILTER, PRESET, false),
        ("NULL", "w2", "No preset", f"{folder}/two", 10, 1, None, GONE, false),
        ("NULL", "w3", "Of a bad one", f"{folder}/three", 10, 1, None, BAD, false),
        ("NULL", "w4", "Relative", "four", 10, 1, None, TWIN, false),
        ("NULL", "w5", "Interval 0", f"{folder}/five", 0, 0, None, TWIN, true),
        (f"'{STAMP}'", "w6", "Deleted", f"{folder}/six", 10, 1, None, PRESET, false),
    ]
    hooks = [
        ("NULL", "h1", "batch.finished", "https://example.org/a"),
        ("NULL", "h2", "task.created", "https://example.org/b"),
        ("NULL", "h3", "batch.finished", "https://example.org/a"),
        (f"'{STAMP}'", "h4", "task.deleted", "https://example.org/gone"),
    ]
    rows = [
        "INSERT INTO presets (created_at, updated_at, deleted_at, uuid, command, name, output_file, priority,"
        " webhooks, pre_processing, post_processing, description)"
        f" VALUES ('{STAMP}', '{STAMP}', {deleted}, {_values(*rest)}, 'd')"
        for deleted, *rest in presets
    ]
    rows += [
        f"INSERT INTO {watchfolder} (created_at, updated_at, deleted_at, description, last_run, error, last_check,"
        ' uuid, name, path, "interval", growth_checks, filter, preset, suspended)'
        f" VALUES (1, 1, {deleted}, 'd', 0, '', 0, {_values(*rest)}, {suspended})"
        for deleted, *rest, suspended in folders
    ]
    rows += [
        "INSERT INTO webhooks (created_at, updated_at, deleted_at, uuid, event, url)"
        f" VALUES ('{STAMP}', '{STAMP}', {deleted}, {_values(*rest)})"
        for deleted, *rest in hooks
    ]
    return [*tables, *rows]


def _values(*values: Any) -> str:
    def literal(value: Any) -> str:
        if value is None:
            return "NULL"
        if isinstance(value, int):
            return str(value)
        text = value if isinstance(value, str) else json.dumps(value)
        return "'" + text.replace("'", "''") + "'"

    return ", ".join(map(literal, values))
