"""Inspect processes that may end at any time."""

import psutil


def words(process: psutil.Process) -> list[str]:
    """Return the command line of a process. Empty if it has ended or is becoming another program."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []
