"""How encodes share a computer with other programs."""

from enum import StrEnum


class EncodePriority(StrEnum):
    """LOW lets every other program go first. NORMAL takes an equal share, for a computer that only encodes."""

    LOW = "low"
    NORMAL = "normal"
