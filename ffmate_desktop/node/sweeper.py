"""Requeues tasks of dead nodes. Any live node may do this once it has been connected for a whole lease."""

from typing import assert_never

from ffmate_desktop import logs
from ffmate_desktop.db import leases
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, Database, reason
from ffmate_desktop.db.leases import Beat, Swept
from ffmate_desktop.domain.task import TaskStatus


async def sweep_if_needed(
    database: Database, node_id: int, beat: Beat, *, connected_for: float, lease: float
) -> Swept | None:
    """Act on a heartbeat: declare late nodes dead, and requeue tasks that no live node owns.

    After an outage of the database, or a sleep of this computer or of the server, every lease has expired although
    all nodes live. So a node that has been connected for less than a lease (seconds) declares no node dead.
    """
    if not beat.stray and not (beat.late and connected_for >= lease):
        if beat.late:
            logs.cluster.debug(
                "A node missed a beat. This node may sweep once it has been connected for %.0f s (now %.0f s)",
                lease,
                connected_for,
            )
        return None
    try:
        if connected_for >= lease and beat.at is not None:
            swept = await leases.sweep(database, node_id, beat.at)
        else:
            swept = await leases.requeue_strays(database)
    except CONNECTION_LOST as error:
        logs.cluster.info("The sweep has to wait: %s", reason(error))
        return None
    for identifier in swept.dead:
        logs.cluster.warning("Node %s is lost: it sent no heartbeat and does not answer", identifier)
    for uuid, status, node in swept.moved:
        logs.cluster.warning("Task %s of %s %s", uuid, node, _in_words(status))
    return swept


def _in_words(status: TaskStatus) -> str:
    match status:
        case TaskStatus.QUEUED:
            return "is queued again"
        case TaskStatus.DONE_ERROR:
            return "is given up: too many nodes were lost while they worked on it"
        case TaskStatus.DONE_CANCELED:
            return "is cancelled, as requested"
        case (
            TaskStatus.PRE_PROCESSING
            | TaskStatus.RUNNING
            | TaskStatus.POST_PROCESSING
            | TaskStatus.DONE_SUCCESSFUL
            | TaskStatus.UNKNOWN
        ):
            raise ValueError(f"a sweep never makes a task {status}")
        case _:
            assert_never(status)
