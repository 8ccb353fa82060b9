"""A row of the queries about tasks as the task that people and programs see."""

from typing import Any

import asyncpg

from ffmate_desktop.db.codecs import milliseconds
from ffmate_desktop.domain.processing import Processing, ProcessingSpec
from ffmate_desktop.domain.task import Client, LiveProgress, PresetName, Task, TaskSpec, TaskStatus
from ffmate_desktop.domain.wire import RawResolved


def to_task(row: asyncpg.Record) -> Task:
    """A row of `list_tasks` or `get_tasks` as people see it."""
    status = TaskStatus(row["status"])
    result = row["result"] or {}
    spec = TaskSpec.model_validate(row["spec"] | result.get("imported", {}))
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
        command=RawResolved(raw=spec.command, resolved=result.get("command")),
        input_file=RawResolved(raw=spec.input, resolved=spec.input),
        output_file=RawResolved(raw=spec.output_pattern, resolved=result.get("output") or spec.output),
        priority=row["priority"],
        progress=live.percent if live else row["progress"],
        remaining=_remaining(status, live),
        error=row["error"],
        batch=row["batch"],
        source=spec.source,
        metadata=spec.metadata,
        client=_client(row),
        pre_processing=_processing(spec.pre_processing, result.get("preProcessing")),
        post_processing=_processing(spec.post_processing, result.get("postProcessing")),
        webhooks=spec.webhooks,
        created_at=created,
        updated_at=updated,
        started_at=milliseconds(row["started_at"]),
        finished_at=milliseconds(row["finished_at"]),
        preset=preset,
        labels=row["labels"],
        fps=live.fps if live else None,
        speed=live.speed if live else None,
        size=live.size if live else result.get("size"),
        frame=live.frame if live else None,
        facts=result.get("facts"),
    )


def _processing(spec: ProcessingSpec | None, known: dict[str, Any] | None) -> Processing | None:
    """What is asked for, with what is known of it: script, sidecar, startedAt, finishedAt, error."""
    if spec is None:
        return None
    known = known or {}
    return Processing(
        script_path=RawResolved(raw=spec.script, resolved=known.get("script")) if spec.script else None,
        sidecar_path=RawResolved(raw=spec.sidecar, resolved=known.get("sidecar")) if spec.sidecar else None,
        import_sidecar=spec.import_sidecar or None,
        error=known.get("error"),
        started_at=known.get("startedAt"),
        finished_at=known.get("finishedAt"),
    )


def _live(row: asyncpg.Record) -> LiveProgress | None:
    for entry in row["live"] or []:
        if entry[0] == row["id"] and entry[1] == row["epoch"]:
            return LiveProgress.from_row(entry)
    return None


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
