"""From the blocks of ffmpeg's `-progress` to a percentage that people can trust."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

WINDOW = 20.0
"""Seconds of the past that the remaining time is calculated from."""

SETTLING = 2.0
"""Seconds of measuring before a remaining time is worth showing."""

HIGHEST = 99.9
"""Percent of a task whose output has not been checked yet."""

_LONGEST_LINE = 4096


@dataclass(frozen=True)
class Sample:
    """One block: what ffmpeg said, None for what it left out or called N/A."""

    frame: int | None = None
    """Frames written so far; audio alone has none."""
    fps: float | None = None
    """Frames per second, on average since the start."""
    speed: float | None = None
    """Seconds of media per second of time."""
    size: int | None = None
    """Bytes written so far."""
    out_time: float | None = None
    """Position in the output in seconds, never below 0."""
    finished: bool = False
    """Whether this is the last block; a stopped ffmpeg writes one too."""


class ProgressParser:
    """Puts samples together from bytes that are cut anywhere. Lines that it does not know are passed over."""

    def __init__(self) -> None:
        self._rest = b""
        self._values: dict[str, str] = {}

    def feed(self, data: bytes) -> list[Sample]:
        """The samples completed by these bytes; a block ends with its line `progress=`."""
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[:_LONGEST_LINE]
        samples = []
        for line in lines:
            key, _, value = line[:_LONGEST_LINE].decode("ascii", "replace").partition("=")
            self._values[key.strip()] = value.strip()
            if key.strip() == "progress":
                samples.append(_sample(self._values))
                self._values = {}
        return samples


def _sample(values: dict[str, str]) -> Sample:
    frame = _number(values.get("frame"))
    size = _number(values.get("total_size"))
    # Both are microseconds, whatever the name says; the second is the older one.
    time = _number(values.get("out_time_us", values.get("out_time_ms")))
    return Sample(
        frame=None if frame is None else int(frame),
        fps=_number(values.get("fps")),
        speed=_number(values.get("speed", "").removesuffix("x")),
        size=None if size is None else int(size),
        # Negative before the first whole frame, and in old versions hugely so where there is no time yet.
        out_time=None if time is None else max(time / 1e6, 0.0),
        finished=values["progress"] == "end",
    )


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:  # N/A, or a key that this version does not have
        return None
    return number if math.isfinite(number) else None


@dataclass(frozen=True)
class Progress:
    """How far a task has come."""

    percent: float | None = None
    """0 to 99.9, never falling; None while nothing is known that it could be measured against."""
    fps: float | None = None
    speed: float | None = None
    size: int | None = None
    """Bytes written so far by the present step."""
    remaining: float | None = None
    """Seconds until the last step ends at the pace of the last 20 seconds; None if not known."""
    frame: int | None = None
    out_time: float | None = None


@dataclass
class ProgressMeter:
    """Measures the samples of a task of one or several steps against what is expected of each step.

    Preferred in this order: `expected_seconds` of output, `expected_frames`, and the read position in the
    input. The steps share the range equally unless `weights`, one above 0 for each step, say otherwise.
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
        """Whether the read position is the only thing to measure by."""
        return not _usable(self.expected_seconds) and not _usable(self.expected_frames)

    def update(self, step: int, sample: Sample, now: float, read_fraction: float | None = None) -> Progress:
        """Take in a sample of a step (from 0) at `now` (monotonic seconds); what it leaves out is held.

        `read_fraction`, 0 to 1, is how much of its input ffmpeg has read.
        """
        if step != self._step:
            self._step = step
            self._last = Progress(percent=self._last.percent)
        held = self._last
        held = replace(
            held,
            fps=held.fps if sample.fps is None else sample.fps,
            speed=held.speed if sample.speed is None else sample.speed,
            size=held.size if sample.size is None else sample.size,
            frame=held.frame if sample.frame is None else sample.frame,
            out_time=held.out_time if sample.out_time is None else sample.out_time,
        )
        percent = self._percent(self._fraction(held, read_fraction))
        self._last = replace(held, percent=percent, remaining=self._remaining(percent, now))
        return self._last

    def forget_pace(self) -> None:
        """Calculate the remaining time anew: after a pause the past says nothing about it."""
        self._pace.clear()

    def _fraction(self, held: Progress, read_fraction: float | None) -> float | None:
        for done, expected in (
            (held.out_time, self.expected_seconds),
            (held.frame, self.expected_frames),
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
        return max(min(100 * done, HIGHEST), self._last.percent or 0.0)

    def _remaining(self, percent: float | None, now: float) -> float | None:
        if percent is None:
            return None
        self._pace.append((now, percent))
        while len(self._pace) > 2 and self._pace[1][0] <= now - WINDOW:
            self._pace.popleft()
        since, start = self._pace[0]
        if now - since < SETTLING or percent <= start:
            return None
        remaining = (100 - percent) * (now - since) / (percent - start)
        return remaining if math.isfinite(remaining) else None


def _usable(expected: float | None) -> bool:
    return expected is not None and math.isfinite(expected) and expected > 0
