"""What a table of tasks needs of its model, whether it shows tasks alone or below their batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import SignalInstance

if TYPE_CHECKING:
    from ffmate_desktop.domain.queue import QueueRow
    from ffmate_desktop.domain.status import LiveProgress
    from ffmate_desktop.gui.queue.selection import QueueSelection


class RowSource(Protocol):
    """Rows have keys that last while their numbers change."""

    top_row: Callable[[], QueueRow | None]
    about_to_reorder: SignalInstance
    reordered: SignalInstance

    def row_at(self, number: int) -> QueueRow | None:
        """The task in this row; None while it is being read, which asking for it starts."""
        ...

    def loaded(self, number: int) -> QueueRow | None:
        """The task in this row if it has been read."""
        ...

    def live_of(self, row: QueueRow) -> LiveProgress | None:
        """The newest progress of a running task, if it was heard live."""
        ...

    def key_at(self, number: int) -> object:
        """What finds this row again, if it has been read."""
        ...

    def number_of(self, key: object) -> int | None:
        """The row with this key, if it has been read."""
        ...

    def choose(self, ranges: Sequence[tuple[int, int]]) -> QueueSelection:
        """The tasks in these rows as they are numbered now, first and last of each range included."""
        ...
