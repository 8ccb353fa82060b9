"""How important encodes are beside the other programs of a computer."""

from enum import StrEnum


class EncodePriority(StrEnum):
    """LOW lets every other program go first. NORMAL takes an equal share, which a computer for encodes wants."""

    LOW = "low"
    NORMAL = "normal"
