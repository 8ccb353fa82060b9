"""A one-line summary of a probed media file."""

from typing import Any

from PySide6.QtCore import QCoreApplication

from ffmate_desktop.domain.stored_values import as_integer, as_list, as_number, as_object, as_text
from ffmate_desktop.gui.widgets import formatting


def media_summary(facts: object) -> str:
    """`1920×1080 · h264 · 25 fps · aac 2 ch · 0:42 · 12.3 MiB`, without the parts that are unknown."""
    probe = as_object(facts)
    parts: list[str] = []
    streams = [as_object(stream) for stream in as_list(probe.get("streams"))]
    for stream in streams:
        if stream.get("kind") == "video" and not stream.get("is_attached_picture"):
            parts += _video(stream)
            break
    for stream in streams:
        if stream.get("kind") == "audio":
            parts.append(_audio(stream))
            break
    if (duration := as_number(probe.get("duration"))) is not None:
        parts.append(formatting.clock(duration))
    if (size := as_integer(probe.get("size"))) is not None:
        parts.append(formatting.size(size))
    return "  ·  ".join(part for part in parts if part)


def _video(stream: dict[str, Any]) -> list[str]:
    width, height = as_integer(stream.get("width")), as_integer(stream.get("height"))
    size = f"{width}×{height}" if width and height else ""
    rate = as_number(stream.get("frame_rate"))
    text = (
        QCoreApplication.translate("media", "{0} fps").format(formatting.decimal(f"{rate:g}"[:6]))
        if rate
        else ""
    )
    return [size, as_text(stream.get("codec")) or "", text]


def _audio(stream: dict[str, Any]) -> str:
    channels = as_integer(stream.get("channels"))
    text = QCoreApplication.translate("media", "{0} ch").format(channels) if channels else ""
    return f"{as_text(stream.get('codec')) or ''} {text}".strip()
