"""Whether a file is still the same version, though file systems disagree about inodes and times: pure rules.

A view is a number for a way of numbering files. It is stored with each file record. Rows of releases up to 0.1
have the inode of the watchfolder, which is positive; nothing is known about how long their inodes last.
"""

UNNUMBERED = -1
"""Inodes may change at any time; only size and time count."""

LOCAL_TIME = -2
"""The same, and the file system may keep local time: times move by whole hours with the time zone."""

FIRST_LASTING = -3
"""This view and all below it are of volumes whose inodes last."""

_GRAINS = (10_000, 1_000_000)
"""Microseconds to which file systems and protocols round times: exFAT, and SFTP or HFS+."""

_FAT_GRAIN = 2_000_000

_QUARTER = 900_000_000
_DAY_AND_MORE = 26 * 4 * _QUARTER


def is_lasting(view: int) -> bool:
    """Whether a file with another inode is another file."""
    return view <= FIRST_LASTING


def is_same_time(one: int, other: int, view: int = UNNUMBERED) -> bool:
    """Whether two times (microseconds) are the same, perhaps as told by file systems with coarser clocks."""
    if one == other:
        return True
    grains: tuple[int, ...] = _GRAINS
    if view == LOCAL_TIME and abs(one - other) <= _DAY_AND_MORE:
        grains = (*_GRAINS, _FAT_GRAIN)
        other += round((one - other) / _QUARTER) * _QUARTER
    return any(_is_rounded(one, other, grain) or _is_rounded(other, one, grain) for grain in grains)


def _is_rounded(time: int, exact: int, grain: int) -> bool:
    """Whether `time` is what a coarser clock makes of `exact`; some round up."""
    return time % grain == 0 and abs(time - exact) < grain
