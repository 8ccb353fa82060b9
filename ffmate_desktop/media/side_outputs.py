"""Find files that a command writes in addition to its outputs: logs, statistics and scripts.

Options, filters and encoders write them. Under a sandbox, ffmpeg may only write its outputs, so these files need to
be planned, too. The lists below make the common ones work. They don't protect anything: the sandbox denies all
others.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ffmate_desktop.media.arguments import Invocation, Option

# The value is the path.
_PLAIN = frozenset({
    "dump_attachment", "print_graphs_file", "sdp_file", "stats_enc_post", "stats_enc_pre", "stats_mux_pre",
    "vstats_file",
})  # fmt: skip
# The path is the value of one of these keys.
_FILTERS = {
    "ametadata": "file", "curves": "plot", "deshake": "filename", "firequalizer": "dumpfile",
    "libplacebo": "shader_cache", "libvmaf": "log_path", "loudnorm": "stats_file", "metadata": "file",
    "paletteuse": "debug_kdtree", "psnr": "stats_file|f", "signature": "filename", "ssim": "stats_file|f",
    "ssim360": "stats_file|f", "vidstabdetect": "result", "whisper": "destination", "xpsnr": "stats_file|f",
}  # fmt: skip
_ENCODERS = {
    "kvazaar-params": "debug|stats-file-prefix", "svtav1-params": "stat-file|stats", "vvenc-params": "rcstatsfile",
    "x264-params": "stats", "x264opts": "stats", "x265-params": "analysis-save|csv|recon|stats",
}  # fmt: skip
_FILTER_OPTIONS = frozenset({"af", "filter", "filter_complex", "lavfi", "vf"})
_PATH_FIRST = frozenset({"psnr", "ssim", "ssim360", "vidstabdetect", "xpsnr"})
_FILTER_NAME = re.compile(r"(?:^|[,;\]\s])\s*(?P<name>\w+)(?:@\w+)?=")
_PASS = re.compile(r"(?:^|:)pass=(\d)")
_BEFORE = re.compile(r"'|file\\*:")
_ROOT = re.compile(r"\\*/|[A-Za-z]\\*:\\*[\\/]")
_DRIVE = re.compile(r"[A-Za-z]\\*:")
_SYSTEM = ("/dev/", "/proc/")


@dataclass(frozen=True, slots=True)
class SideOutput:
    """The path `text[start:end]` in the argument `index`. Its last part starts at `name`."""

    index: int
    start: int
    name: int
    end: int
    path: Path


def side_outputs(invocation: Invocation, tokens: Sequence[str]) -> Iterator[SideOutput]:
    """Find the absolute paths that this step writes in addition to its outputs, as far as its text shows them."""
    files = (*invocation.inputs, *invocation.outputs)
    for options in (invocation.global_options, invocation.ignored, *(file.options for file in files)):
        passes = [option.value for option in options if option.base == "pass"]
        for option in options:
            if option.value is not None:
                yield from _of_option(option, tokens, writes_pass="1" in passes)
    for read in invocation.inputs:
        if read.option("f") == "lavfi":
            yield from _of_filters(read.index, tokens[read.index])


def _of_option(option: Option, tokens: Sequence[str], *, writes_pass: bool) -> Iterator[SideOutput]:
    index, text = option.index + 1, tokens[option.index + 1]
    if option.base in _PLAIN or (option.base == "passlogfile" and writes_pass):
        start = len("file:") if text.startswith("file:") else 0
        path = Path(text[start:])
        if path.is_absolute() and not text.startswith(_SYSTEM, start):
            yield SideOutput(index, start, len(text) - len(path.name), len(text), path)
    elif option.base in _FILTER_OPTIONS and not option.name.startswith("/"):
        yield from _of_filters(index, text)
    elif option.base in _ENCODERS and not ((read := _PASS.search(text)) and read[1] == "2"):
        yield from _of_keys(index, text, _ENCODERS[option.base], 0, len(text))


def _of_filters(index: int, graph: str) -> Iterator[SideOutput]:
    names = [*_FILTER_NAME.finditer(graph)]
    ends = [name.start() for name in names[1:]]
    for name, end in zip(names, [*ends, len(graph)], strict=False):
        if keys := _FILTERS.get(name["name"]):
            if name["name"] in _PATH_FIRST and (first := _scan(index, graph, name.end())) is not None:
                yield first
            yield from _of_keys(index, graph, keys, name.end(), end)


def _of_keys(index: int, text: str, keys: str, begin: int, end: int) -> Iterator[SideOutput]:
    for key in re.compile(rf"(?:(?<=[:='\s])|^)(?:{keys})=").finditer(text, begin, end):
        found = _scan(index, text, key.end())
        if found is not None and not str(found.path).startswith(_SYSTEM):
            yield found


def _scan(index: int, text: str, position: int) -> SideOutput | None:
    """Return the path that starts here, inside or outside quotes. ffmpeg may undo several levels of quoting."""
    quoted = len(re.findall(r"(?<!\\)'", text[:position])) % 2 == 1
    while (before := _BEFORE.match(text, position)) is not None:
        quoted ^= before[0] == "'"
        position = before.end()
    if _ROOT.match(text, position) is None:
        return None
    start = name = position
    drive = _DRIVE.match(text, position)
    unquoted = list(text[position : drive.end()].replace("\\", "")) if drive else []
    position = drive.end() if drive else position
    while position < len(text):
        character = text[position]
        if character == "'":
            quoted = not quoted
        elif character == "\\" and not quoted and position + 1 < len(text):
            while text.startswith("\\", position) and position + 1 < len(text):
                position += 1
            unquoted.append(text[position])
            if text[position] == "/":
                name = position + 1
        elif not quoted and character in ":,;[]":
            break
        else:
            unquoted.append(character)
            if character in "/\\":
                name = position + 1
        position += 1
    end = position - 1 if text[position - 1] == "'" else position
    return SideOutput(index, start, min(name, end), end, Path("".join(unquoted).strip()))
