"""Growing delays between attempts."""

import pytest

from ffmate_desktop.backoff import Backoff


def test_delays_double_up_to_the_longest_and_start_again_after_a_reset() -> None:
    backoff = Backoff(0.5, 3.0)
    assert [backoff.next_delay() for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]
    backoff.reset()
    assert backoff.next_delay() == 0.5


def test_jitter_changes_each_delay_by_at_most_its_share() -> None:
    backoff = Backoff(2.0, 2.0, jitter=0.5)
    delays = [backoff.next_delay() for _ in range(200)]
    assert 1.0 <= min(delays) < 1.5 and 2.5 < max(delays) <= 3.0
    assert sum(delays) / len(delays) == pytest.approx(2.0, abs=0.3)
