"""Parse ffmpeg's progress blocks and measure the progress of a task."""

import math
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffmate_desktop.media.progress import Progress, ProgressMeter, ProgressParser, Sample

VIDEO = b"""frame=48
fps=23.98
stream_0_0_q=28.0
bitrate= 102.4kbits/s
total_size=25600
out_time_us=2000000
out_time_ms=2000000
out_time=00:00:02.000000
dup_frames=0
drop_frames=0
speed= 2.4x
progress=continue
"""
AUDIO = (
    b"bitrate=N/A\ntotal_size=N/A\nout_time_us=N/A\nout_time_ms=N/A\nout_time=N/A\nspeed=N/A\nprogress=end\n"
)


def chunks(data: bytes) -> st.SearchStrategy[list[bytes]]:
    cuts = st.lists(st.integers(0, len(data)), max_size=40).map(lambda cut: [0, *sorted(cut), len(data)])
    return cuts.map(lambda at: [data[start:end] for start, end in pairwise(at)])


def test_a_block_of_a_video_is_parsed() -> None:
    assert ProgressParser().feed(VIDEO) == [
        Sample(frame=48, fps=23.98, speed=2.4, size=25600, out_time=2.0, finished=False)
    ]


def test_unavailable_values_are_none_and_the_last_block_is_marked() -> None:
    assert ProgressParser().feed(AUDIO) == [Sample(finished=True)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # older than out_time_us, and microseconds all the same
        (b"out_time_ms=1500000", Sample(out_time=1.5)),
        (b"out_time_us=-23220", Sample(out_time=0.0)),
        (b"out_time_us=-9223372036854775807", Sample(out_time=0.0)),
        (b"speed=1.2e+03x", Sample(speed=1200.0)),
        (b"speed=   0x", Sample(speed=0.0)),
        (b"speed=nanx", Sample()),
        (b"fps=inf", Sample()),
        (b"frame=  12\r", Sample(frame=12)),  # Windows ends lines so
        (b"a line \xff that means nothing", Sample()),
        (b"=", Sample()),
    ],
)
def test_unusual_values_are_parsed(line: bytes, expected: Sample) -> None:
    assert ProgressParser().feed(line + b"\nprogress=continue\n") == [expected]


def test_a_block_is_complete_only_at_its_end() -> None:
    parser = ProgressParser()
    assert parser.feed(VIDEO[:-1]) == []
    assert len(parser.feed(b"\n")) == 1


def test_a_value_is_not_carried_into_the_next_block() -> None:
    first, second = ProgressParser().feed(VIDEO + AUDIO)
    assert (first.frame, second.frame) == (48, None)


@given(chunks(VIDEO + AUDIO + b"x" * 10_000 + b"\n" + VIDEO))
def test_any_chunking_gives_the_same_samples(parts: list[bytes]) -> None:
    parser = ProgressParser()
    assert [sample for part in parts for sample in parser.feed(part)] == ProgressParser().feed(
        b"".join(parts)
    )


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_garbage_is_ignored_and_not_kept(garbage: bytes, more: bytes) -> None:
    parser = ProgressParser()
    parser.feed(garbage)
    parser.feed(more + b"\nprogress=continue\n")
    assert parser.feed(VIDEO) == ProgressParser().feed(VIDEO)


def percent(meter: ProgressMeter, *samples: Sample, step: int = 0) -> float | None:
    last = Progress()
    for now, sample in enumerate(samples):
        last = meter.update(step, sample, float(now))
    return last.percent


def test_percent_is_based_on_seconds_even_for_audio_only() -> None:
    assert percent(ProgressMeter(expected_seconds=10.0), Sample(out_time=2.5)) == 25.0


def test_percent_is_based_on_frames_if_seconds_are_unknown() -> None:
    assert percent(ProgressMeter(expected_frames=40), Sample(frame=10, out_time=99.0)) == 25.0


def test_percent_is_based_on_frames_if_ffmpeg_reports_no_time() -> None:
    assert percent(ProgressMeter(expected_seconds=10.0, expected_frames=40), Sample(frame=10)) == 25.0


def test_percent_is_based_on_the_read_position_if_nothing_else_is_known() -> None:
    meter = ProgressMeter()
    assert meter.wants_read_fraction
    assert meter.update(0, Sample(frame=1, out_time=1.0), 0.0, read_fraction=0.5).percent == 50.0
    assert meter.update(0, Sample(), 1.0).percent == 50.0


def test_percent_is_none_if_nothing_can_be_measured() -> None:
    for nothing in (None, 0.0, -1.0, math.nan, math.inf):
        meter = ProgressMeter(expected_seconds=nothing)
        assert meter.wants_read_fraction
        assert meter.update(0, Sample(frame=1, out_time=1.0), 0.0) == Progress(frame=1, out_time=1.0)


def test_missing_values_keep_their_last_value() -> None:
    meter = ProgressMeter(expected_seconds=10.0)
    full = Sample(frame=1, fps=2.0, speed=3.0, size=4, out_time=5.0)
    before = meter.update(0, full, 0.0)
    assert meter.update(0, Sample(), 1.0) == before
    assert (before.frame, before.fps, before.speed, before.size, before.out_time) == (1, 2.0, 3.0, 4, 5.0)


def test_more_output_than_expected_stays_below_hundred() -> None:
    assert percent(ProgressMeter(expected_seconds=1.0), Sample(out_time=7.0, finished=True)) == 99.9


def test_stopping_early_does_not_look_like_the_end() -> None:
    assert percent(ProgressMeter(expected_seconds=10.0), Sample(out_time=1.0), Sample(finished=True)) == 10.0


def test_steps_share_the_range() -> None:
    meter = ProgressMeter(expected_seconds=10.0, steps=2)
    assert percent(meter, Sample(out_time=5.0)) == 25.0
    second = meter.update(1, Sample(frame=3), 2.0)
    assert (second.percent, second.out_time, second.frame) == (50.0, None, 3)
    assert percent(meter, Sample(out_time=5.0), step=1) == 75.0


def test_steps_can_have_different_weights() -> None:
    meter = ProgressMeter(expected_seconds=10.0, steps=2, weights=(1, 3))
    assert percent(meter, Sample(out_time=10.0)) == 25.0
    assert percent(meter, Sample(out_time=5.0), step=1) == 62.5


def test_a_finished_step_counts_even_if_nothing_can_be_measured() -> None:
    assert percent(ProgressMeter(steps=2), Sample(), step=1) == 50.0


@pytest.mark.parametrize("weights", [(), (1.0,), (1.0, 0.0), (1.0, -1.0), (1.0, math.nan), (1.0, math.inf)])
def test_a_step_without_a_weight_is_refused(weights: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="weights above 0"):
        ProgressMeter(steps=2, weights=weights)


def remaining(meter: ProgressMeter, pace: Callable[[float], float], until: int) -> float | None:
    last = Progress()
    for now in range(until + 1):
        last = meter.update(0, Sample(out_time=pace(now)), float(now))
    return last.remaining


def test_the_remaining_time_follows_the_pace() -> None:
    assert remaining(ProgressMeter(expected_seconds=100.0), lambda now: now, 10) == pytest.approx(90)
    assert remaining(ProgressMeter(expected_seconds=100.0), lambda now: now, 0) is None


def test_the_remaining_time_ignores_old_progress() -> None:
    def slow_then_fast(now: float) -> float:
        return now if now <= 50 else 50 + 10 * (now - 50)

    assert remaining(ProgressMeter(expected_seconds=1050.0), slow_then_fast, 70) == pytest.approx(80)


def test_the_remaining_time_is_unknown_without_progress() -> None:
    assert remaining(ProgressMeter(expected_seconds=100.0), lambda now: min(now, 5), 30) is None


def test_the_remaining_time_restarts_after_a_pause() -> None:
    meter = ProgressMeter(expected_seconds=100.0)
    remaining(meter, lambda now: now, 10)
    meter.forget_pace()
    assert meter.update(0, Sample(out_time=11.0), 1000.0).remaining is None
    assert meter.update(0, Sample(out_time=13.0), 1002.0).remaining == pytest.approx(87)


anything = st.floats() | st.none()
sizes = st.floats(0, 1e308) | st.none()
samples = st.builds(Sample, frame=st.integers(0) | st.none(), out_time=sizes, finished=st.booleans())


@given(
    st.builds(
        ProgressMeter,
        anything,
        st.integers() | st.none(),
        st.just(3),
        st.none() | st.lists(st.floats(1e-3, 1e3), min_size=3, max_size=3),
    ),
    st.lists(st.tuples(st.integers(0, 2), samples, st.floats(-1e9, 1e9), anything)),
)
def test_percent_never_decreases_and_all_values_are_finite(
    meter: ProgressMeter, updates: list[tuple[int, Sample, float, float | None]]
) -> None:
    highest = 0.0
    for step, sample, now, read in sorted(updates, key=lambda update: update[0]):
        progress = meter.update(step, sample, now, read)
        assert progress.remaining is None or (math.isfinite(progress.remaining) and progress.remaining >= 0)
        assert (progress.percent is None) <= (highest == 0.0)
        if progress.percent is not None:
            assert highest <= progress.percent <= 99.9
            highest = progress.percent
