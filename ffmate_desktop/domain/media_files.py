"""Which files in a folder are media, judged by extension: formats that ffmpeg reads and people encode."""

from pathlib import PurePath

_ENDINGS = """
    3g2 3gp aac ac3 aif aiff amr ape apng asf au avi avif bmp braw caf cine divx dpx dts dv eac3 exr f4v
    flac flv gif gxf h264 h265 heic hevc ivf jp2 jpeg jpg jxl lxf m1v m2t m2ts m2v m4a m4b m4v mj2 mjpeg
    mka mkv mod mov mp2 mp3 mp4 mpeg mpg mpv mts mxf nut oga ogg ogm ogv opus png qt r3d rm rmvb tak tga
    thd tif tiff tod ts tta vob w64 wav webm webp wma wmv wtv wv y4m yuv
"""
ENDINGS = frozenset(_ENDINGS.split())


def is_media(name: str) -> bool:
    """Whether a file with this name should be queued. Hidden files, such as our unfinished outputs, should not."""
    path = PurePath(name)
    return not path.name.startswith(".") and path.suffix.lower().removeprefix(".") in ENDINGS
