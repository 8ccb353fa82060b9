"""From claim to end: runs the attempt, obeys commands, and makes every write a fenced one."""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from enum import IntEnum, auto
from pathlib import Path
from typing import Any, TypeVar, assert_never

from ffmate_desktop import logs
from ffmate_desktop.db import claims
from ffmate_desktop.db.claims import Ended
from ffmate_desktop.db.connection import Database
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.task import Claim, Desired, Epoch, LiveProgress, Outcome, TaskStatus
from ffmate_desktop.media.ffmpeg import Finished
from ffmate_desktop.media.progress import Progress
from ffmate_desktop.node.alongside import alongside
from ffmate_desktop.node.attempt import Attempt, Workshop
from ffmate_desktop.node.insist import insist
from ffmate_desktop.node.log_shipper import LogShipper

T = TypeVar("T")

TELL_DELAY = 0.25
"""Seconds that an encode lasts before its facts are worth a write; the end of a shorter one brings them as well."""


class Order(IntEnum):
    """Why an attempt has to end before its time; a later one of these outranks an earlier one."""

    GIVE_BACK = auto()
    """This node stops: another one shall take the task."""
    CANCEL = auto()
    DELETE = auto()
    LOST = auto()
    """The claim is somebody else's now: touch nothing but our own leftovers."""


class _OrderedError(Exception):
    """Leaves the attempt; the order stands in the run."""


class TaskRun:
    """One claimed task on this node. `run` never raises but for cancellation.

    `finish` ends tasks as `claims.finish` does. `confirm()` waits until a heartbeat that was sent after the call has
    been answered and acted upon. `on_encoded()` is called when ffmpeg has ended: what follows leaves the processors
    to the next task.
    """

    def __init__(
        self,
        claim: Claim,
        node_id: int,
        database: Database,
        shop: Workshop,
        *,
        finish: Callable[[int, Ended], Awaitable[dict[int, Desired]]],
        confirm: Callable[[], Awaitable[None]],
        on_encoded: Callable[[], None],
    ) -> None:
        self.claim = claim
        self.node_id = node_id
        self.claimed_at = asyncio.get_running_loop().time()
        self.encoded = False
        """ffmpeg has ended: the output is verified and published now, or the rest of it removed."""
        self.ending = False
        """The last write is on its way: what the database believes may be older than what we know."""
        self._database = database
        self._write_end = finish
        self._confirm = confirm
        self._on_encoded = on_encoded
        self._order: Order | None = None
        self._paused = False
        self._progress: Progress | None = None
        self._shipper = LogShipper(database, lambda: (self.node_id, self.claim))
        self._attempt = Attempt(claim, shop, on_progress=self._on_progress, on_lines=self._shipper.add)
        self._killing: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[Any] | None = None
        self._task: asyncio.Task[Any] | None = None

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
        return self._order is None and epoch <= self.claim.epoch + 2

    def adopt(self, epoch: Epoch, node_id: int) -> None:
        """Go on under a new claim: the old one was taken away, and nobody else has taken the task since."""
        logs.cluster.info("Task %s was taken back with epoch %d; its encode goes on", self.claim.uuid, epoch)
        self.claim, self.node_id = replace(self.claim, epoch=epoch), node_id
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
        except _OrderedError:
            return None
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
        if self._paused:
            attempt.pause()
        finished = await self._encode(known)
        verdict = await self._unless_ordered(attempt.judge(finished))
        if (found := verdict.diagnosis) is not None:
            return self._failed(found.sentence, found.hint, found.lines, known)
        outputs = await attempt.secure()
        known["facts"] = known.get("facts", {}) | {"outputs": [facts.to_json() for facts in verdict.outputs]}
        await self._ask_to_publish(known, {"outputs": outputs, "result": known})
        return await self._published(await attempt.publish(), known)

    async def _finish_publication(self) -> Outcome | None:
        """Finish what an earlier attempt was publishing when its node died; None when there is nothing to finish."""
        record = self.claim.publishing
        if record is None or not self._attempt.is_published_in_part:
            return None
        await self._ask_to_publish(record["result"], record)
        paths = await self._attempt.finish_publication()
        return None if paths is None else await self._published(paths, dict(record["result"]))

    async def _published(self, paths: list[Path], known: dict[str, Any]) -> Outcome:
        self._attempt.log.note("verified and published")
        if len(paths) == 1:
            known |= {"output": os.fspath(paths[0])}
        known |= {"size": await asyncio.to_thread(_bytes_in, paths)}
        return Outcome(TaskStatus.DONE_SUCCESSFUL, 100.0, None, known)

    async def _encode(self, known: dict[str, Any]) -> Finished:
        """Encode, and meanwhile tell what is known: whoever looks at a running task sees its resolved command."""
        async with alongside(self._tell(known), f"telling the facts of {self.claim.uuid}"):
            finished = await self._attempt.encode()
        self.encoded = True
        self._on_encoded()
        return finished

    async def _tell(self, known: dict[str, Any]) -> None:
        await asyncio.sleep(TELL_DELAY)
        told = known | {"folders": self._attempt.folders()}
        while True:
            desired = await insist(
                lambda: claims.set_phase(self._database, self.node_id, self.claim, "encode", told),
                f"the facts of {self.claim.uuid}",
            )
            if desired is not None:
                break
            await (
                self._confirm()
            )  # refused: the answer to the next beat takes the task back, or ends this attempt
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
            raise _OrderedError

    async def _ask_to_publish(self, known: dict[str, Any], record: Mapping[str, Any]) -> None:
        """The fence before the disk: only the holder of the claim, on a good lease, may touch the final name."""
        while True:
            self._check_order()
            desired = await insist(
                lambda: claims.set_phase(self._database, self.node_id, self.claim, "publish", known, record),
                f"publishing {self.claim.uuid}",
            )
            self._check_order()
            if desired is not None:
                return
            # Refused: cancelled, lost, or our lease ran out while the database was away. The next beat tells.
            await self._confirm()

    async def _end(self, outcome: Outcome | None) -> None:
        self.ending = True
        if outcome is not None:
            if outcome.error:
                self._attempt.log.note(outcome.error.splitlines()[0])
            await self._shipper.finish()
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
                await self._delete()
            case Order.GIVE_BACK:
                self._shipper.add(["given back: this node stops"])
                await self._shipper.finish()
                await insist(
                    lambda: claims.give_back(self._database, self.node_id, [self.claim.id]),
                    f"giving back {self.claim.uuid}",
                )
            case Order.LOST:
                logs.task.warning("The claim of %s was lost; its attempt ended here", self.claim.uuid)
            case _:
                assert_never(order)

    async def _finish(self, outcome: Outcome) -> None:
        while True:
            ended = await insist(
                lambda: self._write_end(self.node_id, [(self.claim, outcome)]),
                f"the end of {self.claim.uuid}",
            )
            if self.claim.id in ended:
                break
            if self._order is Order.LOST:
                logs.task.warning("The claim of %s was lost before its end was written", self.claim.uuid)
                return
            await (
                self._confirm()
            )  # refused: the answer to the next beat takes the task back, or tells that it is lost
        logs.task.info("%s (%s): %s", self.claim.name, self.claim.uuid, outcome.status)
        if ended[self.claim.id] == "delete":  # wanted while its end was on its way
            await self._delete()

    async def _delete(self) -> None:
        await insist(
            lambda: claims.delete_claimed(self._database, self.node_id, self.claim),
            f"deleting {self.claim.uuid}",
        )

    def _failed(
        self, sentence: str, hint: str, lines: Sequence[str] = (), known: dict[str, Any] | None = None
    ) -> Outcome:
        error = "\n".join([f"{sentence} {hint}".strip(), *lines])
        return Outcome(TaskStatus.DONE_ERROR, self.live().percent, error, known or {})

    def _on_progress(self, progress: Progress) -> None:
        self._progress = progress


def _bytes_in(paths: Sequence[Path]) -> int:
    """The size of everything that was published; somebody may have moved some of it already."""
    total = 0
    for path in paths:
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total


def _is_cancelled() -> bool:
    """Whether somebody wants the running task of the loop to end."""
    current = asyncio.current_task()
    return current is not None and current.cancelling() > 0
