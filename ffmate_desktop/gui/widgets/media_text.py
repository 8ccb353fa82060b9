"""What the probe found in a media file, in a few words."""

from typing import Any

from PySide6.QtCore import QCoreApplication

from ffmate_desktop.domain.stored import integer_of, list_of, number_of, object_of, text_of
from ffmate_desktop.gui.widgets import formatting


def media_summary(facts: object) -> str:
    """`1920×1080 · h264 · 25 fps · aac 2 ch · 0:42 · 12.3 MiB`, or nothing if that is not known."""
    known = object_of(facts)
    parts: list[str] = []
    streams = [object_of(stream) for stream in list_of(known.get("streams"))]
    for stream in streams:
        if stream.get("kind") == "video" and not stream.get("is_attached_picture"):
            parts += _video(stream)
            break
    for stream in streams:
        if stream.get("kind") == "audio":
            parts.append(_audio(stream))
            break
    if (duration := number_of(known.get("duration"))) is not None:
        parts.append(formatting.clock(duration))
    if (size := integer_of(known.get("size"))) is not None:
        parts.append(formatting.size(size))
    return "  ·  ".join(part for part in parts if part)


def _video(stream: dict[str, Any]) -> list[str]:
    width, height = integer_of(stream.get("width")), integer_of(stream.get("height"))
    size = f"{width}×{height}" if width and height else ""
    rate = number_of(stream.get("frame_rate"))
    words = QCoreApplication.translate("media", "{0} fps").format(f"{rate:g}"[:6]) if rate else ""
    return [size, text_of(stream.get("codec")) or "", words]


def _audio(stream: dict[str, Any]) -> str:
    channels = integer_of(stream.get("channels"))
    words = QCoreApplication.translate("media", "{0} ch").format(channels) if channels else ""
    return f"{text_of(stream.get('codec')) or ''} {words}".strip()
