"""How encodes share the processor with other programs."""

from enum import StrEnum


class EncodePriority(StrEnum):
    """LOW gives way to all other programs. NORMAL takes an equal share, for computers that only encode."""

    LOW = "low"
    NORMAL = "normal"
