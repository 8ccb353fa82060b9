"""The files and processes of one attempt: prepare, encode, judge, publish, clean up."""

import asyncio
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ffmate_desktop.domain.errors import RetryElsewhereError, UserError
from ffmate_desktop.domain.grammar import format_command
from ffmate_desktop.domain.publishing import Published, RecordedOutput
from ffmate_desktop.domain.task import Claim, IfExists, TaskSpec
from ffmate_desktop.domain.task_facts import ProbedMedia, TaskFacts
from ffmate_desktop.media import arguments, command, file_limits, publication, publish, temporaries
from ffmate_desktop.media.diagnosis import Diagnosis, RetryAdvice
from ffmate_desktop.media.expectation import expect, inputs_to_probe
from ffmate_desktop.media.ffmpeg import FFmpegResult, FFmpegRun, StopReason
from ffmate_desktop.media.file_limits import FileLimits
from ffmate_desktop.media.input_snapshot import InputChange
from ffmate_desktop.media.log_capture import LogCapture
from ffmate_desktop.media.output_plan import OutputPlan
from ffmate_desktop.media.outputs import plan_outputs
from ffmate_desktop.media.probe import MediaFacts, ProbeError, Prober
from ffmate_desktop.media.processes.sandbox import Sandbox
from ffmate_desktop.media.progress import Progress, ProgressMeter
from ffmate_desktop.media.sandbox_denial import diagnose_denial
from ffmate_desktop.media.scripts import ScriptRun
from ffmate_desktop.media.verdict import Verdict, judge
from ffmate_desktop.node.task.command_resolver import CommandResolver
from ffmate_desktop.node.task.input_watch import InputWatch
from ffmate_desktop.node.task.resources import EncodeResources
from ffmate_desktop.node.task.storage_check import check_task_storage
from ffmate_desktop.private_files import make_private_folder


class SkippedError(UserError):
    """The output exists, and the task skips existing outputs: nothing is published, nothing failed."""

    def __init__(self, output: str) -> None:
        super().__init__(f"The output “{output}” already exists, so this file was skipped.")


class EncodeAttempt:
    """The files and processes of one claimed task. The methods for the encode are called in the order of this file.

    Temporary names are made of the first claim (epoch, `node_id`), and stay when the node takes the task back under
    another one. `folder` is private to the attempt, `process` the ffmpeg or the script that runs, `progress` that of
    the encode.
    """

    def __init__(
        self,
        claim: Claim,
        node_id: int,
        resources: EncodeResources,
        *,
        on_lines: Callable[[list[str]], None],
        on_progress: Callable[[Progress], object] = lambda _progress: None,
    ) -> None:
        self.resolver = CommandResolver(claim, resources)
        self.progress: Progress | None = None
        self.resources = resources
        self.process: FFmpegRun | ScriptRun | None = None
        self._claim = claim
        self._node_id = node_id
        self._on_progress = on_progress
        name = f"{claim.uuid}-{claim.epoch}"
        self.folder = resources.work / name
        self.log = LogCapture(resources.logs / f"{name}.log", on_lines)
        self._output = ""
        self._steps: list[list[str]] = []
        self._plan: OutputPlan | None = None
        self._earlier_plan: OutputPlan | None = None
        self._encode: FFmpegRun | None = None
        self._limits = FileLimits(None, None)
        self._facts: dict[str, MediaFacts] = {}
        self._sandbox: Sandbox | None = None
        self._inputs = InputWatch(self.log.note)

    @property
    def spec(self) -> TaskSpec:
        """The spec of the task, with the changes of an imported sidecar."""
        return self.resolver.spec

    async def open_folder(self) -> None:
        """Make the private folder, for what runs before `prepare`."""
        await asyncio.to_thread(make_private_folder, self.folder)

    async def refuse_existing(self) -> None:
        """Raises SkippedError if the output exists and the task skips existing outputs."""
        if self.spec.policy is not IfExists.SKIP:
            return
        output = self.resolver.output()
        if await asyncio.to_thread(os.path.lexists, output):
            raise SkippedError(output)

    async def prepare(self) -> None:
        """Resolve the command and make folders; raises UserError if the task can't run here."""
        self.resolver.is_complete = True
        self._output = self.resolver.output()
        self._steps = self.resolver.steps(self._output)
        await asyncio.to_thread(self._prepare_folders, self._steps, self._output)

    async def examine(self, facts: TaskFacts) -> TaskFacts:
        """Probe the inputs; returns `facts` with command, output and input. Safe to cancel."""
        spec, planned = self.spec, self._planned()
        if not self._limits.is_unlimited:
            file_limits.check_devices(planned, await self.resources.devices.names())
        invocations = [arguments.parse_arguments(step) for step in planned.steps]
        for name, path in inputs_to_probe(invocations).items():
            await self._probe(name, path)
        expected = expect(invocations[-1], self._facts)
        argvs = [command.build(self.resources.ffmpeg, step) for step in planned.steps]
        if self.resources.confinable:
            self._sandbox = await asyncio.to_thread(
                file_limits.sandbox_for, planned, self._limits, self.folder, self.resources.ffmpeg
            )
        elif not self._limits.is_unlimited:
            raise RetryElsewhereError(
                f"This computer limits the files of tasks, and “{self.resources.ffmpeg}” can't be sandboxed.",
                "It comes from a snap or Flatpak package. Install another ffmpeg, or use the bundled one.",
            )
        self.process = self._encode = FFmpegRun(
            argvs,
            launcher=self.resources.launcher,
            workdir=self.folder,
            log=self.log,
            meter=ProgressMeter(expected.seconds, expected.frames, len(argvs)),
            on_progress=self._set_progress,
            stall_seconds=self.resources.stall_seconds,
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
    def has_earlier_output(self) -> bool:
        """Whether the complete output of an earlier attempt is on this storage, published or not."""
        return self._earlier_plan is not None

    async def finish_publication(self) -> Published | None:
        """Publish the output of the earlier attempt; None if it has to be encoded again."""
        earlier, record = self._earlier_plan, self._claim.publishing
        assert earlier is not None and record is not None  # noqa: S101 - the caller checked has_earlier_output
        published = await asyncio.to_thread(
            publication.finish_publishing, earlier, self.spec.if_exists, record.outputs
        )
        # This node has just got the permission to publish.
        await asyncio.to_thread(temporaries.discard_rivals, self._planned())
        return published

    def folders(self) -> tuple[str, ...]:
        """The folders of this attempt's temporary files."""
        return tuple(str(folder) for folder in self._planned().parents)

    async def has_input(self) -> bool:
        """Whether the input still exists."""
        return await asyncio.to_thread(Path(self.spec.input).exists)

    async def encode(self) -> FFmpegResult:
        """Run every step; returns how ffmpeg ended."""
        assert self._encode is not None  # noqa: S101 - examine came first
        return await self._encode.run()

    async def judge(self, result: FFmpegResult) -> Verdict:
        """Check the output: its content decides, not the exit code alone. Safe to cancel."""
        if result.stop is StopReason.STALLED:
            minutes = self.resources.stall_seconds / 60
            sentence = f"ffmpeg stopped responding for {minutes:.0f} minutes and was ended."
            hint = "Check that the storage of the input still responds, then restart the task."
            return Verdict(False, Diagnosis(sentence, hint, tuple(self.log.lines()[-3:]), RetryAdvice.RETRY))
        lines, planned = self.log.lines(), self._planned()
        verdict = await judge(result.code, lines, planned, self._facts, self._prober())
        if result.code != 0:
            denial = await asyncio.to_thread(diagnose_denial, lines, planned, self._sandbox)
            return verdict if denial is None else replace(verdict, diagnosis=denial)
        return verdict

    async def changed_input(self, diagnosis: Diagnosis | None = None) -> InputChange | None:
        """An input that changed since `prepare`; `diagnosis` says why the encode failed. Safe to cancel."""
        return await self._inputs.changed(diagnosis)

    async def secure(self) -> tuple[RecordedOutput, ...]:
        """Flush the outputs to the disk before they are announced; returns the record of them. Raises UserError."""
        await asyncio.to_thread(
            file_limits.check_published, self._planned(), self._limits, self.resources.permissions()
        )
        return await asyncio.to_thread(_secure, self._planned())

    async def publish(self) -> Published:
        """Move the outputs into place, right after the permission to publish; raises UserError."""
        try:
            return await asyncio.to_thread(self._publish)
        except UserError as error:
            if self.spec.policy is IfExists.SKIP:
                existing = await asyncio.to_thread(publish.taken, self._planned())
                if existing is not None:  # it appeared during the encode
                    raise SkippedError(str(existing)) from error
            raise

    def inputs(self) -> list[Path]:
        """The files that the task reads."""
        return [Path(self.spec.input), *(self._plan.inputs if self._plan else ())]

    async def clean_up(self) -> None:
        """Remove temporary outputs and the private folder, and close the log. Never raises."""
        await asyncio.to_thread(self._remove_leftovers)
        await self.log.close()

    async def cancel(self) -> None:
        """Kill ffmpeg or the script, with all their processes."""
        if self.process is not None:
            await self.process.cancel()

    def pause(self) -> None:
        """Suspend ffmpeg or the script."""
        if self.process is not None:
            self.process.pause()

    def resume(self) -> None:
        """Continue ffmpeg or the script."""
        if self.process is not None:
            self.process.resume()

    def _prepare_folders(self, steps: list[list[str]], output: str) -> None:
        spec = self.spec
        check_task_storage(spec, output)
        make_private_folder(self.folder)
        self._plan = plan_outputs(
            steps,
            task=str(self._claim.uuid),
            epoch=self._claim.epoch,
            incarnation=self._node_id,
            main_output=output,
            main_input=spec.input,
            program=self.resources.ffmpeg,
        )
        permissions = self.resources.permissions()
        self._limits = FileLimits.for_task(permissions, self.folder)
        file_limits.check_plan(self._plan, self._limits, permissions)
        try:
            publish.make_folders(self._plan)
        except UserError as error:
            raise RetryElsewhereError(error.message, error.hint) from error
        if (record := self._claim.publishing) is not None:
            self._earlier_plan = publication.locate(self._plan, spec.if_exists, record.outputs)
        if self._earlier_plan is not None:
            file_limits.check_published(self._earlier_plan, self._limits, permissions)
        else:
            temporaries.discard_older(self._plan)
            self._inputs.begin(self._plan)

    def _set_progress(self, progress: Progress) -> None:
        self.progress = progress
        self._on_progress(progress)

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
        shutil.rmtree(self.folder, ignore_errors=True)

    async def _probe(self, name: str, path: Path) -> None:
        """Facts improve progress and verdict, but aren't required: a pattern or a device has none."""
        if not await asyncio.to_thread(path.is_file):
            return  # a named pipe can be read only once, by ffmpeg
        try:
            facts = self._facts[name] = await self._prober().probe(path)
            self._inputs.on_probed(path, facts)
        except ProbeError as error:
            self.log.note(f"no facts about {path.name}: {error}")

    def _prober(self) -> Prober:
        return self.resources.prober.within(self._limits.read, isolated=not self._limits.is_unlimited)

    def _planned(self) -> OutputPlan:
        assert self._plan is not None  # noqa: S101 - prepare came first
        return self._plan


def _secure(planned: OutputPlan) -> tuple[RecordedOutput, ...]:
    publish.sync(planned)
    return publication.record_outputs(planned)
