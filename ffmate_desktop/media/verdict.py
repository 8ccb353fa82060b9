"""Decide whether ffmpeg really produced what the command asks for. Its exit code 0 doesn't prove it.

ffmpeg ended with 0 on truncated and damaged inputs, interrupted downloads, a full disk (ffmpeg 5, at the end of the
file), a stop while opening files, and a seek past the end. So the verdict checks the log, the size promised by the
header of each input, and the outputs with their duration. If a duration is in doubt, it reads the packets of the
output and of the inputs before it reports a failure. To keep what can be read of a damaged input, use
`-err_detect ignore_err` or `-fflags +discardcorrupt` in the command.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ffmate_desktop.media.arguments import Invocation, OutputArgument, parse_arguments
from ffmate_desktop.media.diagnosis import Diagnosis, RetryAdvice, diagnose, relevant
from ffmate_desktop.media.exit_codes import FREE_SPACE
from ffmate_desktop.media.expectation import (
    Expectation,
    expect_output,
    inputs_to_probe,
    measured,
    reads_to_end,
)
from ffmate_desktop.media.input_damage import InputMessages
from ffmate_desktop.media.mounts import is_full
from ffmate_desktop.media.output_plan import OutputKind, OutputPlan, PlannedOutput
from ffmate_desktop.media.probe import MediaFacts, ProbeError, Prober
from ffmate_desktop.media.promised_size import has_trailer

_FAILED_ANYWAY = re.compile(
    r"Error writing trailer|Error closing file|Error muxing a packet|av_interleaved_write_frame\(\)|"
    r"Error submitting a packet to the muxer|received signal|No space left on device|Error opening input file"
)
_ACCEPTS_DAMAGE = re.compile(r"ignore_err|discardcorrupt")
# Formats that PyAV can always open. Of others (text, raw samples, checksums) only the size is checked.
_PROBED_FORMATS = frozenset({
    "3g2", "3gp", "aac", "ac3", "aiff", "asf", "avi", "f4v", "flac", "flv", "gif", "ipod", "jpeg", "jpg",
    "m2ts", "m4a", "m4b", "m4v", "matroska", "mka", "mkv", "mov", "mp3", "mp4", "mpeg", "mpegts", "mpg", "mts",
    "mxf", "nut", "oga", "ogg", "ogv", "opus", "png", "ts", "wav", "weba", "webm", "wma", "wmv",
})  # fmt: skip
# their parts can't be opened alone
_UNPROBED_SETS = frozenset({"dash", "mpd", "smoothstreaming", "webm_chunk"})
# Few tools rewrite these headers, so a healthy excerpt may promise the size of the whole file.
_CARELESS = frozenset({"flv", "mp3"})
_SIZE_SLACK = 1024  # bytes by which the headers of healthy files may be off
_TOLERANCE = 0.5  # tolerance for rounding to frames and packets
_EXACT_TOLERANCE = 0.2  # the same if the header counts frames or has the last timestamp
_SCAN_SPEED = 20e6  # bytes/s that the slowest disk should manage; only limits the waiting time


@dataclass(frozen=True)
class Verdict:
    """Whether the outputs may be published. `outputs` are the facts of those that could be examined."""

    ok: bool
    diagnosis: Diagnosis | None
    outputs: tuple[MediaFacts, ...] = ()


class _FailureError(Exception):
    def __init__(self, diagnosis: Diagnosis) -> None:
        super().__init__(diagnosis.sentence)
        self.diagnosis = diagnosis


def _failure(
    sentence: str, hint: str, retry: RetryAdvice = RetryAdvice.NO, lines: Sequence[str] = ()
) -> _FailureError:
    return _FailureError(Diagnosis(sentence, hint, tuple(lines), retry))


async def judge(
    code: int | None, lines: Sequence[str], plan: OutputPlan, facts: Mapping[str, MediaFacts], prober: Prober
) -> Verdict:
    """Judge a finished run of all steps of `plan`.

    `code` is the last exit code, `lines` is ffmpeg's log (with `-loglevel level+info`). `facts` describe the inputs
    by their name in the command (`expectation.inputs_to_probe`), taken before the run, without inputs that couldn't
    be examined. A bad run raises nothing: it is a verdict.
    """
    checks = _OutputChecks(plan, facts, prober)
    try:
        if code != 0:
            raise _FailureError(diagnose(lines, code))
        log = relevant(lines)
        messages = InputMessages(log, checks.steps, facts)
        await checks.check_log(log, messages)
        await checks.check_input_sizes(messages)
        for output in plan.outputs:
            await checks.check_output(output)
    except _FailureError as failure:
        return Verdict(False, failure.diagnosis, tuple(checks.examined))
    except ProbeError as error:  # a file that was readable before isn't anymore
        return Verdict(
            False, Diagnosis(error.message, error.hint, (), RetryAdvice.RETRY), tuple(checks.examined)
        )
    return Verdict(True, None, tuple(checks.examined))


class _OutputChecks:
    def __init__(self, plan: OutputPlan, facts: Mapping[str, MediaFacts], prober: Prober) -> None:
        self.steps = [parse_arguments(step) for step in plan.steps]
        self._facts = facts
        self._prober = prober
        self._accepts_damage = any(_ACCEPTS_DAMAGE.search(token) for step in plan.steps for token in step)
        self._logged_empty = False
        self.examined: list[MediaFacts] = []

    async def check_log(self, log: Sequence[str], messages: InputMessages) -> None:
        """Check the log for failures and for damage of the inputs."""
        failed = [line for line in log if _FAILED_ANYWAY.search(line)]
        if failed:
            raise _FailureError(diagnose(failed, code=0))
        self._logged_empty = any("nothing was encoded" in line for line in log)
        if self._accepts_damage:
            return
        damage = messages.damage_lines()
        if damage and not await self._is_whole(messages.input_with_trailing_data(damage)):
            raise _damaged("The input is damaged or incomplete.", damage[:5])

    async def check_input_sizes(self, messages: InputMessages) -> None:
        """Check that inputs that were read to their end have the size that their headers promise."""
        if self._accepts_damage or not any(map(_is_short, self._facts.values())):
            return
        for step in self.steps:
            for name, path in inputs_to_probe([step]).items():
                facts = self._facts.get(name)
                if facts is None or not _is_short(facts):
                    continue
                if not any(read.url == name and reads_to_end(step, read) for read in step.inputs):
                    continue
                if facts.container in _CARELESS and not await self._is_truncated(path, facts, messages):
                    continue
                raise _damaged(
                    f"The input “{path.name}” is incomplete: it should have {facts.promised_size:,} bytes, "
                    f"but has only {facts.size:,}."
                )

    async def _is_whole(self, facts: MediaFacts | None) -> bool:
        """Return whether an input has everything that its header promises, followed by data that isn't media."""
        paths = inputs_to_probe(self.steps)
        path = next((path for name, path in paths.items() if facts and self._facts.get(name) == facts), None)
        if facts is None or path is None or not await asyncio.to_thread(has_trailer, path):
            return False
        reached = (await self._scan(path, facts)).reached
        return reached is not None and not _ends_early(reached, facts.duration)

    async def _is_truncated(self, path: Path, facts: MediaFacts, messages: InputMessages) -> bool:
        """Return whether a short file lost its end or its middle. Otherwise it is a clean excerpt."""
        if messages.suggest_damage_in(facts):
            return True
        reached = (await self._scan(path, facts)).reached
        return reached is not None and _ends_early(reached, facts.duration)

    async def check_output(self, output: PlannedOutput) -> None:
        """Check that an output exists, can be opened, isn't empty, and is long enough."""
        if output.side:  # a log may be empty or missing
            return
        file = await asyncio.to_thread(_file_to_examine, output)
        invocation = self.steps[output.step]
        has_base_url = any(
            argument.url == output.url and argument.has("hls_base_url") for argument in invocation.outputs
        )
        if file is None or has_base_url:  # such a playlist refers to the segments at their final place
            return
        facts = await self._examine(file, output)
        if output.kind is OutputKind.FOLDER or facts.is_image:  # a playlist may only list the last segments
            self.examined.append(facts)
            return
        if _may_be_empty(facts):
            facts = await self._scan(file, facts)
            if not facts.packets:
                raise _empty(output.name)
        self.examined.append(facts)
        for argument in invocation.outputs:
            if argument.url == output.url:
                await self._check_duration(invocation, argument, output, facts)

    async def _examine(self, file: Path, output: PlannedOutput) -> MediaFacts:
        try:
            facts = await self._prober.probe(file)
        except ProbeError as error:
            if self._logged_empty:
                raise _empty(output.name) from error
            raise _failure(
                f"The output “{output.name}” can't be opened.",
                "Restart the task. If it happens again, see its log.",
                RetryAdvice.RETRY,
                [error.message],
            ) from error
        if not facts.streams:
            raise _empty(output.name)
        return facts

    async def _scan(self, file: Path, facts: MediaFacts) -> MediaFacts:
        return await self._prober.probe(file, packets=True, timeout=60 + facts.size / _SCAN_SPEED)

    async def _check_duration(
        self, invocation: Invocation, argument: OutputArgument, output: PlannedOutput, facts: MediaFacts
    ) -> None:
        """Compare the duration with what the headers of the inputs promise, then with what their packets contain."""
        kinds = frozenset(stream.kind for stream in facts.streams if stream.is_timed)
        promised = expect_output(invocation, argument, self._facts, kinds)
        if not promised.exact or not kinds or _is_enough(facts.duration, promised):
            return
        counted_seconds = (await self._scan(output.temporary, facts)).packet_seconds
        if counted_seconds is None or _is_enough(counted_seconds, promised):
            return
        measured_facts = dict(self._facts)
        for name, path in inputs_to_probe([invocation]).items():
            scanned = await self._scan(path, self._facts[name])
            self._compare_with_header(path, self._facts[name], scanned.reached)
            measured_facts[name] = measured(scanned)
        real = expect_output(invocation, argument, measured_facts, kinds)
        if not _is_enough(counted_seconds, real):
            raise _failure(
                f"The output “{output.name}” is too short: {counted_seconds:.1f} of "
                f"{real.seconds or 0:.1f} seconds.",
                "Restart the task. If it happens again, see its log.",
                RetryAdvice.RETRY,
            )

    def _compare_with_header(self, path: Path, header: MediaFacts, reached: float | None) -> None:
        if self._accepts_damage or _is_enough(reached, Expectation(header.promised_seconds)):
            return
        raise _damaged(
            f"The input “{path.name}” is incomplete: it should last {header.promised_seconds or 0:.1f} seconds, "
            f"but only {reached or 0:.1f} can be read.",
        )


def _damaged(sentence: str, lines: Sequence[str] = ()) -> _FailureError:
    hint = "Get the file again, or add -err_detect ignore_err before -i to keep what can be read."
    return _FailureError(Diagnosis(sentence, hint, tuple(lines), RetryAdvice.NO, blames_input=True))


def _is_enough(seconds: float | None, expected: Expectation) -> bool:
    """Return whether a duration is long enough, allowing for rounding to frames."""
    if seconds is None or expected.seconds is None:
        return expected.seconds is None
    return seconds >= expected.seconds - max(_TOLERANCE, 0.02 * expected.seconds)


def _may_be_empty(facts: MediaFacts) -> bool:
    """Return whether the headers leave open whether there is any data. Only some containers count their frames."""
    counts_frames = facts.container.startswith("mov")
    return not facts.duration or (counts_frames and facts.video is not None and not facts.video.frames)


def _ends_early(reached: float, promised: float | None) -> bool:
    return reached < (promised or 0.0) - _EXACT_TOLERANCE


def _is_short(facts: MediaFacts) -> bool:
    return facts.promised_size is not None and facts.size + _SIZE_SLACK < facts.promised_size


def _empty(name: str) -> _FailureError:
    return _failure(
        f"Nothing was encoded: “{name}” is empty.",
        "Check whether -ss, -t or -to is past the end of the input.",
    )


def _file_to_examine(output: PlannedOutput) -> Path | None:
    """Return the file to examine for an output, or None if none can be opened for certain. Raises _FailureError."""
    if output.kind is OutputKind.FILE:
        _require_content(output.temporary, output.name)
        return output.temporary if output.format in _PROBED_FORMATS else None
    files = sorted(file for file in output.temporary.rglob("*") if file.is_file())
    if not files:
        raise _missing(output.temporary, output.name)
    for file in files:
        _require_content(file, file.name)
    lists = [file for file in files if file.suffix == ".m3u8"]
    if lists or output.format in _UNPROBED_SETS:
        return next(iter(lists), None)
    return files[0] if files[0].suffix.lower().removeprefix(".") in _PROBED_FORMATS else None


def _require_content(file: Path, name: str) -> None:
    try:
        size = file.stat().st_size
    except FileNotFoundError:
        raise _missing(file, name) from None
    if size == 0:  # some muxers don't report a full disk
        raise (
            _failure("The disk is full.", FREE_SPACE, RetryAdvice.LATER)
            if is_full(file.parent)
            else _empty(name)
        )


def _missing(file: Path, name: str) -> _FailureError:
    if not file.parent.exists():
        return _failure(
            f"The folder of “{name}” disappeared while the file was being written.",
            "Check that its disk or network share is still connected.",
            RetryAdvice.OTHER_NODE,
        )
    return _failure(
        f"ffmpeg ended without an error, but didn't write “{name}”.",
        "It may have been stopped from outside, or its disk disconnected. Restart the task.",
        RetryAdvice.RETRY,
    )
