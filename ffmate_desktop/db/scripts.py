"""The fenced writes around a task's scripts; the rules stand in scripts.sql."""

from collections.abc import Mapping, Sequence
from typing import Any

from ffmate_desktop.db.connection.connection import Database, storable
from ffmate_desktop.db.queries import query
from ffmate_desktop.domain.paths import output_key
from ffmate_desktop.domain.status import desired_of
from ffmate_desktop.domain.task import Claim, Desired, TaskStatus


async def enter_stage(
    database: Database,
    node_id: int,
    claim: Claim,
    status: TaskStatus,
    facts: Mapping[str, Any],
    record: Mapping[str, Any] | None = None,
    sidecar: Sequence[str] = (),
) -> Desired | None:
    """Enter PRE_PROCESSING, RUNNING or POST_PROCESSING, adding `facts` to the result. None: not allowed.

    `record` is added to what a successor has to know when this node dies. `sidecar` has every path of the one
    file that is written next.
    """
    keys = [storable(output_key(path)) for path in sidecar]
    phase = "encode" if status is TaskStatus.RUNNING else ""
    row = await database.fetch_one(
        query("scripts", "enter_stage"),
        *(claim.id, claim.epoch, node_id, status, phase, dict(facts), record, keys),
    )
    return None if row is None else desired_of(row["desired"])
