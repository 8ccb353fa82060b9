"""The stages of one attempt, in order: script, probe, encode, verdict, publishing, script."""

import asyncio
import os
from dataclasses import replace

from ffmate_desktop.domain.errors import RetryElsewhereError
from ffmate_desktop.domain.publishing import Published, PublishingRecord
from ffmate_desktop.domain.task import Outcome, TaskStatus
from ffmate_desktop.domain.task_facts import FirstOutput, ProbedMedia, TaskFacts
from ffmate_desktop.media.diagnosis import Diagnosis, RetryAdvice
from ffmate_desktop.media.ffmpeg import FFmpegResult
from ffmate_desktop.node.background import running_in_background
from ffmate_desktop.node.task.context import TaskContext
from ffmate_desktop.node.task.control import apply_desired
from ffmate_desktop.node.task.interrupt import InterruptReason
from ffmate_desktop.node.task.outcome_writer import failed_outcome
from ffmate_desktop.node.task.script_stages import check_last_script, run_post_processing, run_pre_processing

FACTS_DELAY = 0.25
"""Seconds that an encode lasts before its facts are written; a shorter one has them in its last write."""

MOST_TRIES = 3
"""How many nodes encode a task whose failure may be the node's fault."""


async def run_stages(task: TaskContext) -> Outcome:
    """The whole attempt. Raises UserError when it can't be done, TaskInterruptedError when it is interrupted.

    Scripts and the encode need a slot. A task without a last script leaves its slot when ffmpeg has ended, so that
    the next encode runs while the output is checked and published.
    """
    attempt, claim, interrupt = task.attempt, task.claim, task.interrupt
    attempt.log.note(f"claimed with epoch {claim.epoch}, attempt {claim.attempts}")
    claim.check_readable()
    if (outcome := await _finish_earlier_attempt(task)) is not None:
        return outcome
    await attempt.refuse_existing()
    await check_last_script(task)
    if attempt.spec.pre_processing is not None:
        await _acquire_slot(task)
        await run_pre_processing(task, attempt.spec.pre_processing)
        await check_last_script(task)
        await attempt.refuse_existing()  # the script may have named another output
    await attempt.prepare()
    facts = await interrupt.wait_for(attempt.examine(task.failure_facts))
    await _acquire_slot(task)
    if task.is_paused:
        attempt.pause()
    result = await _encode(task, facts)
    verdict = await interrupt.wait_for(attempt.judge(result))
    outputs = await attempt.secure() if verdict.ok else ()
    changed = await interrupt.wait_for(attempt.changed_input(verdict.diagnosis))
    if changed is not None and _may_explain(verdict.diagnosis):
        lines = () if verdict.diagnosis is None else verdict.diagnosis.lines
        return await _fail(task, changed.diagnosis(lines), replace(facts, changed=changed.to_facts()))
    if verdict.diagnosis is not None:
        return await _fail(task, verdict.diagnosis, facts)
    probed = tuple(media.to_json() for media in verdict.outputs)
    facts = replace(facts, media=replace(facts.media or ProbedMedia(), outputs=probed))
    await _request_publishing(task, facts, PublishingRecord(outputs, facts))
    return await _after_publishing(task, await attempt.publish(), facts)


async def _finish_earlier_attempt(task: TaskContext) -> Outcome | None:
    """Continue where the node of an earlier attempt died while publishing or in the last script; None: start over.

    The record has the changes of an imported sidecar too, so that it is about the same output.
    """
    record, attempt = task.claim.publishing, task.attempt
    if record is None:
        return None
    attempt.resolver.change_spec(record.facts.imported)
    if record.published is not None:
        await attempt.open_folder()
        attempt.log.note("the output is published already; what follows it is done again")
        return await _after_publishing(task, record.published, record.facts)
    await attempt.prepare()
    if attempt.has_earlier_output:
        await _request_publishing(task, record.facts, record)
        if (published := await attempt.finish_publication()) is not None:
            return await _after_publishing(task, published, record.facts)
    attempt.resolver.change_spec(None)
    return None


async def _after_publishing(task: TaskContext, published: Published, facts: TaskFacts) -> Outcome:
    task.attempt.log.note("verified and published")
    if len(published.paths) == 1:
        facts = replace(facts, output=os.fspath(published.paths[0]))
    elif published.paths:  # later checks of whether the output exists look at this one
        facts = replace(facts, first=FirstOutput(os.fspath(published.paths[0]), published.first_size))
    facts = replace(facts, size=published.size)
    if (spec := task.attempt.spec.post_processing) is not None:
        await _acquire_slot(task)
        facts = await run_post_processing(task, spec, facts, published)
    return Outcome(TaskStatus.DONE_SUCCESSFUL, 100.0, facts=facts)


async def _fail(task: TaskContext, diagnosis: Diagnosis, facts: TaskFacts) -> Outcome:
    """A failed encode. If this node may be the cause, up to MOST_TRIES nodes try."""
    if diagnosis.retry is not RetryAdvice.NO and await task.interrupt.wait_for(task.attempt.has_input()):
        task.refusal = RetryElsewhereError(
            diagnosis.sentence, diagnosis.hint, lines=diagnosis.lines, max_nodes=MOST_TRIES
        )
    return failed_outcome(diagnosis.sentence, diagnosis.hint, task.percent, diagnosis.lines, facts)


async def _acquire_slot(task: TaskContext) -> None:
    """A task claimed ahead of a free slot waits for one, but not for long, and not while it is paused."""
    if task.slots.has(task):
        return
    task.is_waiting = True
    try:
        if task.is_paused:
            task.interrupt.request(InterruptReason.YIELD)
        await task.interrupt.wait_for(task.slots.acquire(task))
    except TimeoutError:
        task.interrupt.request(InterruptReason.YIELD)
        task.interrupt.check()
    finally:
        task.is_waiting = False


async def _encode(task: TaskContext, facts: TaskFacts) -> FFmpegResult:
    """Encode, and meanwhile write the facts, so that people see the resolved command of a running task."""
    async with running_in_background(_write_facts(task, facts), f"writing the facts of {task.claim.uuid}"):
        result = await task.attempt.encode()
    if task.attempt.spec.post_processing is None:
        task.is_encoded = True
        task.slots.leave(task)
        task.node.on_encoded()
    return result


async def _write_facts(task: TaskContext, facts: TaskFacts) -> None:
    await asyncio.sleep(FACTS_DELAY)
    facts = replace(facts, folders=task.attempt.folders())
    while True:
        desired = await task.writer.write_facts(facts)
        if desired is not None:
            break
        # the answer to the next heartbeat takes the claim back, or ends this attempt
        await task.node.confirm()
    if desired != "run":  # it runs already, and a pause that arrived meanwhile is newer than this answer
        apply_desired(task, desired)


async def _request_publishing(task: TaskContext, facts: TaskFacts, record: PublishingRecord) -> None:
    """The fence before the disk: only the holder of the claim, with a valid lease, may touch the final name."""
    while True:
        task.interrupt.check()
        desired = await task.writer.request_publishing(facts, record)
        task.interrupt.check()
        if desired is not None:
            return
        await task.node.confirm()


def _may_explain(diagnosis: Diagnosis | None) -> bool:
    """Whether people read that an input changed, and not a failure of this computer, which others may not have."""
    return diagnosis is None or diagnosis.retry in (RetryAdvice.NO, RetryAdvice.RETRY)
