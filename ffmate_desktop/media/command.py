"""From the arguments of one step to the process that is started: our own options in front, theirs kept."""

import re
from collections.abc import Sequence
from pathlib import Path, PureWindowsPath

from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.media.arguments import Invocation, OutputArgument, parse

_OUR_OPTIONS = (
    *("-hide_banner", "-nostats", "-loglevel", "level+info", "-nostdin"),
    *("-progress", "pipe:1", "-stats_period", "0.5"),
    "-y",  # outputs are fresh temporary names; whether a file may be replaced is decided when it is published
)
# What our options decide. `-report` would write a second log beside ours.
_DROPPED = frozenset(
    {"hide_banner", "loglevel", "n", "progress", "report", "stats", "stats_period", "stdin", "v", "y"}
)
_PIPE = re.compile(r"-|(?:pipe|fd):.*|/dev/(?:std(?:in|out|err)|fd/\d+)|/proc/self/fd/\d+")
_BARE_WORD = re.compile(r"[A-Za-z_][\w-]*(?:\.exe)?", re.ASCII | re.IGNORECASE)
_TEE_SLAVE = re.compile(r"\s*(?:\[(?P<options>[^]]*)\])?(?P<url>.*)", re.DOTALL)


def build(program: Path, tokens: Sequence[str]) -> list[str]:
    """Arguments of the process for one step, the program first; `tokens` have their wildcards expanded.

    Progress comes from standard output, every log line on standard error carries its level (`[error] …`). Options of
    the user that would break that are dropped. Raises UsageError for another program than ffmpeg, a step without
    output, and media that is read from standard input or written to standard output.
    """
    arguments = without_program(tokens, program)
    invocation = parse(arguments)
    if not invocation.outputs:
        raise UsageError(
            "The command has no output file, so ffmpeg would do nothing.",
            "Add ${OUTPUT_FILE} at the end, or -f null - to only read the input.",
        )
    _refuse_pipes(invocation)
    dropped: set[int] = set()
    for option in invocation.global_options:
        if option.base in _DROPPED:
            dropped.update({option.index} if option.is_flag else {option.index, option.index + 1})
    kept = (argument for index, argument in enumerate(arguments) if index not in dropped)
    return [str(program), *_OUR_OPTIONS, *kept]


def without_program(tokens: Sequence[str], program: Path | None = None) -> list[str]:
    """Arguments of a step without a leading `ffmpeg`, `${FFMPEG}` or path of either; `program` is this node's ffmpeg.

    Raises UsageError when the step starts with the name of another program.
    """
    if not tokens:
        return []
    first = tokens[0]
    name = PureWindowsPath(first).name.lower()  # parts at both kinds of slashes
    if name in {"ffmpeg", "ffmpeg.exe", "${ffmpeg}"} or (program is not None and first == str(program)):
        return list(tokens[1:])
    if _BARE_WORD.fullmatch(first):  # an output file of such a name would need -f in front
        raise UsageError(
            f"A step of the command starts with {first}, but tasks can only run ffmpeg.",
            "Remove that step. A script before or after the task can do its work.",
        )
    return list(tokens)


def _refuse_pipes(invocation: Invocation) -> None:
    for read in invocation.inputs:
        if _PIPE.fullmatch(read.url):
            raise UsageError(
                f"The command reads its input from {read.url}, but a task has no standard input.",
                "Use an input file, such as -i ${INPUT_FILE}",
            )
    for written in invocation.outputs:
        for muxer, url in _destinations(written):
            if muxer != "null" and _PIPE.fullmatch(url):
                raise UsageError(
                    f"The command writes to {url} instead of a file, and nothing reads from there.",
                    "Use an output file, such as ${OUTPUT_FILE}, or -f null - to discard the result.",
                )


def _destinations(output: OutputArgument) -> list[tuple[str | None, str]]:
    """Muxer and address of each place that an output writes to; a tee has several."""
    muxer = output.option("f")
    if muxer != "tee":
        return [(muxer, output.url)]
    slaves = [_TEE_SLAVE.fullmatch(slave) for slave in re.split(r"(?<!\\)\|", output.url)]
    return [
        ("null" if "f=null" in (slave["options"] or "").split(":") else None, slave["url"])
        for slave in slaves
        if slave
    ]
