"""Read the size that a media file should have according to its header. Only uses the standard library.

A truncated or damaged copy is shorter than its header says, even if its timestamps look complete. A longer file is
fine: tags and padding may follow the media. The size is None if the container has no such field, or if the writer
couldn't go back to fill it in. This module runs in the probe process.
"""

import re
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

_MOST_CHUNKS = 256
_UNKNOWN_32 = 0x7FFF0000  # larger sizes are placeholders of writers that can't go back
_UNKNOWN_64 = 1 << 62
_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_MXF_HEADER = re.compile(rb"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02", re.DOTALL)
_FLV_SIZE = b"\x00\x08filesize\x00"
_FIRST_BYTES = 64 << 10


def promised_size(path: str, container: str) -> int | None:
    """Return the size in bytes that the header of a file promises. `container` is ffmpeg's name. Raises OSError."""
    read = _READERS.get(container)
    if read is None:
        return None
    with open(path, "rb") as file:  # noqa: PTH123 - faster, and the path is a str here
        try:
            promised = read(file)
        except (struct.error, IndexError, OSError, OverflowError, ValueError):  # truncated, or another format
            return None
    return promised if promised is not None and 0 < promised < _UNKNOWN_64 else None


def has_trailer(path: Path) -> bool:
    """Return whether a file ends with an ID3v1 tag or with zeros."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - 128))
            end = file.read()
    except OSError:
        return False
    return end.startswith(b"TAG") or not any(end)


def _riff(file: BinaryIO) -> int | None:
    """WAV: the end of the last chunk, which is `data` or follows it. RF64 stores its sizes in a separate chunk."""
    kind = file.read(12)[:4]
    if kind in (b"RF64", b"BW64"):
        name, _, riff = struct.unpack("<4sIQ", file.read(16))
        return riff + 8 if name == b"ds64" and riff else None
    return _chunks(file, 12, "<4sI", _UNKNOWN_32)


def _avi(file: BinaryIO) -> int | None:
    """A large file has several RIFF chunks in sequence."""
    return _chunks(file, 0, "<4sI", _UNKNOWN_32, only=b"RIFF")


def _aiff(file: BinaryIO) -> int | None:
    return _chunks(file, 12, ">4sI", _UNKNOWN_32)


def _caf(file: BinaryIO) -> int | None:
    return _chunks(file, 8, ">4sQ", _UNKNOWN_64, padded=False)


def _chunks(
    file: BinaryIO, start: int, form: str, unknown: int, *, only: bytes = b"", padded: bool = True
) -> int | None:
    """Return the end of the last chunk that starts inside the file. None if a chunk has no size."""
    position, length, promised = start, struct.calcsize(form), None
    for _ in range(_MOST_CHUNKS):
        file.seek(position)
        head = file.read(length)
        if len(head) < length:
            break
        name, size = struct.unpack(form, head)
        if (only and name != only) or not name.strip().isalnum():
            break
        if size >= unknown or (size == 0 and name in (b"RIFF", b"data", b"SSND")):
            return None
        promised = position = position + length + size
        position += position % 2 if padded else 0
    return promised


def _w64(file: BinaryIO) -> int | None:
    name, size = struct.unpack("<16sQ", file.read(24))
    return int(size) if name.startswith(b"riff") else None


def _au(file: BinaryIO) -> int | None:
    name, start, size = struct.unpack(">4sII", file.read(12))
    return None if name != b".snd" or size in (0, 0xFFFFFFFF) else int(start + size)


def _matroska(file: BinaryIO) -> int | None:
    """EBML header, then one segment. A size with all bits set is unknown."""
    head = file.read(4096)
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return None
    size, start = _ebml_size(head, 4)
    position = start + (size or 0)
    if head[position : position + 4] != b"\x18\x53\x80\x67":
        return None
    size, start = _ebml_size(head, position + 4)
    return None if size is None else start + size


def _ebml_size(data: bytes, position: int) -> tuple[int | None, int]:
    """Return a number of one to eight bytes, and the position after it."""
    width = 9 - data[position].bit_length()
    raw = int.from_bytes(data[position : position + width], "big")
    value = raw & ((1 << 7 * width) - 1)
    return (None if value == (1 << 7 * width) - 1 else value), position + width


def _asf(file: BinaryIO) -> int | None:
    head = file.read(_FIRST_BYTES)
    at = head.index(_ASF_FILE_PROPERTIES) + 24
    (size,) = struct.unpack_from("<Q", head, at + 16)
    (flags,) = struct.unpack_from("<I", head, at + 64)
    return None if flags & 1 else int(size)  # a broadcast


def _mxf(file: BinaryIO) -> int | None:
    """The header partition has the position of the footer, which a complete file must reach."""
    head = file.read(_FIRST_BYTES)
    found = _MXF_HEADER.search(head)
    if found is None:
        return None
    at = found.start() + 16
    at += 1 if head[at] < 0x80 else 1 + (head[at] & 0x7F)  # BER
    (footer,) = struct.unpack_from(">Q", head, at + 24)
    return int(found.start() + footer + 1) if footer else None


def _mp3(file: BinaryIO) -> int | None:
    """Encoders with variable bit rate put a tag into the first frame (Xing, Info, VBRI)."""
    start, head = 0, file.read(10)
    for _ in range(_MOST_CHUNKS):
        if head[:3] != b"ID3":
            break
        size = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        start += 10 + size + (10 if head[5] & 0x10 else 0)
        file.seek(start)
        head = file.read(10)
    file.seek(start)
    data = file.read(8192)
    found = re.search(rb"\xff[\xe0-\xff][^\x00]?.{1,34}?(Xing|Info|VBRI)", data, re.DOTALL)
    if found is None:
        return None
    tag = found.start(1)
    if found[1] == b"VBRI":
        (size,) = struct.unpack_from(">I", data, tag + 10)
    else:
        (flags,) = struct.unpack_from(">I", data, tag + 4)
        if not flags & 2:
            return None
        (size,) = struct.unpack_from(">I", data, tag + 8 + 4 * (flags & 1))
    return start + found.start() + int(size) if size else None


def _flv(file: BinaryIO) -> int | None:
    head = file.read(_FIRST_BYTES)
    at = head.index(_FLV_SIZE) + len(_FLV_SIZE)
    (size,) = struct.unpack_from(">d", head, at)
    return int(size)


_READERS: Mapping[str, Callable[[BinaryIO], int | None]] = {
    "aiff": _aiff, "asf": _asf, "au": _au, "avi": _avi, "caf": _caf, "flv": _flv, "matroska,webm": _matroska,
    "mp3": _mp3, "mxf": _mxf, "w64": _w64, "wav": _riff,
}  # fmt: skip
