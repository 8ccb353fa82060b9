"""Turns rows of `list_tasks` and `get_tasks` into tasks as people and programs see them."""

from collections.abc import Iterable, Mapping
from typing import Any

import asyncpg

from ffmate_desktop.db.connection.codecs import milliseconds
from ffmate_desktop.domain.processing import Processing, ProcessingSpec
from ffmate_desktop.domain.stored_values import Unreadable, as_list, as_member, read_record
from ffmate_desktop.domain.task import (
    Client,
    LiveProgress,
    PresetName,
    Task,
    TaskSpec,
    TaskStatus,
    readable_part,
)
from ffmate_desktop.domain.task_facts import ScriptFacts, TaskFacts
from ffmate_desktop.domain.wire import RawResolved


def by_status(counts: Iterable[tuple[str, int]]) -> dict[TaskStatus, int]:
    """Counts by status. All statuses of a newer release are counted together."""
    found: dict[TaskStatus, int] = {}
    for word, tasks in counts:
        status = as_member(TaskStatus, word, TaskStatus.UNKNOWN)
        found[status] = found.get(status, 0) + tasks
    return found


def to_task(row: asyncpg.Record) -> Task:
    """The task of a row; values that this release can't read are left out."""
    status = as_member(TaskStatus, row["status"], TaskStatus.UNKNOWN)
    facts = TaskFacts.from_json(row["result"])
    spec, unreadable = _spec(row["spec"], facts.imported)
    live = _live(row) if status.is_active else None
    created = milliseconds(row["created_at"])
    updated = milliseconds(row["updated_at"])
    assert created is not None and updated is not None  # noqa: S101 - NOT NULL columns
    preset = None if row["preset"] is None else PresetName(uuid=row["preset"], name=row["preset_name"] or "")
    return Task(
        id=row["id"],
        uuid=row["uuid"],
        version=row["version"],
        epoch=row["epoch"],
        attempts=row["attempts"],
        name=row["name"],
        status=status,
        phase=row["phase"] or None,
        paused=row["desired"] == "pause" and not status.is_done,
        command=RawResolved(raw=spec.command, resolved=facts.command),
        input_file=RawResolved(raw=spec.input, resolved=spec.input),
        output_file=RawResolved(raw=spec.output_pattern, resolved=facts.output or spec.output),
        priority=row["priority"],
        progress=live.percent if live else row["progress"],
        remaining=_remaining(status, live),
        error=row["error"],
        batch=row["batch"],
        source=spec.source,
        metadata=spec.metadata,
        client=_client(row),
        pre_processing=_processing(spec.pre_processing, facts.pre_processing),
        post_processing=_processing(spec.post_processing, facts.post_processing),
        webhooks=spec.webhooks,
        created_at=created,
        updated_at=updated,
        started_at=milliseconds(row["started_at"]),
        finished_at=milliseconds(row["finished_at"]),
        preset=preset,
        labels=[label for label in row["labels"] if label is not None],
        fps=live.fps if live else None,
        speed=live.speed if live else None,
        size=live.size if live else facts.size,
        frame=live.frame if live else None,
        facts=None if facts.media is None else facts.media.to_json() or None,
        unreadable=unreadable,
        status_word=row["status"],
        skipped=facts.skipped or None,
    )


def _spec(stored: object, imported: Mapping[str, Any] | None) -> tuple[TaskSpec, str | None]:
    """The spec with the changes of a sidecar; and if only a part of it is readable, the reason."""
    found = read_record(TaskSpec, stored)
    if isinstance(found, Unreadable):
        return readable_part(stored), str(found)
    changed = read_record(TaskSpec, found.to_json() | dict(imported)) if imported else found
    return (found, None) if isinstance(changed, Unreadable) else (changed, None)


def _processing(spec: ProcessingSpec | None, facts: ScriptFacts | None) -> Processing | None:
    """What was submitted, with what is known of the script."""
    if spec is None:
        return None
    facts = facts or ScriptFacts()
    return Processing(
        script_path=RawResolved(raw=spec.script, resolved=facts.script) if spec.script else None,
        sidecar_path=RawResolved(raw=spec.sidecar, resolved=facts.sidecar) if spec.sidecar else None,
        import_sidecar=spec.import_sidecar or None,
        error=facts.error,
        started_at=facts.started_at,
        finished_at=facts.finished_at,
    )


def _live(row: asyncpg.Record) -> LiveProgress | None:
    found = map(LiveProgress.from_row, as_list(row["live"]))
    key = (row["id"], row["epoch"])
    return next((live for live in found if live is not None and (live.task_id, live.epoch) == key), None)


def _remaining(status: TaskStatus, live: LiveProgress | None) -> float:
    if status is TaskStatus.DONE_SUCCESSFUL:
        return 0
    return -1 if live is None or live.remaining is None else live.remaining


def _client(row: asyncpg.Record) -> Client | None:
    if row["node_name"] is None or row["node_id"] is None:
        return None
    return Client(
        identifier=row["node_name"],
        session=row["node_session"],
        os=row["node_os"],
        arch=row["node_arch"],
        version=row["node_program"],
        ffmpeg=row["node_ffmpeg"],
        last_seen=milliseconds(row["node_beat_at"]),
    )
