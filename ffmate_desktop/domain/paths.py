"""Paths of any operating system as text: absolute or not, the key that finds two equal outputs, and free names."""

import re
from pathlib import PurePath, PurePosixPath, PureWindowsPath

_LONGEST_NAME = 255  # bytes; the limit of every file system in common use
_WINDOWS = re.compile(r"^([A-Za-z]:[\\/]|\\\\)")


def pure(path: str) -> PurePath:
    """The path by the rules of the system it was written on; a drive or `\\\\server` tells Windows."""
    return PureWindowsPath(path) if _WINDOWS.match(path) else PurePosixPath(path)


def is_absolute(path: str) -> bool:
    """True when the path names the same file whatever the working directory is."""
    return pure(path).is_absolute()


def output_key(path: str) -> str:
    """What two paths to one file have in common, as far as text can tell; Windows paths are case-blind."""
    parsed = pure(path)
    parts: list[str] = []
    for part in parsed.parts:
        if part == ".." and len(parts) > 1:
            parts.pop()
        elif part != ".":
            parts.append(part)
    key = "/".join(parts).replace("\\", "/").replace("//", "/")
    return key.lower() if isinstance(parsed, PureWindowsPath) else key


def numbered(path: str, number: int) -> str:
    """The path with `-number` before its extension: `a.mp4` becomes `a-2.mp4`; the longest names lose their end."""
    parsed = pure(path)
    stem, ending = parsed.stem, f"-{number}{parsed.suffix}"
    while len(stem) > 1 and len((stem + ending).encode("utf-8", "surrogatepass")) > _LONGEST_NAME:
        stem = stem[:-1]
    return str(parsed.with_name(stem + ending))
