"""Gives a node and its processes a wrong clock, which may jump while they run."""

import os
import sys
from pathlib import Path

HOUR = 3600.0
CAN_SHIFT = sys.platform != "win32"
"""Windows has no clock_gettime."""

_FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
"""The package libfaketime, which shifts every program. Without it Python's clocks are shifted, but for `datetime`."""

# Put on PYTHONPATH as sitecustomize.py: Python imports it first of all.
_SHIFT = """
import os, time

def shifted(read, one_second):
    def now(*clock):
        with open(os.path.join(os.path.dirname(__file__), "shift")) as file:
            shift = float(file.read()) if clock in ((), (time.CLOCK_REALTIME,)) else 0
        return read(*clock) + type(one_second)(shift * one_second)
    return now

time.time, time.time_ns = shifted(time.time, 1.0), shifted(time.time_ns, 10**9)
time.clock_gettime, time.clock_gettime_ns = shifted(time.clock_gettime, 1.0), shifted(time.clock_gettime_ns, 10**9)
"""


class Clock:
    """The clock of one node, kept in `folder`; `environment` makes a process use it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "shift"
        self.environment = {"FAKETIME_TIMESTAMP_FILE": str(self._file)}
        if _FAKETIME:
            self.environment |= {"LD_PRELOAD": str(_FAKETIME[0]), "FAKETIME_NO_CACHE": "1"}
            # Times of files are made by the storage; nothing monotonic ever jumps.
            self.environment |= {"NO_FAKE_STAT": "1", "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DISABLE_SHM": "1"}
        else:
            (folder / "sitecustomize.py").write_text(_SHIFT, encoding="utf-8")
            path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
            self.environment["PYTHONPATH"] = path
        self.shift(0)

    def shift(self, seconds: float) -> None:
        """Be so far ahead of the true time from now on."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+g}", encoding="utf-8")
        new.replace(self._file)
