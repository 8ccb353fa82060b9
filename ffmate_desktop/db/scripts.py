"""The fenced writes around a task's scripts. The rules are in scripts.sql."""

from collections.abc import Sequence

from ffmate_desktop.db.connection.connection import Database, storable
from ffmate_desktop.db.queries import query
from ffmate_desktop.domain.paths import output_key
from ffmate_desktop.domain.publishing import PublishingRecord
from ffmate_desktop.domain.status import desired_of
from ffmate_desktop.domain.task import Claim, Desired, TaskStatus
from ffmate_desktop.domain.task_facts import TaskFacts


async def enter_stage(
    database: Database,
    node_id: int,
    claim: Claim,
    status: TaskStatus,
    facts: TaskFacts,
    record: PublishingRecord | None = None,
    sidecar: Sequence[str] = (),
) -> Desired | None:
    """Enter PRE_PROCESSING, RUNNING or POST_PROCESSING, merging `facts` into the result. None: not allowed.

    `record` is merged into what a successor needs when this node dies. `sidecar` has every path of the one file
    that is written next.
    """
    keys = [storable(output_key(path)) for path in sidecar]
    phase = "encode" if status is TaskStatus.RUNNING else ""
    row = await database.fetch_one(
        query("scripts", "enter_stage"),
        *(claim.id, claim.epoch, node_id, status, phase, facts.to_json()),
        *(None if record is None else record.to_json(), keys),
    )
    return None if row is None else desired_of(row["desired"])
