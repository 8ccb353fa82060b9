"""Parse a list of arguments with ffmpeg's command line grammar: which options belong to which file.

Source: `split_commandline()` in ffmpeg's `fftools/cmdutils.c`. Options come before the file that they belong to. `-i`
names an input; any argument that isn't an option or the value of an option names an output.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from ffmate_desktop.domain.errors import UsageError

# All other options take a value. Options of ffmpeg 4 to 9; a test compares the list with the bundled program.
_FLAGS = frozenset({
    "accurate_seek", "an", "auto_conversion_filters", "autorotate", "autoscale", "benchmark", "benchmark_all",
    "bitexact", "copy_unknown", "copyinkf", "copyts", "debug_ts", "deinterlace", "display_hflip",
    "display_vflip", "dn", "dump", "find_stream_info", "fix_sub_duration", "fix_sub_duration_heartbeat",
    "force_fps", "hex", "hide_banner", "ignore_unknown", "intra", "n", "print_graphs", "psnr", "qphist", "re",
    "recast_media", "report", "same_quant", "sameq", "shortest", "sn", "start_at_zero", "stats", "stdin",
    "vn", "vstats", "xerror", "y",
})  # fmt: skip
_GLOBAL = frozenset({
    "abort_on", "auto_conversion_filters", "benchmark", "benchmark_all", "copy_unknown", "copytb", "copyts",
    "cpucount", "cpuflags", "debug_ts", "dts_delta_threshold", "dts_error_threshold", "dump",
    "filter_buffered_frames", "filter_complex", "filter_complex_script", "filter_complex_threads",
    "filter_hw_device", "filter_threads", "frame_drop_threshold", "hex", "hide_banner", "ignore_unknown",
    "init_hw_device", "lavfi", "loglevel", "max_alloc", "max_error_rate", "n", "print_graphs",
    "print_graphs_file", "print_graphs_format", "progress", "psnr", "qphist", "qsv_device", "recast_media",
    "report", "sdp_file", "start_at_zero", "stats", "stats_period", "stdin", "timelimit", "v", "vaapi_device",
    "vstats", "vstats_file", "vstats_version", "vsync", "xerror", "y",
})  # fmt: skip
# Other spellings of an option. `Option.is_called` accepts both.
_ALIASES = {
    "ab": "b:a", "acodec": "c:a", "af": "filter:a", "aframes": "frames:a", "apre": "pre:a", "aq": "q:a",
    "atag": "tag:a", "codec": "c", "dcodec": "c:d", "dframes": "frames:d", "lavfi": "filter_complex", "qscale": "q",
    "scodec": "c:s", "spre": "pre:s", "stag": "tag:s", "v": "loglevel", "vcodec": "c:v", "vf": "filter:v",
    "vframes": "frames:v", "vpre": "pre:v", "vtag": "tag:v",
}  # fmt: skip


@dataclass(frozen=True)
class Option:
    """One option. `name` has no dash but the stream specifier (`c:v`), `value` is None for a flag.

    `index` is the position of the name in the argument list. The value, if any, follows it.
    """

    name: str
    value: str | None
    index: int

    @property
    def base(self) -> str:
        """The name without stream specifier, the `no` of a flag, and the `/` that reads a value from a file."""
        name = self.name.partition(":")[0].removeprefix("/")
        return name[2:] if name.startswith("no") and name[2:] in _FLAGS else name

    @property
    def is_flag(self) -> bool:
        """Whether ffmpeg reads the option without a value."""
        return self.base in _FLAGS and not self.name.startswith("/")

    def is_called(self, name: str) -> bool:
        """Return whether this is the option `name`, in any spelling (`vcodec` is `c:v`).

        A name without stream specifier is for every stream, so `c` and `c:v` match each other.
        """
        own_base, _, own_stream = _canonical(self.name).partition(":")
        base, _, stream = _canonical(name).partition(":")
        return own_base == base and (own_stream == stream or not own_stream or not stream)


@dataclass(frozen=True)
class _File:
    """A file on the command line. `index` is the position of `url` in the argument list."""

    url: str
    options: tuple[Option, ...]
    index: int

    def option(self, name: str) -> str | None:
        """Return the value of the last option `name` (see `Option.is_called`). None if it is absent or a flag."""
        return _last_value(self.options, name)

    def has(self, name: str) -> bool:
        """Return whether the option `name` is present."""
        return any(option.is_called(name) for option in self.options)


@dataclass(frozen=True)
class InputArgument(_File):
    """A file, device or address that is read, with the options before its `-i`."""


@dataclass(frozen=True)
class OutputArgument(_File):
    """A file or address that is written, with the options before it."""


@dataclass(frozen=True)
class Invocation:
    """One run of ffmpeg. `ignored` options come after the last output, where they have no effect."""

    inputs: tuple[InputArgument, ...]
    outputs: tuple[OutputArgument, ...]
    global_options: tuple[Option, ...]
    ignored: tuple[Option, ...] = ()

    def option(self, name: str) -> str | None:
        """Return the value of the last global option `name`. None if it is absent or a flag."""
        return _last_value(self.global_options, name)

    def has(self, name: str) -> bool:
        """Return whether the global option `name` is present."""
        return any(option.is_called(name) for option in self.global_options)


def parse_arguments(tokens: Sequence[str]) -> Invocation:
    """Split the arguments of one ffmpeg run (without the program's name) into files and their options.

    Unknown options are assumed to have a value, as codec and format options do. Raises UsageError if the last option
    has no value.
    """
    parser = _Parser(tokens)
    parser.run()
    return Invocation(
        tuple(parser.inputs), tuple(parser.outputs), tuple(parser.global_options), tuple(parser.pending)
    )


@dataclass
class _Parser:
    tokens: Sequence[str]
    position: int = 0
    pending: list[Option] = field(default_factory=list)
    inputs: list[InputArgument] = field(default_factory=list)
    outputs: list[OutputArgument] = field(default_factory=list)
    global_options: list[Option] = field(default_factory=list)

    def run(self) -> None:
        while self.position < len(self.tokens):
            index, argument = self.position, self.tokens[self.position]
            self.position += 1
            if argument == "--":  # the next argument is a file, even with a leading dash
                if self.position < len(self.tokens):
                    self._output(self._value_of("--"), index + 1)
            elif not argument.startswith("-") or argument == "-":
                self._output(argument, index)
            else:
                self._option(argument[1:], index)

    def _option(self, name: str, index: int) -> None:
        if name == "i":
            url = self._value_of(name)
            self.inputs.append(InputArgument(url, self._take_pending(), index + 1))
            return
        option = Option(name, None, index)
        if not option.is_flag:
            option = replace(option, value=self._value_of(name))
        if name == "dec":  # a loopback decoder: its options belong to no file
            self.global_options += [*self._take_pending(), option]
        elif option.base in _GLOBAL:
            self.global_options.append(option)
        else:
            self.pending.append(option)

    def _output(self, url: str, index: int) -> None:
        self.outputs.append(OutputArgument(url, self._take_pending(), index))

    def _value_of(self, name: str) -> str:
        if self.position >= len(self.tokens):
            raise UsageError(
                f"The option -{name} at the end of the command has no value.",
                "Add the value after it, or remove the option.",
            )
        self.position += 1
        return self.tokens[self.position - 1]

    def _take_pending(self) -> tuple[Option, ...]:
        options, self.pending = tuple(self.pending), []
        return options


@lru_cache(maxsize=1024)
def _canonical(name: str) -> str:
    base, colon, specifier = name.partition(":")
    return _ALIASES.get(name, _ALIASES.get(base, base) + colon + specifier)


def _last_value(options: Sequence[Option], name: str) -> str | None:
    return next((option.value for option in reversed(options) if option.is_called(name)), None)


_HOURS_MINUTES = r"(?:(?:(?P<hours>\d{1,4}):)?(?P<minutes>[0-5]?\d):(?=[0-5]?\d(?!\d)))?"
_DURATION = re.compile(
    rf"(?P<sign>-?){_HOURS_MINUTES}(?P<seconds>\d+)(?P<fraction>\.\d*)?(?P<unit>ms|us|s)?", re.ASCII
)
_UNITS = {"ms": 1e-3, "us": 1e-6, "s": 1.0, None: 1.0}


def parse_ffmpeg_duration(text: str) -> float | None:
    """Parse a time duration in ffmpeg's syntax (`12.5`, `00:01:02.5`, `200ms`, `10us`, `-5`) as seconds.

    Return None if ffmpeg would refuse it. Source: "Time duration" in the ffmpeg-utils manual and `av_parse_time()`.
    """
    parts = _DURATION.fullmatch(text)
    if parts is None:
        return None
    integer = int(parts["hours"] or 0) * 3600 + int(parts["minutes"] or 0) * 60 + int(parts["seconds"])
    amount = (integer + float(f"0{parts['fraction'] or '.'}0")) * _UNITS[parts["unit"]]
    return -amount if parts["sign"] else amount
