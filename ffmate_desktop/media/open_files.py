"""Raise the limit of open files: some systems start at 256, and each running task needs several."""

import sys
from contextlib import suppress

ENOUGH = 10_240
"""The maximum on macOS, and more than 1000 tasks need."""

if sys.platform == "win32":  # handles are only limited by memory there

    def raise_open_file_limit() -> None:
        """Raise the limit of open files as far as the system allows without privileges."""
else:
    import resource

    def raise_open_file_limit() -> None:
        """Raise the limit of open files as far as the system allows without privileges."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        target = ENOUGH if hard == resource.RLIM_INFINITY else min(ENOUGH, hard)
        if soft != resource.RLIM_INFINITY and soft < target:
            with suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
