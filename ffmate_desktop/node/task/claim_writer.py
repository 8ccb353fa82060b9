"""The writes of one claim: each is fenced by the claim, and retried until the database answers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from ffmate_desktop.db import claims, scripts, tasks
from ffmate_desktop.db.claims import Ended
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.errors import RetryElsewhereError, UserError
from ffmate_desktop.domain.publishing import PublishingRecord
from ffmate_desktop.domain.task import Claim, Desired, Epoch, Outcome, Task, TaskStatus
from ffmate_desktop.domain.task_facts import TaskFacts
from ffmate_desktop.node.retry import retry_until_answered

Finish = Callable[[int, Ended], Awaitable[dict[int, Desired]]]
"""Ends tasks as `claims.finish_tasks` does, without the database as its first argument."""


class ClaimWriter:
    """One claim and the incarnation of this node that holds it; both change when the node takes back a lost claim.

    A write that returns None was refused: the task is cancelled or lost, or the node's lease expired while the
    database was unreachable. The answer to the next heartbeat says which.
    """

    def __init__(self, database: Database, node_id: int, claim: Claim, finish: Finish) -> None:
        self.claim = claim
        self.node_id = node_id
        self.adopted = asyncio.Event()
        """Set when the node took back the lost claim; cleared by the code that waits for it."""
        self._database = database
        self._finish = finish

    def adopt(self, epoch: Epoch, node_id: int) -> None:
        """Continue with this epoch, held by this incarnation."""
        self.claim, self.node_id = replace(self.claim, epoch=epoch), node_id
        self.adopted.set()

    async def read_task(self) -> Task:
        """The task as people see it; raises UserError if it was deleted."""
        found = await retry_until_answered(
            lambda: tasks.get_tasks(self._database, [self.claim.uuid]), f"reading {self.claim.uuid}"
        )
        if not found:
            raise UserError("The task was deleted.")
        return found[0]

    async def enter_stage(
        self,
        status: TaskStatus,
        facts: TaskFacts,
        record: PublishingRecord | None = None,
        sidecar: Sequence[str] = (),
    ) -> Desired | None:
        """Request permission to enter that stage; see `scripts.enter_stage`."""
        return await retry_until_answered(
            lambda: scripts.enter_stage(
                self._database, self.node_id, self.claim, status, facts, record, sidecar
            ),
            f"the stage of {self.claim.uuid}",
        )

    async def reserve_output(self, key: str) -> None:
        """Reserve this output path among all active tasks; raises OutputTakenError."""
        await retry_until_answered(
            lambda: claims.set_output(self._database, self.node_id, self.claim, key),
            f"the output of {self.claim.uuid}",
        )

    async def write_facts(self, facts: TaskFacts) -> Desired | None:
        """Write the facts of the running encode; returns the desired state of the task."""
        return await retry_until_answered(
            lambda: claims.set_phase(self._database, self.node_id, self.claim, "encode", facts),
            f"the facts of {self.claim.uuid}",
        )

    async def request_publishing(self, facts: TaskFacts, record: PublishingRecord) -> Desired | None:
        """Request permission to publish the outputs that `record` lists; None: not allowed."""
        return await retry_until_answered(
            lambda: claims.set_phase(self._database, self.node_id, self.claim, "publish", facts, record),
            f"publishing {self.claim.uuid}",
        )

    async def append_log(self, seq: int, lines: str) -> None:
        """Add a chunk to the log of this attempt."""
        await retry_until_answered(
            lambda: claims.append_log(self._database, self.node_id, self.claim, seq, lines),
            f"the log of {self.claim.uuid}",
        )

    async def finish(self, outcome: Outcome) -> Desired | None:
        """End the task; returns its desired state at that time."""
        ended = await retry_until_answered(
            lambda: self._finish(self.node_id, [(self.claim, outcome)]),
            f"the end of {self.claim.uuid}",
        )
        return ended.get(self.claim.id)

    async def refuse(self, refusal: RetryElsewhereError) -> tuple[bool, str, dict[str, str]]:
        """Leave the task to nodes that haven't tried it; see `claims.refuse`."""
        return await retry_until_answered(
            lambda: claims.refuse(
                self._database, self.node_id, self.claim, refusal.message, refusal.max_nodes
            ),
            f"refusing {self.claim.uuid}",
        )

    async def give_back(self) -> None:
        """Put the task back into the queue."""
        await retry_until_answered(
            lambda: claims.give_back(self._database, self.node_id, {self.claim.id: self.claim.epoch}),
            f"giving back {self.claim.uuid}",
        )

    async def delete(self) -> bool:
        """Remove the task if its desired state is "delete"; False if it isn't, or if the claim is lost."""
        return await retry_until_answered(
            lambda: claims.delete_claimed(self._database, self.node_id, self.claim),
            f"deleting {self.claim.uuid}",
        )
