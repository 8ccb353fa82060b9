"""Classify the paths that ffmpeg writes to: a file, a set of files whose names it generates, or neither."""

import re
import stat
from pathlib import Path

from ffmate_desktop.media.arguments import OutputArgument

_SET_MUXERS = frozenset(
    {"dash", "hds", "hls", "segment", "smoothstreaming", "ssegment", "stream_segment", "webm_chunk"}
)
_SET_SUFFIXES = frozenset({"m3u8", "mpd"})
LITERAL_SETS = frozenset({"dash", "hls", "m3u8", "mpd", "smoothstreaming"})  # a % in their path is literal
NUMBER = re.compile(r"(?<!%)(?:%%)*%\d*d")
# A number in the name makes several files of these. Source: `ff_guess_image2_codec()`, checked with ffmpeg 9.
_IMAGE_SUFFIXES = frozenset({
    "bmp", "dpx", "exr", "hdr", "im1", "im24", "im8", "j2c", "j2k", "jls", "jp2", "jpeg", "jpg", "jps", "jxl",
    "jxs", "ljpg", "mng", "mpo", "pam", "pbm", "pcx", "pfm", "pgm", "pgmyuv", "phm", "pix", "png", "pnm", "ppm",
    "qoi", "ras", "raw", "rs", "sgi", "sun", "sunras", "tga", "tif", "tiff", "vbn", "wbmp", "webp", "xbm", "xface",
    "xwd", "y",
})  # fmt: skip
NOT_FILES = frozenset({
    "alsa", "audiotoolbox", "caca", "decklink", "fbdev", "null", "opengl", "oss", "pulse", "sdl", "sdl2", "v4l2",
    "xv",
})  # fmt: skip


def mode_of(path: Path) -> int:
    """Return the mode of a path, or 0 if it doesn't exist or can't be reached."""
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def is_device(path: Path) -> bool:
    """Return whether writing there creates no file: /dev/null, a named pipe, NUL."""
    mode = mode_of(path)
    return path.name.upper() == "NUL" or not (mode == 0 or stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def is_set(output: OutputArgument, path: Path, muxer: str) -> bool:
    """Return whether ffmpeg generates the names of several files from this one."""
    suffix = path.suffix.lower().removeprefix(".")
    if muxer in _SET_MUXERS or (not muxer and suffix in _SET_SUFFIXES):
        return True
    makes_images = muxer == "image2" or (not muxer and suffix in _IMAGE_SUFFIXES)
    return makes_images and "%" in path.name and output.option("update") != "1"


def fixed_folder(path: Path) -> Path:
    """Return the innermost folder of a set that ffmpeg doesn't generate (`/out` for `/out/v%v/x.m3u8`)."""
    formats = [folder for folder in path.parents if "%" in folder.name.replace("%%", "")]
    generated = [folder for folder in formats if not stat.S_ISDIR(mode_of(folder))]
    return generated[-1].parent if generated else path.parent
