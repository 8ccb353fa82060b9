"""Claims tasks, and writes under a claim, fenced by it. The rules are in claims.sql."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import asyncpg

from ffmate_desktop.db.connection.connection import Database, storable
from ffmate_desktop.db.queries import query
from ffmate_desktop.domain.change import progress_payload
from ffmate_desktop.domain.paths import output_key
from ffmate_desktop.domain.publishing import PublishingRecord, RecordedOutput
from ffmate_desktop.domain.status import desired_of
from ffmate_desktop.domain.stored_values import Unreadable, as_list, as_object, as_text, read_record
from ffmate_desktop.domain.task import Claim, Desired, Epoch, LiveProgress, Outcome, TaskSpec, readable_part
from ffmate_desktop.domain.task_facts import TaskFacts

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy


class OutputTakenError(Exception):
    """Another active task already writes to this output path."""


Ended = Sequence[tuple[Claim, Outcome]]
"""Claims of one incarnation, and how their tasks ended."""


async def finish_and_claim(
    database: Database, node_id: int, ended: Ended, slots: int, ahead: int = 0
) -> tuple[dict[int, Desired], list[Claim]]:
    """End these tasks and claim up to `slots` others whose labels this node has, most urgent first.

    Claims up to `ahead` more from a queue that fills every slot of the cluster without them. Returns the desired
    state of each ended task by id, and the new claims. A claim whose id is missing was lost; a task whose
    desired state is "delete" has to be removed with `delete_claimed`.
    """
    rows = await database.fetch(
        query("claims", "finish_and_claim"),
        node_id,
        slots,
        ahead,
        [claim.id for claim, _ in ended],
        [claim.epoch for claim, _ in ended],
        [outcome.status for _, outcome in ended],
        [None if outcome.error is None else storable(outcome.error) for _, outcome in ended],
        [outcome.progress for _, outcome in ended],
        [outcome.facts.to_json() for _, outcome in ended],
    )
    claimed = [row for row in rows if row["desired"] is None]
    claimed.sort(key=lambda row: (-row["priority"], row["id"]))  # RETURNING has no order
    return (
        {row["id"]: desired_of(row["desired"]) for row in rows if row["desired"] is not None},
        [_to_claim(row) for row in claimed],
    )


def _to_claim(row: asyncpg.Record) -> Claim:
    """Never raises: the claim is committed, and only a node that knows about it can give it back."""
    spec, publishing, unreadable = _work(row["spec"], row["publishing"])
    return Claim(
        id=row["id"],
        uuid=row["uuid"],
        epoch=row["epoch"],
        priority=row["priority"],
        name=row["name"],
        attempts=row["attempts"],
        spec=spec,
        publishing=publishing,
        unreadable=unreadable,
    )


def _work(stored: object, publishing: object) -> tuple[TaskSpec, PublishingRecord | None, Unreadable | None]:
    """The spec and the publishing record of an earlier attempt. Unless both are readable, the task can't run here."""
    spec = read_record(TaskSpec, stored)
    if isinstance(spec, Unreadable):
        return readable_part(stored), None, spec
    if publishing is None:
        return spec, None, None
    record = PublishingRecord.from_json(publishing)
    if isinstance(record, Unreadable):
        return spec, None, Unreadable(f"publishing: {record.why}")
    changed = read_record(TaskSpec, spec.to_json() | dict(record.facts.imported or {}))
    if isinstance(changed, Unreadable):
        return spec, None, Unreadable(f"publishing.result.imported: {changed.why}")
    return spec, record, None


async def claim(database: Database, node_id: int, slots: int, ahead: int = 0) -> list[Claim]:
    """Only claim tasks; see `finish_and_claim`."""
    return (await finish_and_claim(database, node_id, (), slots, ahead))[1]


async def finish_tasks(database: Database, node_id: int, ended: Ended) -> dict[int, Desired]:
    """Only end tasks; see `finish_and_claim`."""
    return (await finish_and_claim(database, node_id, ended, 0))[0]


async def set_phase(
    database: Database,
    node_id: int,
    claim: Claim,
    phase: str,
    facts: TaskFacts,
    record: PublishingRecord | None = None,
) -> Desired | None:
    """Enter a phase and merge `facts` into the result. Returns the task's desired state; None: claim lost.

    A successor needs `record` when this node dies while it moves the output into place.
    """
    keys, times, sizes = _files_of(() if record is None else record.outputs)
    row = await database.fetch_one(
        query("claims", "set_phase"),
        claim.id,
        claim.epoch,
        node_id,
        phase,
        facts.to_json(),
        None if record is None else record.to_json(),
        keys,
        times,
        sizes,
    )
    return None if row is None else desired_of(row["desired"])


def _files_of(outputs: Sequence[RecordedOutput]) -> tuple[list[str], list[int], list[int]]:
    """Path keys, microseconds and bytes of every file to be published."""
    files = [
        (f"{target}/{name}" if name else target, size, time)
        for output in outputs
        for target in (output.target, output.real_target)
        if target is not None
        for name, size, time in output.files
    ]
    return (
        [storable(output_key(path)) for path, _, _ in files],
        [time // 1000 for _, _, time in files],
        [size for _, size, _ in files],
    )


async def set_output(database: Database, node_id: int, claim: Claim, output_key: str) -> bool:
    """Reserve the final output path among active tasks; False if the claim is lost.

    Raises OutputTakenError if another active task has that path.
    """
    try:
        row = await database.fetch_one(
            query("claims", "set_output"), claim.id, claim.epoch, node_id, output_key
        )
    except asyncpg.UniqueViolationError as error:
        raise OutputTakenError(output_key) from error
    return row is not None


async def give_back(
    database: Database,
    node_id: int,
    held: Mapping[int, Epoch] | None = None,
    not_before: datetime | None = None,
) -> set[int]:
    """Put running tasks back into the queue, to be claimed now or from `not_before` on. Returns their ids.

    `held` maps ids to the epochs of their claims; without it, all claims of this incarnation are given back.
    """
    ids, epochs = (None, None) if held is None else (list(held), list(held.values()))
    async with database.transaction() as connection:
        rows = await connection.fetch(query("claims", "give_back"), node_id, ids, epochs, not_before)
        await delete_ended(connection, rows)
    return {row["id"] for row in rows}


async def refuse(
    database: Database, node_id: int, claim: Claim, sentence: str, max_nodes: int
) -> tuple[bool, str, dict[str, str]]:
    """Leave a task that can't run on this node to others, so that at most `max_nodes` nodes try it.

    Returns whether another node may run it (otherwise end it), this node's name, and the reasons of the other nodes
    by name.
    """
    row = await database.fetch_one(
        query("claims", "refuse_task"), claim.id, claim.epoch, node_id, sentence, max_nodes
    )
    if row is None:
        return False, "", {}
    refusals = [as_list(entry) for node, entry in as_object(row["refused"]).items() if node != str(node_id)]
    others = {entry[0]: entry[1] for entry in refusals if len(entry) > 1 and all(map(as_text, entry[:2]))}
    return row["given"], row["node_name"] or "", others


async def delete_ended(
    connection: "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]",
    rows: Sequence[asyncpg.Record],
) -> None:
    """Remove those of the rows (id, desired) that were deleted while they ran."""
    deleted = [row["id"] for row in rows if row["desired"] == "delete"]
    if deleted:
        await connection.execute(query("claims", "delete_ended"), deleted)


async def delete_claimed(database: Database, node_id: int, claim: Claim) -> bool:
    """Remove a task that was deleted while this node ran it; False if the claim is lost."""
    row = await database.fetch_one(query("claims", "delete_claimed"), claim.id, claim.epoch, node_id)
    return row is not None


async def append_log(database: Database, node_id: int, claim: Claim, seq: int, lines: str) -> None:
    """Add a chunk of lines to the log of this attempt. Chunks of a lost claim are dropped."""
    await database.fetch(query("claims", "append_log"), claim.id, claim.epoch, node_id, seq, lines)


async def send_progress(database: Database, node_id: int, tasks: list[LiveProgress]) -> None:
    """Notify all listeners of the progress of this node's tasks, without writing a row."""
    # 7,900 bytes hold about 130 tasks; PostgreSQL refuses payloads of 8,000 bytes.
    for start in range(0, len(tasks), 80):
        payload = progress_payload(node_id, tasks[start : start + 80])
        await database.fetch(query("claims", "send_progress"), payload)
