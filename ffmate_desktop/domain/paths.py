"""Paths of any operating system as text: absolute or not, a key to compare outputs by, and numbered names."""

import re
from pathlib import PurePath, PurePosixPath, PureWindowsPath

from ffmate_desktop.domain.media_files import ENDINGS

_MAX_NAME_BYTES = 255  # bytes, on all common file systems
_NAME = re.compile(r"(?P<stem>.*?)(?P<suffix>(?:\.tar)?\.[^.]+|\.+)", re.DOTALL)
_WINDOWS = re.compile(r"^([A-Za-z]:[\\/]|\\\\)")


def pure_path(path: str) -> PurePath:
    """The path under the rules of the system it comes from; a drive or `\\\\server` means Windows."""
    return PureWindowsPath(path) if _WINDOWS.match(path) else PurePosixPath(path)


def is_absolute(path: str) -> bool:
    """Whether the path names the same file in every working directory."""
    return pure_path(path).is_absolute()


def output_key(path: str) -> str:
    """A key that is equal for paths to the same file, as far as text can tell. Windows paths ignore case."""
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
    """The path with a number before its extension: `a.mp4` becomes `a-2.mp4`. Names that get too long are cut.

    A name that is only a media extension keeps it and stays hidden: `.mp4` becomes `.2.mp4`.
    """
    parsed = pure_path(path)
    name = _NAME.fullmatch(parsed.name)
    stem, suffix = (name["stem"], name["suffix"]) if name else (parsed.name, "")
    if not stem and (suffix.startswith(".tar.") or suffix[1:].lower() in ENDINGS):
        return str(parsed.with_name(f".{number}{suffix}"))
    stem, suffix = (stem, suffix) if stem else (suffix, "")
    ending = f"-{number}{suffix}"
    while len(stem) > 1 and len((stem + ending).encode("utf-8", "surrogatepass")) > _MAX_NAME_BYTES:
        stem = stem[:-1]
    return str(parsed.with_name(stem + ending))
