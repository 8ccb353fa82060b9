"""Why an attempt has to end before its time."""

from enum import IntEnum, auto


class Order(IntEnum):
    """A later one of these outranks an earlier one."""

    YIELD = auto()
    """It was ready before there was a slot, and none became free: another node may be faster."""
    GIVE_BACK = auto()
    """This node stops: another one shall take the task."""
    CANCEL = auto()
    DELETE = auto()
    LOST = auto()
    """The claim is somebody else's now: touch nothing but our own leftovers."""


class OrderedError(Exception):
    """Leaves the attempt; the order stands in the run."""
