"""Notices from late heartbeats that this computer or the database server slept."""

from ffmate_desktop.db.leases import Beat
from ffmate_desktop.domain.node import NodeFacts

MISSED = 1.2
"""Heartbeats after which a beat counts as missed, as in leases.sql."""

MIN_DELAY = 1.0
"""Seconds that a beat may be late on a busy computer. A shorter delay is never a sleep."""


class SleepDetector:
    """Compares each beat with the time at which it was planned.

    After a sleep all leases look expired. As long as beats are not later than the limit here, no node that beats in
    time can lose its lease unnoticed.
    """

    def __init__(self, facts: NodeFacts) -> None:
        self._lease_in_beats = facts.lease / facts.heartbeat
        self._sent = 0.0
        self._planned: float | None = None

    def reset(self) -> None:
        """The next beat was not planned: it is the first on its connection, or follows a sleep or an outage."""
        self._planned = None

    def plan(self, sent: float, pause: float) -> None:
        """A beat was sent at `sent`, and the next one follows `pause` seconds later, by the loop's clock."""
        self._sent, self._planned = sent, sent + pause

    def seconds_asleep(self, beat: Beat, sent: float) -> float:
        """How late this beat is if that means a sleep, otherwise 0."""
        if self._planned is None:
            return 0.0
        late = max(beat.gap - (self._planned - self._sent), sent - self._planned)
        limit = max(MIN_DELAY, beat.shortest * (self._lease_in_beats - MISSED))
        return late if late > limit else 0.0
