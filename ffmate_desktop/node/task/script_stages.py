"""The scripts around an encode: permission, sidecar, script, and what an imported sidecar changes."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.processing import ProcessingSpec
from ffmate_desktop.domain.publishing import Published, PublishingRecord
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.domain.task_facts import ScriptFacts, TaskFacts
from ffmate_desktop.media import sidecar
from ffmate_desktop.media.script_failure import script_failure_hint
from ffmate_desktop.node.background import running_in_background
from ffmate_desktop.node.task.attempt import EncodeAttempt
from ffmate_desktop.node.task.claim_writer import ClaimWriter
from ffmate_desktop.node.task.interrupt import Interrupt
from ffmate_desktop.node.task.script import Script
from ffmate_desktop.node.task.sidecar_import import SidecarChanges, read_changes, reserve


class ScriptStages:
    """Runs the scripts of one attempt. Raises OrderedError when an order ends one, UserError when one fails.

    Each is run at least once, and again when its node dies in it: a script that was cut off must bear to be repeated.
    `facts` are what is known of them, under FFmate's names.
    """

    def __init__(
        self,
        attempt: EncodeAttempt,
        holder: ClaimWriter,
        orders: Interrupt,
        *,
        confirm: Callable[[], Awaitable[None]],
        is_paused: Callable[[], bool],
    ) -> None:
        self.facts = TaskFacts()
        self._attempt = attempt
        self._holder = holder
        self._orders = orders
        self._confirm = confirm
        self._is_paused = is_paused

    async def foresee(self) -> None:
        """Check before the encode that the last script may run here; raises RetryElsewhereError."""
        if (spec := self._attempt.spec.post_processing) is not None:
            await self._orders.unless(self._attempt.find_script(spec, ""))

    async def before(self, spec: ProcessingSpec) -> None:
        """Everything before the encode; afterwards the attempt has the changes of the sidecar."""
        await self._attempt.open_folder()
        script = await self._orders.unless(self._attempt.find_script(spec, ""))
        written = await self._run(TaskStatus.PRE_PROCESSING, script, None)
        if spec.import_sidecar and written is not None:
            with self._timed(TaskStatus.PRE_PROCESSING):
                await self._import(script, written)
        await self._enter(TaskStatus.RUNNING)

    async def after(self, spec: ProcessingSpec, facts: TaskFacts, published: Published) -> TaskFacts:
        """Everything after the output came to its place; returns all that is known."""
        self.facts = facts
        output = facts.output or self._attempt.resolve_output()
        script = await self._orders.unless(self._attempt.find_script(spec, output))
        await self._run(TaskStatus.POST_PROCESSING, script, published)
        return self.facts

    async def _run(
        self, status: TaskStatus, script: Script, published: Published | None
    ) -> dict[str, Any] | None:
        """The script of a stage; returns the sidecar as it was written, if there is one."""
        self._record(status, ScriptFacts(script.words, str(script.sidecar), started_at=_now()))
        names: Sequence[str] = ()
        if script.needs_sidecar:
            names = await self._orders.unless(asyncio.to_thread(_names_of, script.sidecar))
        await self._enter(status, published, names)
        with self._timed(status):
            written = await self._write_sidecar(script) if script.needs_sidecar else None
            if script.argv:
                async with running_in_background(
                    self._stay_in(status), f"the stage of {self._holder.claim.uuid}"
                ):
                    end = await self._attempt.run_script(script, self._is_paused())
                self._orders.check()
                if end.timed_out:
                    raise UserError("The script took too long and was stopped.", lines=end.lines)
                if end.code != 0:
                    words = f"exit code {end.code}" if end.code > 0 else f"signal {-end.code}"
                    hint = await asyncio.to_thread(script_failure_hint, Path(script.path), end.code)
                    raise UserError(f"The script “{script.path}” failed ({words}).", hint, lines=end.lines)
        return written

    async def _write_sidecar(self, script: Script) -> dict[str, Any]:
        task = await self._orders.unless(self._holder.read())
        data = self._attempt.as_resolved(task).to_json()
        await asyncio.to_thread(self._attempt.write_sidecar, script.sidecar, data)
        return data

    async def _import(self, script: Script, written: dict[str, Any]) -> None:
        found = await asyncio.to_thread(sidecar.read, script.sidecar)
        changes: SidecarChanges = await asyncio.to_thread(
            read_changes, self._holder.claim.name, self._attempt.spec, written, found, self._holder.claim.uuid
        )
        if changes.ignored:
            self._attempt.log.note(f"the sidecar cannot change {', '.join(changes.ignored)}")
        if not changes.fields:
            return
        fields = await reserve(self._holder, changes, self._attempt.spec)
        self._attempt.change(fields)
        self.facts = replace(self.facts, imported=fields)
        self._attempt.log.note(f"the sidecar changed {', '.join(fields)}")

    def _record(self, status: TaskStatus, script: ScriptFacts) -> None:
        if status is TaskStatus.PRE_PROCESSING:
            self.facts = replace(self.facts, pre_processing=script)
        else:
            self.facts = replace(self.facts, post_processing=script)

    @contextmanager
    def _timed(self, status: TaskStatus) -> Iterator[None]:
        """Records when the stage ended, and with which error."""
        error: str | None = None
        try:
            yield
        except UserError as raised:
            error = raised.message
            raise
        finally:
            before = status is TaskStatus.PRE_PROCESSING
            script = (self.facts.pre_processing if before else self.facts.post_processing) or ScriptFacts()
            self._record(status, replace(script, finished_at=_now(), error=error))

    async def _enter(
        self, status: TaskStatus, published: Published | None = None, sidecar: Sequence[str] = ()
    ) -> None:
        """The permission: only the holder of the claim, on a good lease, may go on."""
        record = None if published is None else PublishingRecord((), self.facts, published)
        while True:
            self._orders.check()
            desired = await self._holder.enter(status, self.facts, record, sidecar)
            self._orders.check()
            if desired is not None:
                return
            await self._confirm()

    async def _stay_in(self, status: TaskStatus) -> None:
        """A task that was taken for lost and is taken back counts as encoded: say again where it is."""
        while True:
            await self._holder.taken_back.wait()
            self._holder.taken_back.clear()
            await self._holder.enter(status, TaskFacts())


def _names_of(path: Path) -> list[str]:
    """A file as it is called, and behind all links to its folder, by which it may be watched."""
    return list(dict.fromkeys((str(path), str(Path(os.path.realpath(path.parent), path.name)))))


def _now() -> int:
    return int(time.time() * 1000)
