"""Turn the blocks of ffmpeg's `-progress` into a percentage that people can trust."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

WINDOW = 20.0
"""Seconds of the latest progress that the remaining time is based on."""

MIN_MEASURED = 2.0
"""Seconds of measuring before a remaining time is shown."""

MAX_PERCENT = 99.9
"""Maximum percentage before the output is checked."""

_MAX_LINE = 4096


@dataclass(frozen=True)
class Sample:
    """One block. None for values that ffmpeg left out or reported as N/A."""

    frame: int | None = None
    """Frames written so far. None for audio only."""
    fps: float | None = None
    """Frames per second, on average since the start."""
    speed: float | None = None
    """Seconds of media per second of time."""
    size: int | None = None
    """Bytes written so far."""
    out_time: float | None = None
    """Position in the output in seconds, at least 0."""
    finished: bool = False
    """Whether this is the last block. A stopped ffmpeg writes one, too."""


class ProgressParser:
    """Assembles samples from bytes that are split anywhere. Ignores unknown lines."""

    def __init__(self) -> None:
        self._rest = b""
        self._values: dict[str, str] = {}

    def feed(self, data: bytes) -> list[Sample]:
        """Return the samples that these bytes complete. A block ends with the line `progress=`."""
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[:_MAX_LINE]
        samples = []
        for line in lines:
            key, _, value = line[:_MAX_LINE].decode("ascii", "replace").partition("=")
            self._values[key.strip()] = value.strip()
            if key.strip() == "progress":
                samples.append(_sample(self._values))
                self._values = {}
        return samples


def _sample(values: dict[str, str]) -> Sample:
    frame = _number(values.get("frame"))
    size = _number(values.get("total_size"))
    # Both are in microseconds despite the names. The second one is from older versions.
    time = _number(values.get("out_time_us", values.get("out_time_ms")))
    return Sample(
        frame=None if frame is None else int(frame),
        fps=_number(values.get("fps")),
        speed=_number(values.get("speed", "").removesuffix("x")),
        size=None if size is None else int(size),
        # Negative before the first complete frame, and a huge negative number in old versions.
        out_time=None if time is None else max(time / 1e6, 0.0),
        finished=values["progress"] == "end",
    )


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:  # N/A, or a key that this version doesn't have
        return None
    return number if math.isfinite(number) else None


@dataclass(frozen=True)
class Progress:
    """The progress of a task."""

    percent: float | None = None
    """0 to 99.9, never decreasing. None while the expected amount is unknown."""
    fps: float | None = None
    speed: float | None = None
    size: int | None = None
    """Bytes written so far by the current step."""
    remaining: float | None = None
    """Seconds until the last step ends at the pace of the last 20 seconds. None if unknown."""
    frame: int | None = None
    out_time: float | None = None


@dataclass
class ProgressMeter:
    """Measures the samples of a task with one or more steps against what is expected of each step.

    It uses, in this order, `expected_seconds` of output, `expected_frames`, and the read position in the input. The
    steps have equal shares unless `weights` are set, one above 0 for each step.
    """

    expected_seconds: float | None = None
    expected_frames: int | None = None
    steps: int = 1
    weights: Sequence[float] | None = None
    _last: Progress = field(default=Progress(), init=False, repr=False)
    _starts: list[float] = field(init=False, repr=False)
    _step: int = field(default=0, init=False, repr=False)
    _pace: deque[tuple[float, float]] = field(default_factory=deque, init=False, repr=False)

    def __post_init__(self) -> None:
        weights = [1.0] * self.steps if self.weights is None else self.weights
        if not weights or len(weights) != self.steps or not all(_usable(weight) for weight in weights):
            raise ValueError(f"{self.steps} steps need as many weights above 0: {weights}")
        self._starts = [0.0, *accumulate(weight / sum(weights) for weight in weights)]

    @property
    def wants_read_fraction(self) -> bool:
        """Whether the read position is the only available measure."""
        return not _usable(self.expected_seconds) and not _usable(self.expected_frames)

    def update(self, step: int, sample: Sample, now: float, read_fraction: float | None = None) -> Progress:
        """Add a sample of a step (from 0) at `now` (monotonic seconds). Missing values keep their last value.

        `read_fraction`, 0 to 1, is the share of its inputs that ffmpeg has read.
        """
        if step != self._step:
            self._step = step
            self._last = Progress(percent=self._last.percent)
        previous = self._last
        current = replace(
            previous,
            fps=previous.fps if sample.fps is None else sample.fps,
            speed=previous.speed if sample.speed is None else sample.speed,
            size=previous.size if sample.size is None else sample.size,
            frame=previous.frame if sample.frame is None else sample.frame,
            out_time=previous.out_time if sample.out_time is None else sample.out_time,
        )
        percent = self._percent(self._fraction(current, read_fraction))
        self._last = replace(current, percent=percent, remaining=self._remaining(percent, now))
        return self._last

    def forget_pace(self) -> None:
        """Restart the calculation of the remaining time. After a pause, earlier progress means nothing."""
        self._pace.clear()

    def _fraction(self, current: Progress, read_fraction: float | None) -> float | None:
        for done, expected in (
            (current.out_time, self.expected_seconds),
            (current.frame, self.expected_frames),
            (read_fraction, 1.0),
        ):
            if done is not None and math.isfinite(done) and expected is not None and _usable(expected):
                return min(max(done / expected, 0.0), 1.0)
        return None

    def _percent(self, fraction: float | None) -> float | None:
        if fraction is None and self._step == 0:
            return self._last.percent
        start, end = self._starts[self._step : self._step + 2]
        done = start + (end - start) * (fraction or 0.0)
        return max(min(100 * done, MAX_PERCENT), self._last.percent or 0.0)

    def _remaining(self, percent: float | None, now: float) -> float | None:
        if percent is None:
            return None
        self._pace.append((now, percent))
        while len(self._pace) > 2 and self._pace[1][0] <= now - WINDOW:
            self._pace.popleft()
        since, start = self._pace[0]
        if now - since < MIN_MEASURED or percent <= start:
            return None
        remaining = (100 - percent) * (now - since) / (percent - start)
        return remaining if math.isfinite(remaining) else None


def _usable(expected: float | None) -> bool:
    return expected is not None and math.isfinite(expected) and expected > 0
