"""The streams of this process, before anything is printed."""

import io
import sys


def replace_what_they_cannot_say() -> None:
    """No name makes a print fail: a pipe of Windows, or LANG=C, may know neither → nor 日本."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
