"""Read the content of an output with PyAV."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import av.audio.codeccontext
import av.audio.stream
import av.video.codeccontext
import av.video.stream


@dataclass(frozen=True)
class Media:
    """The content of a file: length in seconds, and the time in seconds of each frame."""

    container: str
    seconds: float
    metadata: dict[str, str]
    video: av.video.stream.VideoStream | None
    audio: av.audio.stream.AudioStream | None
    times: list[Fraction]

    @property
    def picture(self) -> av.video.codeccontext.VideoCodecContext:
        assert self.video is not None
        return self.video.codec_context

    @property
    def sound(self) -> av.audio.codeccontext.AudioCodecContext:
        assert self.audio is not None
        return self.audio.codec_context

    @property
    def size(self) -> tuple[int, int]:
        return self.picture.width, self.picture.height

    @property
    def shape(self) -> float:
        """The display aspect ratio."""
        assert self.video is not None
        return float((self.video.sample_aspect_ratio or 1) * self.size[0] / self.size[1])

    @property
    def steps(self) -> set[int]:
        """The different intervals between frames, in milliseconds."""
        return {round((b - a) * 1000) for a, b in pairwise(self.times)}


def read(path: Path) -> Media:
    with av.open(path) as container:
        video = next(iter(container.streams.video), None)
        packets = list(container.demux(video)) if video else []
        return Media(
            container.format.name.split(",")[0],
            (container.duration or 0) / 1_000_000,
            dict(container.metadata),
            video,
            next(iter(container.streams.audio), None),
            sorted(p.pts * p.time_base for p in packets if p.pts is not None and p.time_base is not None),
        )


def pictures(path: Path) -> list[bytes]:
    """Return the luma plane of every decoded frame."""
    with av.open(path) as container:
        return [bytes(frame.planes[0]) for frame in container.decode(video=0)]
