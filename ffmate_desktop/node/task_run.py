"""From claim to end: takes the attempt through its stages, obeys commands, and writes what became of it."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar, assert_never

from ffmate_desktop import logs
from ffmate_desktop.db.connection import Database
from ffmate_desktop.domain.errors import ElsewhereError, UserError
from ffmate_desktop.domain.task import Claim, Desired, Epoch, LiveProgress, Outcome, TaskStatus
from ffmate_desktop.media.diagnosis import Diagnosis, Retry
from ffmate_desktop.media.ffmpeg import Finished
from ffmate_desktop.media.progress import Progress
from ffmate_desktop.node.alongside import alongside
from ffmate_desktop.node.attempt import Attempt, Published, Workshop
from ffmate_desktop.node.holder import Finish, Holder
from ffmate_desktop.node.log_shipper import LogShipper
from ffmate_desktop.node.order import Order, OrderedError
from ffmate_desktop.node.slots import Slots

T = TypeVar("T")

TELL_DELAY = 0.25
"""Seconds that an encode lasts before its facts are worth a write; the end of a shorter one brings them as well."""


MOST_TRIES = 3
"""How many nodes encode a task that fails for what may be a node's own trouble."""


class TaskRun:
    """One claimed task on this node. `run` never raises but for cancellation.

    It encodes in one of the `slots`, and leaves it when ffmpeg has ended: what follows leaves the processors to the
    next task, and `on_encoded()` is called. `confirm()` waits until a heartbeat that was sent after the call has been
    answered and acted upon.
    """

    def __init__(
        self,
        claim: Claim,
        node_id: int,
        database: Database,
        shop: Workshop,
        slots: Slots,
        *,
        finish: Finish,
        confirm: Callable[[], Awaitable[None]],
        on_encoded: Callable[[], None],
    ) -> None:
        self.claimed_at = asyncio.get_running_loop().time()
        self.encoded = False
        """ffmpeg has ended: the output is verified and published now, or the rest of it removed."""
        self.ending = False
        """The last write is on its way: what the database believes may be older than what we know."""
        self._holder = Holder(database, node_id, claim, finish)
        self._slots = slots
        slots.enter(self)
        self._confirm = confirm
        self._on_encoded = on_encoded
        self._order: Order | None = None
        self._refusal: ElsewhereError | None = None
        """It cannot run here; its end is offered to other nodes first."""
        self._paused = False
        self._waits = False
        self._progress: Progress | None = None
        self._shipper = LogShipper(self._holder.append_log)
        self._attempt = Attempt(
            claim, node_id, shop, on_progress=self._on_progress, on_lines=self._shipper.add
        )
        self._killing: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[Any] | None = None
        self._task: asyncio.Task[Any] | None = None

    @property
    def claim(self) -> Claim:
        """What this node was given; its epoch changes when it is taken back."""
        return self._holder.claim

    @property
    def node_id(self) -> int:
        """The incarnation of this node that holds the claim."""
        return self._holder.node_id

    def live(self) -> LiveProgress:
        """How far it is."""
        now = self._progress
        return LiveProgress(
            self.claim.id,
            self.claim.epoch,
            percent=0.0 if now is None or now.percent is None else now.percent,
            remaining=None if now is None else now.remaining,
            fps=None if now is None else now.fps,
            speed=None if now is None else now.speed,
            size=None if now is None else now.size,
            frame=None if now is None else now.frame,
        )

    def obey(self, desired: Desired) -> None:
        """Do what is wanted of the task. Repeating it changes nothing."""
        if self.ending:
            return
        match desired:
            case "run":
                if self._paused:
                    self._paused = False
                    self._attempt.resume()
                    self._attempt.log.note("resumed")
            case "pause":
                if not self._paused:
                    self._paused = True
                    self._attempt.pause()
                    self._attempt.log.note("paused")
                    if self._waits:
                        self.end(Order.YIELD)  # it can be paused in the queue, and take no slot
            case "cancel":
                self.end(Order.CANCEL)
            case "delete":
                self.end(Order.DELETE)
            case _:
                assert_never(desired)

    def end(self, order: Order) -> None:
        """End the attempt early; the order of the highest rank counts."""
        if self._order is not None and order <= self._order:
            return
        if self.ending:
            if order is Order.LOST:
                self._order = order  # the last write learns of it
            return
        self._order = order
        if self._looking is not None:
            self._looking.cancel()
        if self._killing is None:
            self._killing = asyncio.create_task(self._attempt.cancel(), name=f"kill {self.claim.uuid}")

    def may_adopt(self, epoch: Epoch) -> bool:
        """Whether this attempt may go on under a claim with that epoch.

        Being taken for dead raises the epoch by one and a new claim by one more; anything above means that the
        task was ended or restarted, which starts clean.
        """
        return self._order is None and self._refusal is None and epoch <= self.claim.epoch + 2

    def adopt(self, epoch: Epoch, node_id: int) -> None:
        """Go on under a new claim: the old one was taken away, and nobody else has taken the task since."""
        logs.cluster.info("Task %s was taken back with epoch %d; its encode goes on", self.claim.uuid, epoch)
        self._holder.take_back(epoch, node_id)
        self.claimed_at = asyncio.get_running_loop().time()
        self._attempt.log.note(f"taken back with epoch {epoch}: the node had been taken for dead")

    def abandon(self) -> None:
        """Stop waiting for the database; what the last write would have said is found out by others."""
        if self._task is not None:
            self._task.cancel()

    async def run(self) -> None:
        """The whole life of the claim; at the end nothing of it runs and nothing temporary is left."""
        self._task = asyncio.current_task()
        try:
            async with alongside(self._shipper.run(), f"shipping the log of {self.claim.uuid}"):
                try:
                    outcome = await self._outcome()
                finally:  # also when this program ends at once
                    self._slots.leave(self)
                    if self._killing is not None:
                        await self._killing
                    await self._attempt.clean_up()
                await self._end(outcome)
        except Exception:  # noqa: BLE001 - a defect of ours; the next heartbeat gives the task back
            logs.task.exception("The end of task %s could not be written", self.claim.uuid)

    async def _outcome(self) -> Outcome | None:
        """How the attempt ended; None when an order ended it, whatever trouble that made on the way."""
        try:
            outcome = await self._try()
        except OrderedError:
            return None
        except ElsewhereError as error:
            self._refusal = error
            outcome = self._failed(error.message, error.hint)
        except UserError as error:
            outcome = self._failed(error.message, error.hint)
        except OSError as error:
            logs.task.info("Task %s failed on this machine", self.claim.uuid, exc_info=True)
            where = f" ({os.fsdecode(error.filename)})" if error.filename else ""
            outcome = self._failed(f"The computer reported: {error.strerror or error}{where}.", "")
        except Exception:  # noqa: BLE001 - a defect of ours must cost one task, never the node
            logs.task.exception("Task %s met a defect of the program", self.claim.uuid)
            outcome = self._failed("The program met a defect of its own.", "The node's log has the details.")
        return outcome if outcome.status is TaskStatus.DONE_SUCCESSFUL or self._order is None else None

    async def _try(self) -> Outcome:
        attempt = self._attempt
        attempt.log.note(f"claimed with epoch {self.claim.epoch}, attempt {self.claim.attempts}")
        await attempt.prepare()
        if (published := await self._finish_publication()) is not None:
            return published
        known = await self._unless_ordered(attempt.examine())
        await self._take_slot()
        if self._paused:
            attempt.pause()
        finished = await self._encode(known)
        verdict = await self._unless_ordered(attempt.judge(finished))
        if (found := verdict.diagnosis) is not None:
            return await self._diagnosed(found, known)
        outputs = await attempt.secure()
        known["facts"] = known.get("facts", {}) | {"outputs": [facts.to_json() for facts in verdict.outputs]}
        await self._ask_to_publish(known, {"outputs": outputs, "result": known})
        return self._published(await attempt.publish(), known)

    async def _diagnosed(self, found: Diagnosis, known: dict[str, Any]) -> Outcome:
        """A failed encode; when it may be this node's fault, others shall try too, but not all of a large cluster."""
        if found.retry is not Retry.NO and await self._unless_ordered(self._attempt.has_input()):
            self._refusal = ElsewhereError(found.sentence, found.hint, lines=found.lines, most=MOST_TRIES)
        return self._failed(found.sentence, found.hint, found.lines, known)

    async def _finish_publication(self) -> Outcome | None:
        """Finish what an earlier attempt was publishing when its node died; None when there is nothing to finish."""
        record = self.claim.publishing
        if record is None or not self._attempt.is_published_in_part:
            return None
        await self._ask_to_publish(record["result"], record)
        published = await self._attempt.finish_publication()
        return None if published is None else self._published(published, dict(record["result"]))

    def _published(self, published: Published, known: dict[str, Any]) -> Outcome:
        self._attempt.log.note("verified and published")
        if len(published.paths) == 1:
            known |= {"output": os.fspath(published.paths[0])}
        known |= {"size": published.size}
        return Outcome(TaskStatus.DONE_SUCCESSFUL, 100.0, None, known)

    async def _take_slot(self) -> None:
        """Claimed ahead of a free slot, it waits for one, but not for long; and not at all while it is paused."""
        if self._slots.has(self):
            return
        self._waits = True
        try:
            if self._paused:
                self.end(Order.YIELD)
            await self._unless_ordered(self._slots.take(self))
        except TimeoutError:
            self.end(Order.YIELD)
            self._check_order()
        finally:
            self._waits = False

    async def _encode(self, known: dict[str, Any]) -> Finished:
        """Encode, and meanwhile tell what is known: whoever looks at a running task sees its resolved command."""
        async with alongside(self._tell(known), f"telling the facts of {self.claim.uuid}"):
            finished = await self._attempt.encode()
        self.encoded = True
        self._slots.leave(self)
        self._on_encoded()
        return finished

    async def _tell(self, known: dict[str, Any]) -> None:
        await asyncio.sleep(TELL_DELAY)
        told = known | {"folders": self._attempt.folders()}
        while True:
            desired = await self._holder.tell(told)
            if desired is not None:
                break
            await self._confirm()  # the answer to the next beat takes the task back, or ends this attempt
        if desired != "run":  # it runs; and a pause that was heard of meanwhile is newer than this answer
            self.obey(desired)

    async def _unless_ordered(self, looking: Coroutine[Any, Any, T]) -> T:
        """The result of work that only reads; an order does not wait for it, since storage may not answer."""
        self._looking = asyncio.create_task(looking, name=f"looking at {self.claim.uuid}")
        if self._order is not None:
            self._looking.cancel()
        try:
            result: T = await self._looking
        except asyncio.CancelledError:
            if self._looking.cancelled() and not _is_cancelled():
                self._check_order()
            raise
        finally:
            self._looking = None
        self._check_order()
        return result

    def _check_order(self) -> None:
        if self._order is not None:
            raise OrderedError

    async def _ask_to_publish(self, known: dict[str, Any], record: Mapping[str, Any]) -> None:
        """The fence before the disk: only the holder of the claim, on a good lease, may touch the final name."""
        while True:
            self._check_order()
            desired = await self._holder.ask_to_publish(known, record)
            self._check_order()
            if desired is not None:
                return
            await self._confirm()

    async def _end(self, outcome: Outcome | None) -> None:
        self.ending = True
        if outcome is not None:
            if outcome.error:
                self._attempt.log.note(outcome.error.splitlines()[0])
            await self._shipper.finish()
            if self._refusal is not None:
                if (left := await self._refuse(self._refusal)) is None:
                    return
                told = self._failed(left.message, left.hint, left.lines)
                outcome = replace(outcome, error=told.error)
            await self._finish(outcome)
            return
        order = self._order
        assert order is not None  # noqa: S101 - no outcome means an order
        match order:
            case Order.CANCEL:
                self._shipper.add(["cancelled"])
                await self._shipper.finish()
                await self._finish(Outcome(TaskStatus.DONE_CANCELED, self.live().percent, None, {}))
            case Order.DELETE:
                await self._holder.delete()
            case Order.GIVE_BACK:
                await self._give_back("this node stops")
            case Order.YIELD:
                await self._give_back("it was ready, but no slot was free here")
            case Order.LOST:
                logs.task.warning("The claim of %s was lost; its attempt ended here", self.claim.uuid)
            case _:
                assert_never(order)

    async def _refuse(self, refusal: ElsewhereError) -> ElsewhereError | None:
        """Leave the task to other nodes; None when one may run it, else what the user reads."""
        given, here, others = await self._holder.refuse(refusal)
        if given:
            logs.task.info(
                "%s (%s) is left to other nodes: %s", self.claim.name, self.claim.uuid, refusal.message
            )
            return None
        self._refusal = None
        return refusal.with_others(here, others)

    async def _finish(self, outcome: Outcome) -> None:
        while True:
            desired = await self._holder.finish(outcome)
            if desired is not None:
                break
            if self._order is Order.LOST:
                logs.task.warning("The claim of %s was lost before its end was written", self.claim.uuid)
                return
            await self._confirm()  # the answer to the next beat takes the task back, or tells that it is lost
        logs.task.info("%s (%s) %s", self.claim.name, self.claim.uuid, _in_words(outcome))
        if desired == "delete":  # wanted while its end was on its way
            await self._holder.delete()

    async def _give_back(self, why: str) -> None:
        self._shipper.add([f"given back: {why}"])
        await self._shipper.finish()
        await self._holder.give_back()

    def _failed(
        self, sentence: str, hint: str, lines: Sequence[str] = (), known: dict[str, Any] | None = None
    ) -> Outcome:
        error = "\n".join([f"{sentence} {hint}".strip(), *lines])
        return Outcome(TaskStatus.DONE_ERROR, self.live().percent, error, known or {})

    def _on_progress(self, progress: Progress) -> None:
        self._progress = progress


def _is_cancelled() -> bool:
    """Whether somebody wants the running task of the loop to end."""
    current = asyncio.current_task()
    return current is not None and current.cancelling() > 0


def _in_words(outcome: Outcome) -> str:
    match outcome.status:
        case TaskStatus.DONE_SUCCESSFUL:
            return "is done"
        case TaskStatus.DONE_CANCELED:
            return "was canceled"
        case _:
            return f"failed: {(outcome.error or '').partition(chr(10))[0]}"
