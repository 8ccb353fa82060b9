"""The stages of one attempt, in order: script, probe, encode, verdict, publishing, script."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from ffmate_desktop.domain.errors import RetryElsewhereError
from ffmate_desktop.domain.publishing import Published, PublishingRecord
from ffmate_desktop.domain.task import Outcome, TaskStatus
from ffmate_desktop.domain.task_facts import FirstOutput, ProbedMedia, TaskFacts
from ffmate_desktop.media.diagnosis import Diagnosis, RetryAdvice
from ffmate_desktop.media.ffmpeg import FFmpegResult
from ffmate_desktop.node.background import running_in_background
from ffmate_desktop.node.task.attempt import EncodeAttempt
from ffmate_desktop.node.task.claim_writer import ClaimWriter
from ffmate_desktop.node.task.interrupt import Interrupt, InterruptReason
from ffmate_desktop.node.task.outcome_writer import failure
from ffmate_desktop.node.task.script_stages import ScriptStages
from ffmate_desktop.node.task.slots import Slots

TELL_DELAY = 0.25
"""Seconds that an encode lasts before its facts are worth a write; the end of a shorter one brings them as well."""

MOST_TRIES = 3
"""How many nodes encode a task that fails for what may be a node's own trouble."""


class Stages:
    """Takes `attempt` through its stages; `run` raises OrderedError when an order ends it.

    Scripts and encode need one of the `slots`. Without a script at its end the task leaves it when ffmpeg has ended:
    what follows leaves the processors to the next task, and `on_encoded()` is called. `confirm()` waits until a
    heartbeat that was sent after the call has been answered and acted upon; `obey(desired)` does what is wanted.
    """

    def __init__(
        self,
        attempt: EncodeAttempt,
        holder: ClaimWriter,
        orders: Interrupt,
        slots: Slots,
        *,
        confirm: Callable[[], Awaitable[None]],
        obey: Callable[[Any], None],
        on_encoded: Callable[[], None],
        percent: Callable[[], float],
    ) -> None:
        self.encoded = False
        """ffmpeg has ended: the output is verified and published now, or the rest of it removed."""
        self.waits = False
        """It is ready, and waits for a slot."""
        self.paused = False
        self.refusal: RetryElsewhereError | None = None
        self._attempt = attempt
        self._holder = holder
        self._orders = orders
        self._slots = slots
        self._confirm = confirm
        self._obey = obey
        self._on_encoded = on_encoded
        self._percent = percent
        self._scripts = ScriptStages(attempt, holder, orders, confirm=confirm, is_paused=lambda: self.paused)
        slots.enter(self)

    @property
    def known(self) -> TaskFacts:
        """What a task that fails shall still be shown with."""
        return self._scripts.facts

    def leave_slot(self) -> None:
        """The attempt is over, or will not begin."""
        self._slots.leave(self)

    async def run(self) -> Outcome:
        """To the end of the attempt; raises UserError when it cannot be done."""
        attempt, claim = self._attempt, self._holder.claim
        attempt.log.note(f"claimed with epoch {claim.epoch}, attempt {claim.attempts}")
        claim.check_readable()
        if (finished := await self._finish_what_was_begun()) is not None:
            return finished
        await attempt.refuse_existing()
        await self._scripts.foresee()
        if attempt.spec.pre_processing is not None:
            await self._take_slot()
            await self._scripts.before(attempt.spec.pre_processing)
            await self._scripts.foresee()
            await attempt.refuse_existing()  # the script may have named another output
        await attempt.prepare()
        facts = await self._orders.unless(attempt.examine(self._scripts.facts))
        await self._take_slot()
        if self.paused:
            attempt.pause()
        ended = await self._encode(facts)
        verdict = await self._orders.unless(attempt.judge(ended))
        outputs = await attempt.secure() if verdict.ok else ()
        changed = await self._orders.unless(attempt.changed_input(verdict.diagnosis))
        if changed is not None and _may_explain(verdict.diagnosis):
            said = () if verdict.diagnosis is None else verdict.diagnosis.lines
            return await self._diagnosed(changed.diagnosis(said), replace(facts, changed=changed.to_facts()))
        if (found := verdict.diagnosis) is not None:
            return await self._diagnosed(found, facts)
        media = replace(
            facts.media or ProbedMedia(), outputs=tuple(probed.to_json() for probed in verdict.outputs)
        )
        facts = replace(facts, media=media)
        await self._ask_to_publish(facts, PublishingRecord(outputs, facts))
        return await self._published(await attempt.publish(), facts)

    async def _finish_what_was_begun(self) -> Outcome | None:
        """Go on where an earlier attempt's node died in publishing or in the last script; None when there is nothing.

        The record names the changes of an imported sidecar too, so that it is about the same output.
        """
        record, attempt = self._holder.claim.publishing, self._attempt
        if record is None:
            return None
        facts = record.facts
        attempt.change(facts.imported)
        if record.published is not None:
            await attempt.open_folder()
            attempt.log.note("the output is published already; what follows it is done again")
            return await self._published(record.published, facts)
        await attempt.prepare()
        if attempt.is_published_in_part:
            await self._ask_to_publish(facts, record)
            if (moved := await attempt.finish_publication()) is not None:
                return await self._published(moved, facts)
        attempt.change(None)
        return None

    async def _published(self, published: Published, facts: TaskFacts) -> Outcome:
        """The output is in its place: say so, then run what follows."""
        self._attempt.log.note("verified and published")
        if len(published.paths) == 1:
            facts = replace(facts, output=os.fspath(published.paths[0]))
        elif published.paths:  # who asks later whether the output is there looks at this one
            facts = replace(facts, first=FirstOutput(os.fspath(published.paths[0]), published.first_size))
        facts = replace(facts, size=published.size)
        if (spec := self._attempt.spec.post_processing) is not None:
            await self._take_slot()
            facts = await self._scripts.after(spec, facts, published)
        return Outcome(TaskStatus.DONE_SUCCESSFUL, 100.0, facts=facts)

    async def _diagnosed(self, found: Diagnosis, facts: TaskFacts) -> Outcome:
        """A failed encode; when it may be this node's fault, others shall try too, but not all of a large cluster."""
        if found.retry is not RetryAdvice.NO and await self._orders.unless(self._attempt.has_input()):
            self.refusal = RetryElsewhereError(
                found.sentence, found.hint, lines=found.lines, max_nodes=MOST_TRIES
            )
        return failure(found.sentence, found.hint, self._percent(), found.lines, facts)

    async def _take_slot(self) -> None:
        """Claimed ahead of a free slot, it waits for one, but not for long; and not at all while it is paused."""
        if self._slots.has(self):
            return
        self.waits = True
        try:
            if self.paused:
                self._orders.give(InterruptReason.YIELD)
            await self._orders.unless(self._slots.take(self))
        except TimeoutError:
            self._orders.give(InterruptReason.YIELD)
            self._orders.check()
        finally:
            self.waits = False

    async def _encode(self, facts: TaskFacts) -> FFmpegResult:
        """Encode, and meanwhile tell what is known: whoever looks at a running task sees its resolved command."""
        async with running_in_background(
            self._tell(facts), f"telling the facts of {self._holder.claim.uuid}"
        ):
            finished = await self._attempt.encode()
        if self._attempt.spec.post_processing is None:
            self.encoded = True
            self._slots.leave(self)
            self._on_encoded()
        return finished

    async def _tell(self, facts: TaskFacts) -> None:
        await asyncio.sleep(TELL_DELAY)
        facts = replace(facts, folders=self._attempt.folders())
        while True:
            desired = await self._holder.tell(facts)
            if desired is not None:
                break
            await self._confirm()  # the answer to the next beat takes the task back, or ends this attempt
        if desired != "run":  # it runs; and a pause that was heard of meanwhile is newer than this answer
            self._obey(desired)

    async def _ask_to_publish(self, facts: TaskFacts, record: PublishingRecord) -> None:
        """The fence before the disk: only the holder of the claim, on a good lease, may touch the final name."""
        while True:
            self._orders.check()
            desired = await self._holder.ask_to_publish(facts, record)
            self._orders.check()
            if desired is not None:
                return
            await self._confirm()


def _may_explain(found: Diagnosis | None) -> bool:
    """Whether a changed input is what people read: not when the trouble is this computer's, and another one tries."""
    return found is None or found.retry in (RetryAdvice.NO, RetryAdvice.RETRY)
