"""The scripts around an encode: permission, sidecar, script, and what an imported sidecar changes.

A script runs at least once, and again when its node dies while it runs: an interrupted script must be safe to repeat.
"""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ffmate_desktop.domain.errors import ForbiddenScriptError, UserError
from ffmate_desktop.domain.processing import ProcessingSpec
from ffmate_desktop.domain.publishing import Published, PublishingRecord
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.domain.task_facts import ScriptFacts, TaskFacts
from ffmate_desktop.media import sidecar
from ffmate_desktop.media.file_limits import FileLimits
from ffmate_desktop.media.script_failure import script_failure_hint
from ffmate_desktop.media.scripts import ScriptResult, ScriptRun
from ffmate_desktop.node.background import running_in_background
from ffmate_desktop.node.task.attempt import EncodeAttempt
from ffmate_desktop.node.task.context import TaskContext
from ffmate_desktop.node.task.script import PRIVATE_SIDECAR, Script, resolve_script
from ffmate_desktop.node.task.sidecar_import import SidecarChanges, read_changes, reserve


async def check_last_script(task: TaskContext) -> None:
    """Check that the last script may run here, before hours go into the encode; raises RetryElsewhereError."""
    if (spec := task.attempt.spec.post_processing) is not None:
        await task.interrupt.wait_for(_find_script(task, spec, ""))


async def run_pre_processing(task: TaskContext, spec: ProcessingSpec) -> None:
    """The script before the encode; afterwards the attempt has the changes of the sidecar."""
    await task.attempt.open_folder()
    script = await task.interrupt.wait_for(_find_script(task, spec, ""))
    written = await _run_stage(task, TaskStatus.PRE_PROCESSING, script)
    if spec.import_sidecar and written is not None:
        with _recording_end(task, TaskStatus.PRE_PROCESSING):
            await _import_sidecar(task, script, written)
    await _enter(task, TaskStatus.RUNNING)


async def run_post_processing(
    task: TaskContext, spec: ProcessingSpec, facts: TaskFacts, published: Published
) -> TaskFacts:
    """The script after the output is published; returns all facts."""
    task.failure_facts = facts
    output = facts.output or task.attempt.resolver.output()
    script = await task.interrupt.wait_for(_find_script(task, spec, output))
    await _run_stage(task, TaskStatus.POST_PROCESSING, script, published)
    return task.failure_facts


async def _run_stage(
    task: TaskContext, status: TaskStatus, script: Script, published: Published | None = None
) -> dict[str, Any] | None:
    """Run the script of a stage; returns the sidecar as it was written, if there is one."""
    _record(task, status, ScriptFacts(script.command, str(script.sidecar), started_at=_now()))
    sidecar_paths: Sequence[str] = ()
    if script.needs_sidecar:
        sidecar_paths = await task.interrupt.wait_for(asyncio.to_thread(_paths_of, script.sidecar))
    await _enter(task, status, published, sidecar_paths)
    with _recording_end(task, status):
        written = await _write_sidecar(task, script) if script.needs_sidecar else None
        if script.argv:
            async with running_in_background(
                _reenter_after_adoption(task, status), f"the stage of {task.claim.uuid}"
            ):
                end = await _run_script(task, script)
            task.interrupt.check()
            if end.timed_out:
                raise UserError("The script took too long and was stopped.", lines=end.lines)
            if end.code != 0:
                words = f"exit code {end.code}" if end.code > 0 else f"signal {-end.code}"
                hint = await asyncio.to_thread(script_failure_hint, Path(script.path), end.code)
                raise UserError(f"The script “{script.path}” failed ({words}).", hint, lines=end.lines)
    return written


async def _find_script(task: TaskContext, spec: ProcessingSpec, output: str) -> Script:
    """Raises RetryElsewhereError if the script may not or can't run here. `output` is the published output, or ""."""
    attempt = task.attempt
    values = attempt.resolver.values(output or attempt.resolver.output())
    permissions = attempt.resources.permissions()
    try:
        return await asyncio.to_thread(resolve_script, spec, values, attempt.folder, permissions)
    except ForbiddenScriptError as error:
        attempt.resources.script_refused(error.script)
        raise


async def _run_script(task: TaskContext, script: Script) -> ScriptResult:
    attempt = task.attempt
    attempt.process = run = ScriptRun(
        script.argv,
        launcher=attempt.resources.launcher,
        workdir=attempt.folder,
        log=attempt.log,
        seconds=attempt.resources.script_seconds,
    )
    if task.is_paused:
        run.pause()
    return await run.run()


async def _write_sidecar(task: TaskContext, script: Script) -> dict[str, Any]:
    shown = await task.interrupt.wait_for(task.writer.read_task())
    data = task.attempt.resolver.add_resolved(shown).to_json()
    await asyncio.to_thread(_write_file, task.attempt, script.sidecar, data)
    return data


def _write_file(attempt: EncodeAttempt, path: Path, data: dict[str, Any]) -> None:
    if path != attempt.folder / PRIVATE_SIDECAR:  # which is among the program's own files
        permissions = attempt.resources.permissions()
        FileLimits.for_task(permissions, attempt.folder).check_write(path, permissions)
    sidecar.write(path, data, attempt.inputs())


async def _import_sidecar(task: TaskContext, script: Script, written: dict[str, Any]) -> None:
    attempt = task.attempt
    found = await asyncio.to_thread(sidecar.read, script.sidecar)
    changes: SidecarChanges = await asyncio.to_thread(
        read_changes, task.claim.name, attempt.spec, written, found, task.claim.uuid
    )
    if changes.ignored:
        attempt.log.note(f"the sidecar cannot change {', '.join(changes.ignored)}")
    if not changes.fields:
        return
    fields = await reserve(task.writer, changes, attempt.spec)
    attempt.resolver.change_spec(fields)
    task.failure_facts = replace(task.failure_facts, imported=fields)
    attempt.log.note(f"the sidecar changed {', '.join(fields)}")


def _record(task: TaskContext, status: TaskStatus, script: ScriptFacts) -> None:
    if status is TaskStatus.PRE_PROCESSING:
        task.failure_facts = replace(task.failure_facts, pre_processing=script)
    else:
        task.failure_facts = replace(task.failure_facts, post_processing=script)


@contextmanager
def _recording_end(task: TaskContext, status: TaskStatus) -> Iterator[None]:
    """Records when the stage ended, and with which error."""
    error: str | None = None
    try:
        yield
    except UserError as raised:
        error = raised.message
        raise
    finally:
        facts, is_first = task.failure_facts, status is TaskStatus.PRE_PROCESSING
        script = (facts.pre_processing if is_first else facts.post_processing) or ScriptFacts()
        _record(task, status, replace(script, finished_at=_now(), error=error))


async def _enter(
    task: TaskContext,
    status: TaskStatus,
    published: Published | None = None,
    sidecar_paths: Sequence[str] = (),
) -> None:
    """The fence before a script: only the holder of the claim, with a valid lease, may run it."""
    facts = task.failure_facts
    record = None if published is None else PublishingRecord((), facts, published)
    while True:
        task.interrupt.check()
        desired = await task.writer.enter_stage(status, facts, record, sidecar_paths)
        task.interrupt.check()
        if desired is not None:
            return
        await task.node.confirm()


async def _reenter_after_adoption(task: TaskContext, status: TaskStatus) -> None:
    """A task that its node takes back counts as encoding: write its stage again."""
    while True:
        await task.writer.adopted.wait()
        task.writer.adopted.clear()
        await task.writer.enter_stage(status, TaskFacts())


def _paths_of(path: Path) -> list[str]:
    """The path as written, and the one behind all links to its folder, which may be watched."""
    return list(dict.fromkeys((str(path), str(Path(os.path.realpath(path.parent), path.name)))))


def _now() -> int:
    return int(time.time() * 1000)
