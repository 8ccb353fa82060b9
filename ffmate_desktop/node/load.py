"""How busy this computer is."""

import psutil

from ffmate_desktop.domain.node import Load


class LoadMeter:
    """Measures since the last time that it was asked; takes no noticeable time."""

    def __init__(self) -> None:
        psutil.cpu_percent()  # the first answer means nothing

    def load(self) -> Load:
        """Percent of all processors since the last call, and of the memory now."""
        return Load(psutil.cpu_percent(), psutil.virtual_memory().percent)
