"""One look at all processes of this computer, the same on every system."""

import sys

from ffmate_desktop.media.processes import guardian_worker
from ffmate_desktop.media.processes.guardian_worker import (
    VARIABLE,
    ProcessEntry,
    ProcessTable,
    with_descendants,
)

__all__ = ["VARIABLE", "ProcessEntry", "ProcessTable", "processes", "with_descendants"]

if sys.platform == "win32":
    import psutil

    def processes() -> ProcessTable:
        """Every process that this one may see. Takes tens of milliseconds: call it in a thread."""
        table: dict[int, ProcessEntry] = {}
        for process in psutil.process_iter():
            try:
                # The number of a dead parent may belong to a stranger by now; psutil leaves such parents out.
                parent = process.parent()
                mark = process.environ().get(VARIABLE, "")
            except psutil.Error:  # it has ended, or is not ours to ask about
                parent, mark = None, ""
            pid = process.pid
            above = parent.pid if parent is not None else 0
            table[pid] = ProcessEntry(pid, above, -1, -1, zombie=False, started="", mark=mark)
        return table

else:

    def processes() -> ProcessTable:
        """Every process that this one may see. Takes milliseconds: call it in a thread."""
        return guardian_worker.processes()
