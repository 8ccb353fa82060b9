"""One attempt at a task, as far as files and ffmpeg are concerned: prepare, encode, judge, publish, clean up."""

import asyncio
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ffmate_desktop.domain.errors import ForbiddenScriptError, RetryElsewhereError, UserError
from ffmate_desktop.domain.grammar import format_command
from ffmate_desktop.domain.processing import ProcessingSpec
from ffmate_desktop.domain.publishing import Published, RecordedOutput
from ffmate_desktop.domain.task import Claim, IfExists, Task, TaskSpec
from ffmate_desktop.domain.task_facts import JsonObject, ProbedMedia, TaskFacts
from ffmate_desktop.domain.wildcards import ClockReading, WildcardValues, expand_path, expand_steps
from ffmate_desktop.media import arguments, command, file_limits, publication, publish, sidecar, temporaries
from ffmate_desktop.media.diagnosis import Diagnosis, RetryAdvice
from ffmate_desktop.media.expectation import expect, inputs_to_probe
from ffmate_desktop.media.ffmpeg import FFmpegResult, FFmpegRun, StopReason
from ffmate_desktop.media.file_limits import FileLimits
from ffmate_desktop.media.input_snapshot import InputChange
from ffmate_desktop.media.log_capture import LogCapture
from ffmate_desktop.media.mounts import is_connected
from ffmate_desktop.media.output_plan import OutputPlan
from ffmate_desktop.media.outputs import plan
from ffmate_desktop.media.probe import MediaFacts, ProbeError, Prober
from ffmate_desktop.media.processes.sandbox import Sandbox
from ffmate_desktop.media.progress import Progress, ProgressMeter
from ffmate_desktop.media.sandbox_denial import diagnose_denial
from ffmate_desktop.media.scripts import ScriptEnd, ScriptRun
from ffmate_desktop.media.verdict import Verdict, judge
from ffmate_desktop.node.task import script
from ffmate_desktop.node.task.input_watch import InputWatch
from ffmate_desktop.node.task.resources import EncodeResources
from ffmate_desktop.node.task.script import Script
from ffmate_desktop.private_files import make_private_folder


class SkippedError(UserError):
    """The output exists, and the submitter wants to skip the file then: nothing is published, nothing failed."""

    def __init__(self, output: str) -> None:
        super().__init__(f"The output “{output}” exists already, so this file was skipped.")


class EncodeAttempt:
    """The media side of one claimed task. The methods for the encode are called in the order in which they stand.

    Temporary names are those of the first claim (epoch, `node_id`), also when the encode is taken back under another.
    """

    def __init__(
        self,
        claim: Claim,
        node_id: int,
        resources: EncodeResources,
        *,
        on_progress: Callable[[Progress], None],
        on_lines: Callable[[list[str]], None],
    ) -> None:
        self._claim = claim
        self._changed: TaskSpec | None = None
        self._node_id = node_id
        self._resources = resources
        self._on_progress = on_progress
        name = f"{claim.uuid}-{claim.epoch}"
        self._folder = resources.work / name
        self.log = LogCapture(resources.logs / f"{name}.log", on_lines)
        self._output = ""
        self._steps: list[list[str]] = []
        self._plan: OutputPlan | None = None
        self._older: OutputPlan | None = None
        self._encode: FFmpegRun | None = None
        self._run: FFmpegRun | ScriptRun | None = None
        self._limits = FileLimits(None, None)
        self._facts: dict[str, MediaFacts] = {}
        self._sandbox: Sandbox | None = None
        self._inputs = InputWatch(self.log.note)
        self._is_complete = claim.spec.pre_processing is None or not claim.spec.pre_processing.import_sidecar

    @property
    def spec(self) -> TaskSpec:
        """What is to be done, as an imported sidecar changed it."""
        return self._changed or self._claim.spec

    def change(self, fields: JsonObject | None) -> None:
        """What an imported sidecar changes of the task's spec; None takes it back."""
        self._changed = self._claim.spec.changed(fields)

    async def open_folder(self) -> None:
        """Have the private folder, before anything is prepared in it."""
        await asyncio.to_thread(make_private_folder, self._folder)

    async def find_script(self, spec: ProcessingSpec, output: str) -> Script:
        """Resolve a script; raises RetryElsewhereError when it may not or cannot run here.

        `output` is where the output came to lie, if it did. Safe to cancel.
        """
        values = self._values(output or self.resolve_output())
        permissions = self._resources.permissions()
        try:
            return await asyncio.to_thread(script.find, spec, values, self._folder, permissions)
        except ForbiddenScriptError as error:
            self._resources.script_refused(error.script)
            raise

    async def run_script(self, found: Script, paused: bool) -> ScriptEnd:
        """Run it to its end; `cancel`, `pause` and `resume` are for it meanwhile."""
        run = ScriptRun(
            found.argv,
            launcher=self._resources.launcher,
            workdir=self._folder,
            log=self.log,
            seconds=self._resources.script_seconds,
        )
        self._run = run
        if paused:
            run.pause()
        return await run.run()

    def resolve_output(self) -> str:
        """The output path on this node."""
        spec = self.spec
        return spec.output if spec.output is not None else expand_path(spec.output_pattern, self._values(""))

    def as_resolved(self, task: Task) -> Task:
        """What people see of the task, with everything that is known here already."""
        output, steps = self._resolve()
        given = {"command": format_command(steps), "output_file": task.output_file.resolved or output}
        return task.model_copy(
            update={
                name: getattr(task, name).model_copy(
                    update={"resolved": getattr(task, name).resolved or value}
                )
                for name, value in given.items()
            }
        )

    def write_sidecar(self, path: Path, task: dict[str, Any]) -> None:
        """Write a script's sidecar; raises UserError, or RetryElsewhereError where it may not be written here."""
        permissions = self._resources.permissions()
        FileLimits.for_task(permissions, self._folder).check_write(path, permissions)
        sidecar.write(path, task, self.inputs())

    def inputs(self) -> list[Path]:
        """What the task reads, which a sidecar must not overwrite."""
        return [Path(self.spec.input), *(self._plan.inputs if self._plan else ())]

    async def refuse_existing(self) -> None:
        """Raises SkippedError when the output exists, and the submitter wants to skip the file then."""
        if self.spec.policy is not IfExists.SKIP:
            return
        output = self.resolve_output()
        if await asyncio.to_thread(_is_there, output):
            raise SkippedError(output)

    async def prepare(self) -> None:
        """Resolve the command and make folders; raises UserError when the task cannot run here."""
        self._is_complete = True  # no script can add metadata any more
        self._output, self._steps = self._resolve()
        await asyncio.to_thread(self._prepare_folders, self._steps, self._output)

    async def examine(self, facts: TaskFacts) -> TaskFacts:
        """Probe the inputs, which is safe to cancel; returns `facts` with command, output and input."""
        spec, planned = self.spec, self._planned()
        if not self._limits.is_unlimited:
            file_limits.check_devices(planned, await self._resources.devices.names())
        invocations = [arguments.parse(step) for step in planned.steps]
        for name, path in inputs_to_probe(invocations).items():
            await self._probe(name, path)
        expected = expect(invocations[-1], self._facts)
        argvs = [command.build(self._resources.ffmpeg, step) for step in planned.steps]
        if self._resources.confinable:
            self._sandbox = await asyncio.to_thread(
                file_limits.sandbox_for, planned, self._limits, self._folder, self._resources.ffmpeg
            )
        elif not self._limits.is_unlimited:
            raise RetryElsewhereError(
                f"“{self._resources.ffmpeg}” cannot be confined, and this computer limits the files of tasks.",
                "It comes from a snap or a flatpak: install another one, or use the bundled one.",
            )
        self._run = self._encode = FFmpegRun(
            argvs,
            launcher=self._resources.launcher,
            workdir=self._folder,
            log=self.log,
            meter=ProgressMeter(expected.seconds, expected.frames, len(argvs)),
            on_progress=self._on_progress,
            stall_seconds=self._resources.stall_seconds,
            sandbox=self._sandbox,
        )
        probed = self._facts.get(spec.input)
        return replace(
            facts,
            command=format_command(self._steps),
            output=self._output,
            media=None if probed is None else ProbedMedia(input=probed.to_json()),
            source=self._inputs.version_of(Path(spec.input)),
        )

    @property
    def is_published_in_part(self) -> bool:
        """Whether the output of an earlier attempt is complete here, in its place or about to be moved there."""
        return self._older is not None

    async def finish_publication(self) -> Published | None:
        """Move what the earlier attempt left into place; None if it has to be made again."""
        assert self._older is not None  # noqa: S101 - is_published_in_part told so
        record = self._claim.publishing
        assert record is not None  # noqa: S101 - the older plan comes from it
        found = await asyncio.to_thread(publication.finish, self._older, self.spec.if_exists, record.outputs)
        await asyncio.to_thread(temporaries.discard_rivals, self._planned())  # we were just given permission
        return found

    def folders(self) -> tuple[str, ...]:
        """Where this attempt's temporary files are."""
        return tuple(str(folder) for folder in self._planned().parents)

    async def has_input(self) -> bool:
        """Whether the input, which was there at the start, still is."""
        return await asyncio.to_thread(Path(self.spec.input).exists)

    async def encode(self) -> FFmpegResult:
        """Run every step; returns how ffmpeg ended."""
        return await self._ffmpeg().run()

    async def judge(self, finished: FFmpegResult) -> Verdict:
        """Look at what was written: that decides, not the exit code. Safe to cancel."""
        if finished.stop is StopReason.STALLED:
            minutes = self._resources.stall_seconds / 60
            sentence = f"ffmpeg showed no sign of life for {minutes:.0f} minutes and was stopped."
            hint = "Check that the storage of the input still answers, then restart the task."
            return Verdict(False, Diagnosis(sentence, hint, tuple(self.log.lines()[-3:]), RetryAdvice.RETRY))
        lines, planned = self.log.lines(), self._planned()
        verdict = await judge(finished.code, lines, planned, self._facts, self._prober())
        if finished.code != 0:
            refused = await asyncio.to_thread(diagnose_denial, lines, planned, self._sandbox)
            return verdict if refused is None else replace(verdict, diagnosis=refused)
        return verdict

    async def changed_input(self, found: Diagnosis | None = None) -> InputChange | None:
        """An input that changed since the attempt began; `found` is why the encode failed. Safe to cancel."""
        return await self._inputs.changed(found)

    async def secure(self) -> tuple[RecordedOutput, ...]:
        """Bring the output to the disk before anybody is told that it exists; raises UserError.

        Returns what is about to be published, for whoever has to finish it.
        """
        await asyncio.to_thread(
            file_limits.check_published, self._planned(), self._limits, self._resources.permissions()
        )
        return await asyncio.to_thread(_secure, self._planned())

    async def publish(self) -> Published:
        """Move the output into place, just after permission was given; raises UserError."""
        try:
            return await asyncio.to_thread(self._publish)
        except UserError as error:
            if self.spec.policy is IfExists.SKIP:
                taken = await asyncio.to_thread(publish.taken, self._planned())
                if taken is not None:  # it appeared during the encode
                    raise SkippedError(str(taken)) from error
            raise

    async def clean_up(self) -> None:
        """Remove what is left of this attempt: temporary output, working folder; close the log. Never raises."""
        await asyncio.to_thread(self._remove_leftovers)
        await self.log.close()

    async def cancel(self) -> None:
        """Kill what runs, and everything it started."""
        if self._run is not None:
            await self._run.cancel()

    def pause(self) -> None:
        """Suspend what runs."""
        if self._run is not None:
            self._run.pause()

    def resume(self) -> None:
        """Let what was suspended go on."""
        if self._run is not None:
            self._run.resume()

    def _resolve(self) -> tuple[str, list[list[str]]]:
        output = self.resolve_output()
        return output, expand_steps(self.spec.tokens, self._values(output))

    def _values(self, output: str) -> WildcardValues:
        resources, spec = self._resources, self.spec
        return WildcardValues(
            input_file=spec.input,
            output_file=output,
            clock=ClockReading(spec.clock_ns, spec.utc_offset),
            uuid=str(self._claim.uuid),
            source=spec.source,
            os_name=resources.os,
            os_arch=resources.arch,
            ffmpeg=str(resources.ffmpeg),
            metadata=spec.metadata,
            is_complete=self._is_complete,
        )

    def _prepare_folders(self, steps: list[list[str]], output: str) -> None:
        spec = self.spec
        if not Path(spec.input).exists():
            raise RetryElsewhereError(
                f"The input “{spec.input}” is not there.",
                "It was moved or deleted, or its storage is not connected.",
                everywhere_message=f"No node can read “{spec.input}”: not there on {{nodes}}.",
            )
        if spec.output_mount and Path(spec.output_mount) in Path(output).parents:
            _refuse_missing(spec.output_mount)
        make_private_folder(self._folder)
        self._plan = plan(
            steps,
            task=str(self._claim.uuid),
            epoch=self._claim.epoch,
            incarnation=self._node_id,
            main_output=output,
            main_input=spec.input,
            program=self._resources.ffmpeg,
        )
        permissions = self._resources.permissions()
        self._limits = FileLimits.for_task(permissions, self._folder)
        file_limits.check_plan(self._plan, self._limits, permissions)
        try:
            publish.make_folders(self._plan)
        except UserError as error:
            raise RetryElsewhereError(error.message, error.hint) from error
        if self._claim.publishing is not None:
            self._older = publication.locate(self._plan, spec.if_exists, self._claim.publishing.outputs)
        if self._older is not None:
            file_limits.check_published(self._older, self._limits, permissions)
        else:
            temporaries.discard_older(self._plan)
            self._inputs.begin(self._plan)

    def _publish(self) -> Published:
        planned = self._planned()
        temporaries.discard_rivals(planned)
        published = publication.measure(publish.publish(planned, self.spec.if_exists))
        self._inputs.close()
        return published

    def _remove_leftovers(self) -> None:
        self._inputs.close()
        if self._plan is not None:
            temporaries.discard(self._plan)
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _probe(self, name: str, path: Path) -> None:
        """Facts make progress and verdict better; where there are none (a pattern, a device) we go without."""
        if not await asyncio.to_thread(path.is_file):
            return  # a named pipe can be read only once, and that is ffmpeg's
        try:
            facts = self._facts[name] = await self._prober().probe(path)
            self._inputs.probed(path, facts)
        except ProbeError as error:
            self.log.note(f"no facts about {path.name}: {error}")

    def _prober(self) -> Prober:
        return self._resources.prober.within(self._limits.read, isolated=not self._limits.is_unlimited)

    def _planned(self) -> OutputPlan:
        assert self._plan is not None  # noqa: S101 - prepare came first
        return self._plan

    def _ffmpeg(self) -> FFmpegRun:
        assert self._encode is not None  # noqa: S101 - prepare came first
        return self._encode


def _is_there(path: str) -> bool:
    return bool(path) and os.path.lexists(path)


def _refuse_missing(mount: str) -> None:
    """As root a node could make the folder of a share that is not mounted, and fill its own disk."""
    if not is_connected(mount):
        raise RetryElsewhereError(
            f"The storage “{mount}”, where the output belongs, is not connected.",
            "Where the task was submitted, it is a mount point.",
            everywhere_message=f"The storage “{mount}” is not connected on {{nodes}}.",
        )


def _secure(planned: OutputPlan) -> tuple[RecordedOutput, ...]:
    publish.sync(planned)
    return publication.record_outputs(planned)
