"""Locks and private files for the embedded server (see `file_locks`), and waiting for a condition."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

from ffmate_desktop.file_locks import FileLock, open_for_folder_owner

__all__ = ["FileLock", "open_for_folder_owner", "overwrite_private", "wait_until"]


def overwrite_private(path: Path, text: str) -> None:
    """Replace the content of a private file."""
    descriptor = open_for_folder_owner(path, os.O_WRONLY | os.O_TRUNC)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def wait_until(condition: Callable[[], bool], seconds: float, leaving: Event | None = None) -> bool:
    """Check every few milliseconds, gradually slower; False after `seconds`, or when `leaving` is set."""
    leaving = leaving or Event()
    begin = time.monotonic()
    while not condition():
        waited = time.monotonic() - begin
        if waited > seconds or leaving.wait(min(0.2, 0.005 + waited / 20)):
            return False
    return True
