"""How many files this program may have open: some systems begin with 256, and each running task needs several."""

import sys
from contextlib import suppress

ENOUGH = 10_240
"""As many as macOS allows, and more than 1000 tasks need."""

if sys.platform == "win32":  # where each handle costs memory, and nothing else

    def raise_open_file_limit() -> None:
        """Let this program have as many files open as the system allows without asking."""
else:
    import resource

    def raise_open_file_limit() -> None:
        """Let this program have as many files open as the system allows without asking."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(ENOUGH, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            with suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
