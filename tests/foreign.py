"""Unusual rows, as newer releases, manual edits or bugs may leave them: every JSON column and field in wrong shapes.

The columns come from the server's catalog, so that a column of a later migration is covered or requires a sample.
Each variant is a copy of a sample row with one changed value.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from ffmate_desktop.db import presets, tasks, watchfolders
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.queries import Sql
from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.domain.processing import DirectWebhook, NewProcessing, ProcessingSpec
from ffmate_desktop.domain.watchfolder import Original, OriginalAction, WatchfolderSettings
from tests.db.cluster import row, spec

DEEP = "[" * 3000 + "]" * 3000
HUGE = 10**400
WRONG: tuple[Any, ...] = (None, -7, "newer", [[1]], {"newer": [1]}, HUGE, 10**5000)
"""Wrong values that replace a value."""

GOOD_PRESET, GOOD_FOLDER = UUID(int=1), UUID(int=2)
NODE = 4_000_000_000
"""The incarnation of a node that lives during the whole test."""

FACTS = {
    "duration": 1.5,
    "size": 10,
    "streams": [{"kind": "video", "width": 2, "height": 2, "frame_rate": 25.0, "codec": "h264"}],
}
_RESULT = {
    "command": "-i a b",
    "output": "/out.mp4",
    "size": 3,
    "first": {"path": "/out.mp4", "size": 3},
    "folders": ["/tmp"],
    "facts": {"input": FACTS, "outputs": [FACTS]},
    "imported": {"priority": 3, "command": "-i c d"},
    "preProcessing": {"script": "/s", "sidecar": "/c", "startedAt": 1, "finishedAt": 2, "error": "It broke."},
}
_PUBLISHING = {
    "outputs": [{"temporary": "/tmp/t", "target": "/out.mp4", "files": [["", 1, 2]]}],
    "result": {"command": "-i a b", "imported": {"command": "-i c d"}},
    "published": {"paths": ["/out.mp4"], "size": 1, "first": 1},
}
_HISTORY = [{"number": 1, "node": "a", "started": 1, "ended": 2, "end": "failed", "error": "It broke."}]
_DISPOSAL = {
    "action": "move",
    "is_done": True,
    "output": "/out.mp4",
    "size": 3,
    "folder": "/done",
    "target": "/done/a.mov",
    "begun": True,
    "tag": "1-2",
    "tried": 1,
}


def variants(value: Any) -> Iterator[Any]:
    """Generate the value with one change: another shape anywhere, or an additional field in any object."""
    yield from WRONG
    if isinstance(value, dict):
        yield value | {"newer": {"release": [1, None]}}
        for key, inner in value.items():
            yield {other: found for other, found in value.items() if other != key}
            yield from (value | {key: changed} for changed in variants(inner))
    elif isinstance(value, list):
        yield [*value, {"newer": 1}]
        for place, inner in enumerate(value):
            yield from ([*value[:place], changed, *value[place + 1 :]] for changed in variants(inner))


async def fill(database: Database, hot: str = "/nowhere") -> None:
    """Insert a row into every table with JSON, with a value in each such column. `hot` is the watchfolder."""
    await _sql(
        database,
        "INSERT INTO ffmate.nodes (id, session, identifier, heartbeat, lease_until, machine, pid, host, os, arch,"
        " program, program_schema, ffmpeg, ffmpeg_version, cores, slots, progress)"
        " VALUES ($1, gen_random_uuid(), 'other', '1 h', clock_timestamp() + interval '1 day',"
        " 'm', 1, 'h', 'linux', 'amd64', '1', 1, 'ffmpeg', '7', 1, 0, $2)",
        NODE,
        [[1, 1, 50.5, 3.0, 25.0, 1.5, 1000, 7]],
    )
    script = ProcessingSpec(script="/s a", tokens=("/s", "a"), sidecar="/c", import_sidecar=True)
    hook = DirectWebhook(event="task.created", url="http://localhost/")
    full_spec = spec(
        pre_processing=script, post_processing=script, webhooks=(hook,), metadata={"a": {"b": 1}}
    )
    for status, node in (
        ("QUEUED", None),
        ("RUNNING", NODE),
        ("DONE_ERROR", NODE),
        ("DONE_SUCCESSFUL", NODE),
    ):
        await _task(database, status, node, full_spec.to_json())
    preset = Preset(
        uuid=GOOD_PRESET,
        name="good",
        command="-i ${INPUT_FILE} ${OUTPUT_FILE}",
        output_file="${INPUT_FILE}.mp4",
        pre_processing=NewProcessing(script_path="/s", sidecar_path="/c"),
        webhooks=(hook,),
    )
    await presets.write(database, preset, [["-i"]])
    moved = Original(action=OriginalAction.MOVE, folder="done")
    settings = WatchfolderSettings(name="good", path=hot, preset=GOOD_PRESET, interval=1, on_success=moved)
    await watchfolders.insert(database, GOOD_FOLDER, settings)
    await _sql(
        database,
        "UPDATE ffmate.watchfolders SET suspended = true, scanned_at = now(),"
        " result = $1, unreachable = $2, roots = $3",
        *({"files": 1, "queued": 1, "seconds": 0.5}, {"7": "Not there."}, {"m": [1, 2]}),
    )
    await _sql(
        database,
        "INSERT INTO ffmate.watched_files (folder, path, size, mtime, inode, view, state, disposal, ledger)"
        " SELECT id, 'a.mov', 1, 1, 1, 1, 'done', $1, 1 FROM ffmate.watchfolders",
        _DISPOSAL,
    )
    await _sql(
        database,
        "INSERT INTO ffmate.leftovers (task, epoch, machine, folders) VALUES ($1, 1, 'm', $2)",
        uuid4(),
        ["/x"],
    )


async def _task(database: Database, status: str, node: int | None, spec_: Mapping[str, Any]) -> None:

    one = row("good")
    await tasks.insert(database, [one], batch=None, source="cli")
    now = datetime.now(UTC)
    await _sql(
        database,
        "UPDATE ffmate.tasks SET status = $2, node_id = $3, node_name = $4, spec = $5, result = $6, publishing = $7,"
        " history = $8, refused = $9, epoch = 1, attempts = 1, started_at = $10, finished_at = $11, error = $12,"
        " source = 'watchfolder' WHERE uuid = $1",
        *(one.uuid, status, node, "other" if node else None, spec_),
        *(_RESULT, _PUBLISHING, _HISTORY, {"7": ["a", "Not here."]}),
        *(now if node else None, now if status.startswith("DONE") else None),
        "It broke." if status == "DONE_ERROR" else None,
    )


async def json_columns(database: Database) -> list[tuple[str, str]]:
    """Return every JSON column in our tables, from the server's catalog."""
    rows = await database.fetch(
        Sql(
            "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            " WHERE c.relnamespace = 'ffmate'::regnamespace AND c.relkind IN ('r', 'p') AND NOT a.attisdropped"
            " AND a.atttypid IN ('json'::regtype, 'jsonb'::regtype) ORDER BY 1, 2"
        )
    )
    return [(found["relname"], found["attname"]) for found in rows]


async def spread(
    database: Database, *, tables: frozenset[str] | None = None, where: str = "true", every: int = 1
) -> int:
    """Insert a copy of each sample row for every n-th variant of each of its values. Return their number."""
    total = 0
    for table, column in await json_columns(database):
        if tables is not None and table not in tables:
            continue
        samples = await database.fetch(
            Sql(f"SELECT ctid::text AS place, {column}::text AS value FROM ffmate.{table} WHERE {where}")
        )
        assert any(sample["value"] not in (None, "null") for sample in samples), (
            f"no sample of {table}.{column}"
        )
        insert = await _copying(database, table, column)
        places: dict[str, list[str]] = {}
        for sample in samples:
            if sample["value"] is not None:
                places.setdefault(sample["value"], []).append(sample["place"])
        for value, rows in places.items():
            texts = [*[_text(one) for one in variants(json.loads(value))][::every], DEEP]
            copies = [(rows[number % len(rows)], text) for number, text in enumerate(texts)]
            async with database.transaction() as connection:
                await connection.executemany(insert, copies)
            total += len(texts)
    return total


def _text(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value > HUGE:
        return "1" + "0" * 5000  # Python doesn't print numbers with so many digits
    return json.dumps(value, default=str) if not _has_giant(value) else _giant(value)


def _has_giant(value: Any) -> bool:
    match value:
        case dict():
            return any(map(_has_giant, value.values()))
        case list():
            return any(map(_has_giant, value))
        case _:
            return isinstance(value, int) and value > HUGE


def _giant(value: Any) -> str:
    match value:
        case dict():
            return "{" + ",".join(f"{json.dumps(key)}:{_giant(one)}" for key, one in value.items()) + "}"
        case list():
            return "[" + ",".join(map(_giant, value)) + "]"
        case _:
            return _text(value)


async def _copying(database: Database, table: str, column: str) -> str:
    """Return the statement that copies the row at $1 with $2 in the column and new keys."""
    columns = await database.fetch(
        Sql(
            "SELECT a.attname AS name, a.atttypid::regtype::text AS kind, EXISTS (SELECT 1 FROM pg_index i"
            "  WHERE i.indrelid = a.attrelid AND i.indisunique AND (a.attnum = ANY (i.indkey) OR 0 = ANY (i.indkey)"
            "  AND pg_get_indexdef(i.indexrelid) LIKE '%(' || a.attname || ')%')) AS is_key"
            "  FROM pg_attribute a WHERE a.attrelid = ('ffmate.' || $1)::regclass AND a.attnum > 0"
            "   AND NOT a.attisdropped AND a.attgenerated = ''"
        ),
        table,
    )
    keys = {"uuid": "gen_random_uuid()", "text": "gen_random_uuid()::text"}
    numbers = "(random() * 1e15)::bigint + 5000000000"
    values = []
    for found in columns:
        name, kind = found["name"], found["kind"]
        if name == column:
            values.append(f"$2::text::{kind}")
        elif found["is_key"] and name not in ("folder", "epoch", "output_key"):
            values.append(keys.get(kind, numbers))
        elif name == "path":
            values.append("gen_random_uuid()::text")
        else:
            values.append(f"t.{name}")
    names = ", ".join(found["name"] for found in columns)
    return (
        f"INSERT INTO ffmate.{table} ({names}) OVERRIDING SYSTEM VALUE"
        f" SELECT {', '.join(values)} FROM ffmate.{table} t WHERE t.ctid = $1::text::tid"
    )


async def _sql(database: Database, text: str, *arguments: Any) -> None:
    async with database.transaction() as connection:
        await connection.execute(text, *arguments)


async def use_newer_values(database: Database) -> None:
    """Use values that only a newer release knows, in every column whose values this release checks."""
    constraints = await database.fetch(
        Sql(
            "SELECT conname, contypid::regtype::text AS domain, conrelid::regclass::text AS relation"
            " FROM pg_constraint WHERE connamespace = 'ffmate'::regnamespace AND contype = 'c'"
        )
    )
    for found in constraints:  # a newer migration may have replaced them
        kind = f"DOMAIN {found['domain']}" if found["domain"] != "-" else f"TABLE {found['relation']}"
        await _sql(database, f"ALTER {kind} DROP CONSTRAINT {found['conname']}")
    words = spec().to_json()
    for status, desired in (
        ("HELD", "run"),
        ("DONE_SKIPPED", "run"),
        ("QUEUED", "archive"),
        ("RUNNING", "archive"),
    ):
        await _task(database, status, NODE if status == "RUNNING" else None, words)
        await _sql(
            database,
            "UPDATE ffmate.tasks SET phase = 'review', desired = $2, name = $1"
            " WHERE id = (SELECT max(id) FROM ffmate.tasks)",
            *(f"{status} {desired}", desired),
        )
    await _sql(
        database,
        "INSERT INTO ffmate.nodes (id, session, identifier, state, heartbeat, lease_until, machine, pid, host, os,"
        " arch, program, program_schema, ffmpeg, ffmpeg_version, cores, slots)"
        " VALUES (77, gen_random_uuid(), 'far', 'standby', '5 s', now(), 'm', 1, 'h', 'beos',"
        " 'vax', '99', 999, 'ffmpeg', '99', 1, 1)",
    )
    await _sql(
        database,
        "INSERT INTO ffmate.watched_files (folder, path, size, mtime, inode, view, state, ledger)"
        " SELECT id, 'b.mov', 1, 1, 1, 1, 'uploading', 1 FROM ffmate.watchfolders WHERE uuid = $1",
        GOOD_FOLDER,
    )
    await _sql(
        database,
        "INSERT INTO ffmate.node_logs (node, incarnation, at, level, namespace, message)"
        " VALUES ('far', 77, now(), 25, 'telepathy', 'Hello.')",
    )
