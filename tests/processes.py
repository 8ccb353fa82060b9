"""Looking at processes that may end at any moment."""

import psutil


def words(process: psutil.Process) -> list[str]:
    """Its command; empty for one that has ended, or is about to become another program."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []
