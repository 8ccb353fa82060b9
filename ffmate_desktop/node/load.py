"""How busy this computer is."""

import psutil

from ffmate_desktop.domain.node import Load


class LoadMeter:
    """Measures the time since its last call, and returns at once."""

    def __init__(self) -> None:
        psutil.cpu_percent()  # the first answer of psutil means nothing

    def measure(self) -> Load:
        """The percentage of all processors since the last call, and of the memory now."""
        return Load(psutil.cpu_percent(), psutil.virtual_memory().percent)
