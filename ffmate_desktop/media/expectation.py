"""How long an output should be, based on its inputs and on what the command does to time."""

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ffmate_desktop.media.arguments import (
    InputArgument,
    Invocation,
    Option,
    OutputArgument,
    parse_ffmpeg_duration,
)
from ffmate_desktop.media.inputs import local_path
from ffmate_desktop.media.probe import MediaFacts, StreamFacts

# Containers that store their duration. For others it is estimated from bit rates, or timestamps that may jump.
EXACT_CONTAINERS = frozenset({
    "aiff", "asf", "au", "avi", "flac", "flv", "gif", "matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2", "mxf", "nut", "ogg",
    "tta", "wav", "wv",
})  # fmt: skip
# Filters that don't change the timing. Any other filter may cut, stretch, repeat or join.
_TIMELESS_FILTERS = frozenset({
    "acompressor", "afade", "afftdn", "aformat", "alimiter", "anull", "aresample", "ass", "boxblur",
    "bwdif", "bwdif_cuda", "colorbalance", "colorchannelmixer", "colorspace", "compand", "copy", "crop",
    "cropdetect", "curves", "deband", "deblock", "deflicker", "delogo", "drawbox", "drawtext", "dynaudnorm",
    "eq", "equalizer", "fade", "format", "fps", "gblur", "hflip", "highpass", "hqdn3d", "hue", "hwdownload",
    "hwmap", "hwupload", "hwupload_cuda", "idet", "libplacebo", "loudnorm", "lowpass", "lut", "lut3d",
    "negate", "nlmeans", "noise", "null", "pad", "pan", "pp", "pullup", "rotate", "scale", "scale_cuda",
    "scale_npp", "scale_qsv", "scale_vaapi", "scale_vt", "scale_vulkan", "setdar", "setfield", "setparams",
    "setrange", "setsar", "showinfo", "subtitles", "tonemap", "tonemap_vaapi", "transpose",
    "transpose_cuda", "transpose_vaapi", "unsharp", "vflip", "vidstabtransform", "vignette", "volume",
    "volumedetect", "vpp_qsv", "w3fdif", "yadif", "yadif_cuda", "zscale",
})  # fmt: skip
_FILTER_NAME = re.compile(r"(?:^|[,;\]])\s*([A-Za-z]\w*)(?=\s*(?:[@=,;\[]|$))")
_LAVFI_DURATION = re.compile(r"[:=](?:d|duration)=([^:,;\[]+)")
_RETIMING_INPUT_OPTIONS = (
    "ss", "sseof", "t", "to", "stream_loop", "loop", "itsoffset", "itsscale", "r", "framerate", "skip_frame",
)  # fmt: skip
_CUTTING_OUTPUT_OPTIONS = ("ss", "t", "to", "frames", "fs", "shortest", "output_ts_offset", "program")
# Options and filter settings that may end an output before its inputs end.
_ENDING_OPTIONS = ("t", "to", "frames", "fs", "shortest")
_ENDING_FILTERS = re.compile(r"trim|shortest|endall|duration=")
_MAP = re.compile(r"(?P<input>\d+)(?::(?P<kind>[vVas])(?::(?P<number>\d+))?|:(?P<index>\d+))?\??")
_KINDS = {"v": "video", "V": "video", "a": "audio", "s": "subtitle"}
_TIMED = frozenset({"video", "audio"})


@dataclass(frozen=True)
class Expectation:
    """The duration in seconds and the number of video frames that an output will have, None if unknown.

    `exact`: a shorter output is incomplete, because the command neither cuts nor changes the timing, and the
    durations in the headers of the inputs are reliable.
    """

    seconds: float | None = None
    frames: int | None = None
    exact: bool = False


def inputs_to_probe(invocations: Sequence[Invocation]) -> dict[str, Path]:
    """Return the files to examine before the run, by their name in the command."""
    paths = {}
    for invocation in invocations:
        for read in invocation.inputs:
            path = local_path(read.url)
            if path is not None and path.is_absolute() and read.option("f") not in ("lavfi", "concat"):
                paths[read.url] = path
    return paths


def expect(invocation: Invocation, facts: Mapping[str, MediaFacts]) -> Expectation:
    """Return what to expect of a whole run of ffmpeg, which is as long as its longest output."""
    outputs = [expect_output(invocation, output, facts) for output in invocation.outputs]
    if any(output.seconds is None for output in outputs):
        return next((output for output in outputs if output.frames is not None), Expectation())
    return max(outputs, key=lambda output: output.seconds or 0.0, default=Expectation())


def expect_output(
    invocation: Invocation,
    output: OutputArgument,
    facts: Mapping[str, MediaFacts],
    kinds: frozenset[str] = _TIMED,
) -> Expectation:
    """Return what to expect of one output of `invocation`.

    `facts` describe the inputs, by their name in the command. `kinds` are the kinds of streams in the output, if
    known: sound extracted from a film is as long as the film's sound.
    """
    graph = invocation.option("filter_complex")
    if graph is None:
        parts = _mapped(invocation, output, facts, kinds)
    else:
        parts = [_whole_seconds(read, facts.get(read.url)) for read in invocation.inputs]
    joined = graph is not None and "concat" in graph
    length = _between(_combined(parts, joined=joined, shortest=output.has("shortest")), output)
    frames = _frames(output)
    rate = _frame_rate(invocation, output, facts)
    if frames is not None and rate:
        length = _least(length, frames / rate)
    if length is not None and math.isinf(length):
        length = None
    exact = length is not None and graph is None and _keeps_time(invocation, output, facts)
    return Expectation(length, frames, exact)


def reads_to_end(invocation: Invocation, read: InputArgument) -> bool:
    """Return whether ffmpeg certainly reads an input to its end, so missing data would be missing in an output."""
    if any(read.has(name) for name in _ENDING_OPTIONS):
        return False
    graphs = [option for option in invocation.global_options if option.is_called("filter_complex")]
    if any(_ends_early(option) for option in (*graphs, *_scripts(invocation.global_options))):
        return False
    index = str(invocation.inputs.index(read))
    for output in invocation.outputs:
        maps = [option.value or "" for option in output.options if option.is_called("map")]
        is_used = bool(graphs) or not maps or any(re.split(r"\D", text)[0] == index for text in maps)
        filters = [option for option in output.options if option.is_called("filter")]
        is_cut = any(output.has(name) for name in _ENDING_OPTIONS) or any(map(_ends_early, filters))
        if is_used and not is_cut and not _scripts(output.options):
            return True
    return False


def _ends_early(option: Option) -> bool:
    return _ENDING_FILTERS.search(option.value or "?") is not None


def _scripts(options: Sequence[Option]) -> list[Option]:
    """Return options that read filters from a file, whose content is unknown here."""
    return [option for option in options if "script" in option.name or option.name.startswith("/")]


def measured(facts: MediaFacts) -> MediaFacts:
    """Return `facts` with the durations of the counted packets instead of those in the headers."""
    streams = tuple(
        dataclasses.replace(stream, duration=stream.packet_seconds or 0.0, frames=None)
        if stream.is_timed
        else stream
        for stream in facts.streams
    )
    return dataclasses.replace(facts, duration=facts.packet_seconds, streams=streams)


def _keeps_time(invocation: Invocation, output: OutputArgument, facts: Mapping[str, MediaFacts]) -> bool:
    """Return whether an output must be as long as the headers of its inputs say."""
    for read in invocation.inputs:
        input_facts = facts.get(read.url)
        if input_facts is None or not (input_facts.is_image or _has_reliable_duration(input_facts)):
            return False
        if any(read.has(name) for name in _RETIMING_INPUT_OPTIONS):
            return False
    if invocation.has("copyts") or any(output.has(name) for name in _CUTTING_OUTPUT_OPTIONS):
        return False
    values = [option.value or "?" for option in output.options if option.is_called("filter")]
    names = [name for value in values for name in _FILTER_NAME.findall(value) or ["?"]]
    scripted = any(option.name.startswith(("filter_script", "/")) for option in output.options)
    shifted = any(option.is_called("bsf") and "setts" in (option.value or "") for option in output.options)
    return not scripted and not shifted and _TIMELESS_FILTERS.issuperset(names)


def _has_reliable_duration(facts: MediaFacts) -> bool:
    """Return whether the header has it. AVI and MP3 only do if their writer could go back to fill it in."""
    if facts.container in ("avi", "mp3"):
        return facts.promised_size is not None
    return facts.container in EXACT_CONTAINERS


def _mapped(
    invocation: Invocation, output: OutputArgument, facts: Mapping[str, MediaFacts], kinds: frozenset[str]
) -> list[float | None]:
    """Return the lengths of the streams that go into an output, None for unknown ones."""
    maps = [option.value or "" for option in output.options if option.is_called("map")]
    lengths: list[float | None] = []
    if not maps:
        off = {kind for kind, option in (("video", "vn"), ("audio", "an")) if output.has(option)}
        for read in invocation.inputs:
            lengths += _automatic(read, facts.get(read.url), kinds - off)
        return lengths
    for text in maps:
        match = _MAP.fullmatch(text)
        if match is None:  # selects by language or the like, or excludes streams
            lengths += [] if text.startswith("-") else [None]
        elif int(match["input"]) < len(invocation.inputs):
            read = invocation.inputs[int(match["input"])]
            lengths += _selected(read, facts.get(read.url), match, kinds)
    return lengths


def _automatic(read: InputArgument, facts: MediaFacts | None, kinds: frozenset[str]) -> list[float | None]:
    """ffmpeg selects the best stream of each kind. Which one is unknown here, so use the shortest of each kind."""
    if facts is None or facts.is_image or not facts.streams:
        return [_whole_seconds(read, facts)]
    timed = [stream for stream in facts.streams if stream.is_timed]
    groups = [[stream for stream in timed if stream.kind == kind] for kind in sorted(kinds)]
    return [_least(*(_stream_seconds(read, facts, stream) for stream in group)) for group in groups if group]


def _selected(
    read: InputArgument, facts: MediaFacts | None, match: re.Match[str], kinds: frozenset[str]
) -> list[float | None]:
    if facts is None or facts.is_image or not facts.streams:
        return [_whole_seconds(read, facts)]
    streams: Sequence[StreamFacts] = facts.streams
    number = match["index"]
    if match["kind"] is not None:
        streams = [stream for stream in streams if stream.kind == _KINDS[match["kind"]]]
        number = match["number"]
    if number is not None:
        streams = streams[int(number) : int(number) + 1]
    return [
        _stream_seconds(read, facts, stream) for stream in streams if stream.is_timed and stream.kind in kinds
    ]


def _stream_seconds(read: InputArgument, facts: MediaFacts, stream: StreamFacts) -> float | None:
    length = stream.duration if stream.duration is not None else facts.duration
    counted = facts.counted_seconds(stream)
    return _read_seconds(read, length if counted is None else max(length or 0.0, counted))


def _whole_seconds(read: InputArgument, facts: MediaFacts | None) -> float | None:
    """Return the length of what is read of an input: inf if it never ends, None if unknown."""
    if read.option("f") == "lavfi":
        lengths = [parse_ffmpeg_duration(text.strip("'\\ ")) for text in _LAVFI_DURATION.findall(read.url)]
        return _read_seconds(
            read, max((length for length in lengths if length is not None), default=math.inf)
        )
    if facts is None:
        return _read_seconds(read, None)
    if facts.is_image:
        return _read_seconds(read, math.inf if read.option("loop") == "1" else 0.0)
    return _read_seconds(read, facts.duration)


def _read_seconds(read: InputArgument, length: float | None) -> float | None:
    """Return the part of `length` that is read with the options of an input."""
    loops = read.option("stream_loop")
    if loops is not None and length is not None:
        length = math.inf if loops.startswith("-") else length * (int(loops) + 1 if loops.isdecimal() else 1)
    from_end = parse_ffmpeg_duration(read.option("sseof") or "")
    return _between(_least(length, None if from_end is None else -from_end), read)


def _between(length: float | None, file: InputArgument | OutputArgument) -> float | None:
    """Return the part of `length` that -ss, -t and -to select."""
    start = parse_ffmpeg_duration(file.option("ss") or "") or 0.0
    end = parse_ffmpeg_duration(file.option("to") or "")
    left = None if length is None else max(length - start, 0.0)
    return _least(
        left, parse_ffmpeg_duration(file.option("t") or ""), None if end is None else max(end - start, 0.0)
    )


def _combined(parts: Sequence[float | None], *, joined: bool, shortest: bool) -> float | None:
    known = [part for part in parts if part is not None]
    if shortest:
        return min((part for part in known if part), default=None)
    if not known or len(known) < len(parts):
        return None
    return sum(known) if joined else max(known)


def _frames(output: OutputArgument) -> int | None:
    value = output.option("frames:v")
    return int(value) if value is not None and value.isdecimal() else None


def _frame_rate(
    invocation: Invocation, output: OutputArgument, facts: Mapping[str, MediaFacts]
) -> float | None:
    rate = output.option("r")
    if rate is not None:
        try:
            return float(rate)
        except ValueError:  # a fraction or a name such as `ntsc`
            return None
    inputs = [facts[read.url] for read in invocation.inputs if read.url in facts]
    videos = [input_facts.video for input_facts in inputs]
    return next((video.frame_rate for video in videos if video is not None and video.frame_rate), None)


def _least(*lengths: float | None) -> float | None:
    return min((length for length in lengths if length is not None), default=None)
