"""Read the process table, on every system."""

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
        """Return all visible processes. Takes tens of milliseconds: call it in a thread."""
        table: dict[int, ProcessEntry] = {}
        for process in psutil.process_iter():
            try:
                # The PID of a dead parent may belong to another process by now. psutil leaves out such parents.
                parent = process.parent()
                mark = process.environ().get(VARIABLE, "")
            except psutil.Error:  # it has ended, or isn't ours
                parent, mark = None, ""
            pid = process.pid
            parent_pid = parent.pid if parent is not None else 0
            table[pid] = ProcessEntry(pid, parent_pid, -1, -1, zombie=False, started="", mark=mark)
        return table

else:

    def processes() -> ProcessTable:
        """Return all visible processes. Takes milliseconds: call it in a thread."""
        return guardian_worker.processes()
