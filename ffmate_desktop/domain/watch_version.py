"""Decides whether a file is still the same version, although file systems disagree about inodes and times.

A view is a number for the way in which a volume numbers files. Each file record stores it. Records of releases up to
0.1 store the watchfolder's inode instead, which is positive; it says nothing about how long inodes last.
"""

UNNUMBERED = -1
"""Inodes may change at any time; only size and time count."""

LOCAL_TIME = -2
"""Like UNNUMBERED, and the file system may store local time: times shift by whole hours with the time zone."""

FIRST_LASTING = -3
"""This view, and all lower numbers, are volumes whose inodes last."""

_GRAINS = (10_000, 1_000_000)
"""Microseconds to which file systems and protocols round times: exFAT, and SFTP or HFS+."""

_FAT_GRAIN = 2_000_000

_QUARTER = 900_000_000
_DAY_AND_MORE = 26 * 4 * _QUARTER


def is_lasting(view: int) -> bool:
    """Whether a file with another inode is another file."""
    return view <= FIRST_LASTING


def is_same_time(time: int, other: int, view: int = UNNUMBERED) -> bool:
    """Whether two times (microseconds) are the same, as far as file systems with coarser clocks can tell."""
    if time == other:
        return True
    grains: tuple[int, ...] = _GRAINS
    if view == LOCAL_TIME and abs(time - other) <= _DAY_AND_MORE:
        grains = (*_GRAINS, _FAT_GRAIN)
        other += round((time - other) / _QUARTER) * _QUARTER
    return any(_is_rounded(time, other, grain) or _is_rounded(other, time, grain) for grain in grains)


def _is_rounded(time: int, exact: int, grain: int) -> bool:
    """Whether `time` is `exact`, rounded up or down by a coarser clock."""
    return time % grain == 0 and abs(time - exact) < grain
