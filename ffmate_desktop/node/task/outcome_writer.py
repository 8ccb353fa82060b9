"""The last write of an attempt: what became of the task, however often the database has to be asked."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import assert_never

from ffmate_desktop import logs
from ffmate_desktop.domain.errors import RetryElsewhereError
from ffmate_desktop.domain.task import Outcome, TaskStatus
from ffmate_desktop.domain.task_facts import TaskFacts
from ffmate_desktop.node.task.claim_writer import ClaimWriter
from ffmate_desktop.node.task.interrupt import Interrupt, InterruptReason
from ffmate_desktop.node.task.log_shipper import LogShipper


def failure(
    sentence: str, hint: str, percent: float, lines: Sequence[str] = (), facts: TaskFacts | None = None
) -> Outcome:
    """A failed attempt, as the user reads it."""
    error = "\n".join([f"{sentence} {hint}".strip(), *lines])
    return Outcome(TaskStatus.DONE_ERROR, percent, error, facts or TaskFacts())


class OutcomeWriter:
    """Writes what the attempt of `holder` came to, and ships the rest of its log.

    `confirm()` waits until a heartbeat that was sent after the call has been answered and acted upon.
    """

    def __init__(
        self,
        holder: ClaimWriter,
        shipper: LogShipper,
        orders: Interrupt,
        confirm: Callable[[], Awaitable[None]],
    ) -> None:
        self._holder = holder
        self._shipper = shipper
        self._orders = orders
        self._confirm = confirm
        self.refusal: RetryElsewhereError | None = None
        """It cannot run here; its end is offered to other nodes first."""

    async def write(self, outcome: Outcome) -> None:
        """The attempt ended by itself."""
        await self._shipper.finish()
        if self.refusal is not None:
            if (left := await self._refuse(self.refusal)) is None:
                return
            self.refusal = None
            told = failure(left.message, left.hint, outcome.progress, left.lines)
            outcome = replace(outcome, error=told.error)
        await self._finish(outcome)

    async def obey(self, order: InterruptReason, percent: float) -> None:
        """An order ended it."""
        match order:
            case InterruptReason.CANCEL:
                self._shipper.add(["cancelled"])
                await self._shipper.finish()
                await self._cancel(Outcome(TaskStatus.DONE_CANCELED, percent))
            case InterruptReason.DELETE:
                if not await self._holder.delete():
                    await self._holder.give_back()  # nobody wants it deleted any more, or the claim is lost
            case InterruptReason.GIVE_BACK:
                await self._give_back("this node stops")
            case InterruptReason.YIELD:
                await self._give_back("it was ready, but no slot was free here")
            case InterruptReason.LOST:
                logs.task.warning("The claim of %s was lost; its attempt ended here", self._holder.claim.uuid)
            case _:
                assert_never(order)

    async def _cancel(self, outcome: Outcome) -> None:
        desired = await self._holder.finish(outcome)
        if desired is None:
            await self._holder.give_back()  # nobody wants it cancelled any more, or the claim is lost
            return
        self._tell(outcome)
        if desired == "delete":
            await self._holder.delete()

    async def _refuse(self, refusal: RetryElsewhereError) -> RetryElsewhereError | None:
        """Leave the task to other nodes; None when one may run it, else what the user reads."""
        given, here, others = await self._holder.refuse(refusal)
        if given:
            claim = self._holder.claim
            logs.task.info("%s (%s) is left to other nodes: %s", claim.name, claim.uuid, refusal.message)
            return None
        return refusal.with_others(here, others)

    async def _finish(self, outcome: Outcome) -> None:
        while True:
            desired = await self._holder.finish(outcome)
            if desired is not None:
                break
            if self._orders.given is InterruptReason.LOST:
                logs.task.warning(
                    "The claim of %s was lost before its end was written", self._holder.claim.uuid
                )
                return
            await self._confirm()  # the answer to the next beat takes the task back, or tells that it is lost
        self._tell(outcome)
        if desired == "delete":  # wanted while its end was on its way
            await self._holder.delete()

    def _tell(self, outcome: Outcome) -> None:
        logs.task.info("%s (%s) %s", self._holder.claim.name, self._holder.claim.uuid, _in_words(outcome))

    async def _give_back(self, why: str) -> None:
        self._shipper.add([f"given back: {why}"])
        await self._shipper.finish()
        await self._holder.give_back()


def _in_words(outcome: Outcome) -> str:
    match outcome.status:
        case TaskStatus.DONE_SUCCESSFUL:
            return "is done"
        case TaskStatus.DONE_CANCELED:
            return f"was skipped: {outcome.error}" if outcome.error else "was canceled"
        case _:
            return f"failed: {(outcome.error or '').partition(chr(10))[0]}"
