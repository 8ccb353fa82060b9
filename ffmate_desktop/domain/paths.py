"""Paths of any operating system as text: absolute or not, the key that finds two equal outputs, and free names."""

import re
from pathlib import PurePath, PurePosixPath, PureWindowsPath

from ffmate_desktop.domain.media_files import ENDINGS

_LONGEST_NAME = 255  # bytes; the limit of every file system in common use
_NAME = re.compile(r"(?P<stem>.*?)(?P<suffix>(?:\.tar)?\.[^.]+|\.+)", re.DOTALL)
_WINDOWS = re.compile(r"^([A-Za-z]:[\\/]|\\\\)")


def pure_path(path: str) -> PurePath:
    """The path by the rules of the system it was written on; a drive or `\\\\server` tells Windows."""
    return PureWindowsPath(path) if _WINDOWS.match(path) else PurePosixPath(path)


def is_absolute(path: str) -> bool:
    """True when the path names the same file whatever the working directory is."""
    return pure_path(path).is_absolute()


def output_key(path: str) -> str:
    """What two paths to one file have in common, as far as text can tell; Windows paths are case-blind."""
    parsed = pure_path(path)
    parts: list[str] = []
    for part in parsed.parts:
        if part == ".." and len(parts) > 1:
            parts.pop()
        elif part != ".":
            parts.append(part)
    key = "/".join(parts).replace("\\", "/").replace("//", "/")
    return key.lower() if isinstance(parsed, PureWindowsPath) else key


def numbered_path(path: str, number: int) -> str:
    """The path with a number before its extension: `a.mp4` becomes `a-2.mp4`; the longest names lose their end.

    A name that is only an extension of media keeps it too, and stays hidden: `.mp4` becomes `.2.mp4`.
    """
    parsed = pure_path(path)
    name = _NAME.fullmatch(parsed.name)
    stem, suffix = (name["stem"], name["suffix"]) if name else (parsed.name, "")
    if not stem and (suffix.startswith(".tar.") or suffix[1:].lower() in ENDINGS):
        return str(parsed.with_name(f".{number}{suffix}"))
    stem, suffix = (stem, suffix) if stem else (suffix, "")
    ending = f"-{number}{suffix}"
    while len(stem) > 1 and len((stem + ending).encode("utf-8", "surrogatepass")) > _LONGEST_NAME:
        stem = stem[:-1]
    return str(parsed.with_name(stem + ending))
