"""Find the local files that ffmpeg reads for an input of a command, so that none of them is ever replaced."""

import fnmatch
import os
import re
from collections.abc import Iterator
from pathlib import Path

from ffmate_desktop.media.arguments import InputArgument

# ffmpeg's rule for a protocol. One letter and a colon is a Windows drive.
_PROTOCOL = re.compile(r"[A-Za-z][A-Za-z0-9+.,-]+:")
# Protocols that wrap a file name: `cache:/film.mov`, `subfile,,start,0,end,9,,:/film.mov`.
_WRAPPER = re.compile(r"(?:async|cache|crypto):|subfile,.*?,:")
_LIST_SUFFIXES = frozenset({".ffconcat", ".m3u8", ".m3u"})
_LONGEST_LIST = 4 << 20  # bytes
_ENTRY = re.compile(r"\s*file\s+(.+?)\s*$")
_NUMBER = re.compile(r"(%%|%\d*d)")
_QUOTING = re.compile(r"'([^']*)'?|\\(.)|([^'\\]+)")


def local_path(url: str) -> Path | None:
    """Return the file that `url` names. None for an address, a protocol, and standard input or output."""
    if url.startswith("file:"):
        return Path(url.removeprefix("file:"))
    if url in ("", "-") or _PROTOCOL.match(url):
        return None
    return Path(url)


def files_read(read: InputArgument) -> Iterator[Path]:
    """Find the files that an input opens, including those in a list, as far as possible without ffmpeg.

    A numbered series or a glob is one path, its pattern. Reads lists from the disk.
    """
    if read.option("f") == "lavfi":
        return
    url = read.url
    while wrapper := _WRAPPER.match(url):
        url = url[wrapper.end() :]
    parts = url.removeprefix("concat:").split("|") if url.startswith("concat:") else [url]
    for path in map(local_path, parts):
        if path is not None:
            yield path
            if read.option("f") in ("concat", "hls") or path.suffix.lower() in _LIST_SUFFIXES:
                yield from _listed(path)


def _listed(path: Path) -> Iterator[Path]:
    """Find the entries of a concat list (`file 'name'`, with ffmpeg's quoting) or of a playlist."""
    try:
        if not path.is_file() or path.stat().st_size > _LONGEST_LIST:
            return
        lines = os.fsdecode(path.read_bytes()).splitlines()
    except OSError:  # ffmpeg reports it
        return
    is_playlist = any(line.startswith("#EXTM3U") for line in lines[:1])
    for line in lines:
        entry = _ENTRY.match(line)
        if is_playlist and line.strip() and not line.startswith("#"):
            entry_path = local_path(line.strip())
        elif entry is not None:
            entry_path = local_path(_QUOTING.sub(lambda part: part[1] or part[2] or part[3] or "", entry[1]))
        else:
            continue
        if entry_path is not None:
            yield path.parent / entry_path


def series_pattern(read: InputArgument, path: Path) -> str:
    """Return a regular expression for the names of a series, with a group for the number. Empty for a single file."""
    if (read.option("pattern_type") or "").startswith("glob"):
        return fnmatch.translate(path.name)
    parts = _NUMBER.split(path.name)
    if sum(part not in ("", "%%") for part in parts[1::2]) != 1:
        return ""
    patterns = [re.escape(part) for part in parts]
    patterns[1::2] = ["%" if part == "%%" else r"(\d+)" for part in parts[1::2]]
    return "".join(patterns) + r"\Z"


def reads_file(read: Path, target: Path) -> bool:
    """Return whether `read`, a file or a series pattern, includes the existing file `target`, under any name."""
    if is_same_file(read, target):
        return True
    if os.path.lexists(read) or not is_same_file(read.parent, target.parent) or not target.exists():
        return False
    pattern = re.sub(r"%\d*d", r"\\d+", fnmatch.translate(read.name)).replace("%%", "%")
    return re.match(pattern, target.name) is not None


def is_same_file(first: Path, second: Path) -> bool:
    """Return whether both exist and are the same file, even through links or with another spelling."""
    try:
        return first.samefile(second)
    except (OSError, ValueError):  # one of them doesn't exist, can't be reached, or isn't a valid name
        return False
