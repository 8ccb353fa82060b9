"""Build the process arguments of one step: our own options first, then the user's."""

import re
from collections.abc import Sequence
from pathlib import Path, PureWindowsPath

from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.media.arguments import Invocation, OutputArgument, parse_arguments

_OUR_OPTIONS = (
    *("-hide_banner", "-nostats", "-loglevel", "level+info", "-nostdin"),
    *("-progress", "pipe:1", "-stats_period", "0.5"),
    "-y",  # outputs are new temporary names; whether to replace a file is decided when it is published
)
# Set by our own options. `-report` would write a second log.
_DROPPED = frozenset(
    {"hide_banner", "loglevel", "n", "progress", "report", "stats", "stats_period", "stdin", "v", "y"}
)
_PIPE = re.compile(r"-|(?:pipe|fd):.*|/dev/(?:std(?:in|out|err)|fd/\d+)|/proc/self/fd/\d+")
_BARE_WORD = re.compile(r"[A-Za-z_][\w-]*(?:\.exe)?", re.ASCII | re.IGNORECASE)
_TEE_SLAVE = re.compile(r"\s*(?:\[(?P<options>[^]]*)\])?(?P<url>.*)", re.DOTALL)


def build(program: Path, tokens: Sequence[str]) -> list[str]:
    """Return the process arguments of one step, program first. `tokens` have their wildcards expanded.

    Progress goes to standard output, and every log line on standard error has its level (`[error] …`). User options
    that would break this are dropped. Raises UsageError for a program other than ffmpeg, a step without output, and
    media from standard input or to standard output.
    """
    arguments = without_program(tokens, program)
    invocation = parse_arguments(arguments)
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
    remaining = (argument for index, argument in enumerate(arguments) if index not in dropped)
    return [str(program), *_OUR_OPTIONS, *remaining]


def without_program(tokens: Sequence[str], program: Path | None = None) -> list[str]:
    """Return the arguments of a step without a leading `ffmpeg` or `${FFMPEG}`, with or without a path.

    `program` is this node's ffmpeg. Raises UsageError if the step starts with the name of another program.
    """
    if not tokens:
        return []
    first = tokens[0]
    name = PureWindowsPath(first).name.lower()  # handles both kinds of slashes
    if name in {"ffmpeg", "ffmpeg.exe", "${ffmpeg}"} or (program is not None and first == str(program)):
        return list(tokens[1:])
    if _BARE_WORD.fullmatch(first):  # an output file with such a name would need -f
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
    """Return muxer and URL of each destination of an output. A tee has several."""
    muxer = output.option("f")
    if muxer != "tee":
        return [(muxer, output.url)]
    slaves = [_TEE_SLAVE.fullmatch(slave) for slave in re.split(r"(?<!\\)\|", output.url)]
    return [
        ("null" if "f=null" in (slave["options"] or "").split(":") else None, slave["url"])
        for slave in slaves
        if slave
    ]
