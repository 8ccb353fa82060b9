"""Tiny clips of all kinds (half a second each). Each is created when a test first needs it."""

import os
from pathlib import Path

from tests.media.clips import ffmpeg

SECONDS = 0.48
_X264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"
_AAC = "-c:a aac"
# Every third frame is 7 ms late, so there is no constant frame rate. Phones record like this.
_VARIABLE = "-vf settb=1/1000,setpts='PTS+7*eq(mod(N,3),2)' -fps_mode passthrough -enc_time_base 1:1000"
_SURROUND = "pan=5.1(side)|FL=c0|FR=c0|FC=c0|LFE=c0|SL=c0|SR=c0"
_AWKWARD = "it's 100%d & ünï 日本.mp4" if os.name == "nt" else 'it\'s 100%d & "ünï" 日本.mp4'


def _picture(size: str, rate: str = "25", seconds: float = SECONDS) -> str:
    return f"-f lavfi -i testsrc2=s={size}:r={rate}:d={seconds}"


def _sound(
    layout: str = "aformat=channel_layouts=stereo", rate: int = 48000, seconds: float = SECONDS
) -> str:
    return f"-f lavfi -i sine=r={rate}:d={seconds},{layout}"


_RECIPES = {  # name: file name, arguments of ffmpeg separated by spaces
    "film": (
        "film.mov",
        f"{_picture('160x90')} {_sound()} {_X264} {_AAC}"
        " -metadata title=Holiday -metadata location=+52.5+013.4/ -timecode 01:00:00:00",
    ),
    "silent": (_AWKWARD, f"{_picture('160x90')} {_X264}"),
    "wide": ("wide.mov", f"{_picture('320x180')} {_sound()} {_X264} {_AAC}"),
    "wide-silent": ("wide silent.mov", f"{_picture('320x180')} {_X264}"),
    "odd": (
        "odd.mkv",
        f"{_picture('322x182', '30000/1001')} {_sound('anull')}"
        " -vf scale=161:91 -pix_fmt yuv420p -c:v ffv1 -c:a pcm_s16le",
    ),
    "variable": ("variable.mp4", f"{_picture('160x90')} {_sound()} {_VARIABLE} {_X264} {_AAC}"),
    "interlaced": (
        "interlaced.mpg",
        f"{_picture('176x144', '50')} {_sound('anull')}"
        " -vf tinterlace=interleave_top,setfield=tff,setsar=64/45 -c:v mpeg2video -flags +ildct+ilme -c:a mp2",
    ),
    "surround": ("surround.mkv", f"{_picture('160x90')} {_sound(_SURROUND)} {_X264} -c:a ac3"),
    "landscape-4k": ("landscape 4k.mp4", f"{_picture('3840x2160', seconds=0.08)} {_X264}"),
    "portrait-4k": ("portrait 4k.mp4", f"{_picture('2160x3840', seconds=0.08)} {_X264}"),
    "hdr": (
        "hdr.mov",
        f"{_picture('160x90')} -vf setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc"
        " -c:v libx264 -preset ultrafast -pix_fmt yuv420p10le",
    ),
    "full-range": ("full range.mp4", f"{_picture('160x90')} -c:v libx264 -pix_fmt yuvj420p -color_range pc"),
    "voice": ("voice.wav", _sound("anull", rate=8000)),
    "quiet": ("quiet.wav", _sound("volume=-25dB,aformat=channel_layouts=stereo", seconds=4)),
    "song": (
        "song.mp3",
        f"{_sound()} {_picture('64x64', seconds=0.04)} -c:a libmp3lame -c:v png"
        " -disposition:v attached_pic -metadata title=Holiday",
    ),
}


class ClipLibrary:
    """Keeps the clips in one folder, which comes from a session-scoped fixture."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, name: str) -> Path:
        """Return the path of a clip. `phone` is `variable` with a rotation in its header."""
        if name == "phone":
            path = self._folder / "phone.mp4"
            if not path.exists():
                ffmpeg("-display_rotation", "90", "-i", self["variable"], "-c", "copy", path)
            return path
        file, recipe = _RECIPES[name]
        path = self._folder / file
        if not path.exists():
            ffmpeg(*recipe.split(" "), path)
        return path
