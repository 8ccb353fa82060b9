"""Tests a command on one file, without the queue: ffmpeg and verdict as for a task, in a private folder."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from ffmate_desktop import logs
from ffmate_desktop.domain.errors import RetryElsewhereError, UserError
from ffmate_desktop.domain.permissions import Permissions
from ffmate_desktop.domain.task import Claim, TaskSpec
from ffmate_desktop.domain.task_facts import TaskFacts
from ffmate_desktop.media import command as command_line
from ffmate_desktop.media.ffmpeg import FFmpegRun
from ffmate_desktop.media.file_limits import has_landlock
from ffmate_desktop.media.log_capture import LogCapture
from ffmate_desktop.media.permission_checks import is_own
from ffmate_desktop.media.probe import MediaFacts
from ffmate_desktop.media.processes.sandbox import Sandbox
from ffmate_desktop.media.progress import Progress, ProgressMeter
from ffmate_desktop.node.task.attempt import EncodeAttempt
from ffmate_desktop.node.task.resources import EncodeResources
from ffmate_desktop.services.preset_test import PresetTestResult, preset_test_spec

STILL_WIDTH = 560
"""Width in pixels of the preview picture."""

STALL_SECONDS = 60.0


class PresetTestBench:
    """Opens the resources of an attempt with `open_resources`, and closes them after each test."""

    def __init__(self, open_resources: Callable[[], AbstractAsyncContextManager[EncodeResources]]) -> None:
        self._open_resources = open_resources

    @asynccontextmanager
    async def run(
        self, command: str, pattern: str, source: str, on_progress: Callable[[float], object]
    ) -> AsyncIterator[PresetTestResult]:
        """See `services.preset_test.PresetTester`."""
        async with self._open_resources() as resources:
            with tempfile.TemporaryDirectory(
                dir=resources.work, prefix="preset-test-", ignore_cleanup_errors=True
            ) as name:
                folder = Path(name)
                spec = await asyncio.to_thread(preset_test_spec, command, pattern, source, folder)
                private = replace(
                    resources,
                    work=folder / "work",
                    logs=folder,
                    stall_seconds=STALL_SECONDS,
                    permissions=lambda: _confined(resources.permissions(), folder),
                )
                yield await _run_test(spec, private, folder, on_progress)


async def _run_test(
    spec: TaskSpec, resources: EncodeResources, folder: Path, on_progress: Callable[[float], object]
) -> PresetTestResult:
    claim = Claim(id=0, uuid=uuid4(), epoch=1, priority=0, name="preset test", attempts=1, spec=spec)

    def report(progress: Progress) -> None:
        on_progress(progress.percent or 0.0)

    attempt = EncodeAttempt(claim, 0, resources, on_lines=lambda _lines: None, on_progress=report)
    try:
        try:
            await attempt.prepare()
        except RetryElsewhereError as error:
            # the private folder of the test is the limit, not the owner's settings
            if "--allow-write" in (error.hint or ""):
                raise _writes_more() from error
            raise
        if any(Path(parent) != folder for parent in attempt.folders()):
            raise _writes_more()
        await attempt.examine(TaskFacts())
        verdict = await attempt.judge(await attempt.encode())
        if not verdict.ok:
            diagnosis = verdict.diagnosis
            assert diagnosis is not None  # noqa: S101 - a failed verdict has a diagnosis
            return PresetTestResult(trouble=diagnosis.sentence, hint=diagnosis.hint, lines=diagnosis.lines)
        output = (await attempt.publish()).paths[0]
        facts = verdict.outputs[0] if verdict.outputs else None
        return PresetTestResult(
            output=output,
            facts=None if facts is None else facts.to_json(),
            still=await _make_still(output, facts, resources, folder),
        )
    except asyncio.CancelledError:
        await attempt.cancel()
        raise
    finally:
        await attempt.clean_up()


def _confined(permissions: Permissions, folder: Path) -> Permissions:
    """Permissions to write only in the folder, where the kernel can enforce that.

    Elsewhere it is unknown what options and filters do with the files that they name; many only read them. The folder
    is in this program's own data, where tasks may not write otherwise.
    """
    own = tuple(path for path in permissions.own if not is_own(folder, (path,)))
    return replace(permissions, own=own, write=(folder,) if has_landlock() else permissions.write)


def _writes_more() -> UserError:
    return UserError(
        "This command writes more than its output, so it can't be tested in a private folder.",
        "Queue it with one file to see what it does.",
    )


async def _make_still(
    output: Path, facts: MediaFacts | None, resources: EncodeResources, folder: Path
) -> Path | None:
    """A picture of the output; None if it has none, or if ffmpeg can't make one."""
    if facts is None or (facts.video is None and not facts.is_image):
        return None
    still = folder / "still.png"
    step = ["-i", str(output), "-frames:v", "1", "-vf", f"scale={STILL_WIDTH}:-2", "-f", "image2", str(still)]
    log = LogCapture(folder / "still.log", lambda _lines: None)
    run = FFmpegRun(
        [command_line.build(resources.ffmpeg, step)],
        launcher=resources.launcher,
        workdir=folder,
        log=log,
        meter=ProgressMeter(expected_frames=1),
        on_progress=lambda _progress: None,
        stall_seconds=STALL_SECONDS,
        sandbox=Sandbox(resources.ffmpeg, None, (folder,), isolated=True) if has_landlock() else None,
    )
    try:
        result = await run.run()
    except asyncio.CancelledError:
        await run.cancel()
        raise
    finally:
        await log.close()
    if result.code == 0 and await asyncio.to_thread(still.is_file):
        return still
    logs.ffmpeg.info("Can't make a picture of %s", output.name)
    return None
