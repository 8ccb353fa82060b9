"""What a table of tasks needs from its model, with or without batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import SignalInstance

if TYPE_CHECKING:
    from ffmate_desktop.domain.queue import QueueRow
    from ffmate_desktop.domain.status import LiveProgress
    from ffmate_desktop.gui.queue.selection import QueueSelection


class RowSource(Protocol):
    """A row number changes when the order changes; a row key stays the same."""

    top_row: Callable[[], QueueRow | None]
    about_to_reorder: SignalInstance
    reordered: SignalInstance

    def row_at(self, number: int) -> QueueRow | None:
        """The task in this row. If it is not in memory, start reading it and return None."""
        ...

    def loaded_row(self, number: int) -> QueueRow | None:
        """The task in this row if it is in memory. Reads nothing."""
        ...

    def live_progress(self, row: QueueRow) -> LiveProgress | None:
        """The latest live progress of a running task."""
        ...

    def key_at(self, number: int) -> object:
        """The key of a row that has been read, else None."""
        ...

    def row_number_of(self, key: object) -> int | None:
        """The row with this key if it has been read."""
        ...

    def selection(self, ranges: Sequence[tuple[int, int]]) -> QueueSelection:
        """The tasks now in these ranges of rows, both ends included."""
        ...
