"""What the probe found in a media file, in a few words."""

from typing import Any

from PySide6.QtCore import QCoreApplication

from ffmate_desktop.gui.widgets import numbers


def media_words(facts: object) -> str:
    """`1920×1080 · h264 · 25 fps · aac 2 ch · 0:42 · 12.3 MiB`, or nothing if that is not known."""
    if not isinstance(facts, dict):
        return ""
    parts: list[str] = []
    streams = [stream for stream in facts.get("streams") or () if isinstance(stream, dict)]
    for stream in streams:
        if stream.get("kind") == "video" and not stream.get("is_attached_picture"):
            parts += _video(stream)
            break
    for stream in streams:
        if stream.get("kind") == "audio":
            parts.append(_audio(stream))
            break
    if isinstance(facts.get("duration"), int | float):
        parts.append(numbers.clock(facts["duration"]))
    if isinstance(facts.get("size"), int):
        parts.append(numbers.size(facts["size"]))
    return "  ·  ".join(part for part in parts if part)


def _video(stream: dict[str, Any]) -> list[str]:
    size = f"{stream.get('width')}×{stream.get('height')}" if stream.get("width") else ""
    rate = stream.get("frame_rate")
    words = QCoreApplication.translate("media", "{0} fps").format(f"{rate:g}"[:6]) if rate else ""
    return [size, str(stream.get("codec") or ""), words]


def _audio(stream: dict[str, Any]) -> str:
    channels = stream.get("channels")
    words = QCoreApplication.translate("media", "{0} ch").format(channels) if channels else ""
    return f"{stream.get('codec') or ''} {words}".strip()
